"""Scoring: one probe on the first k neurons, for every k, and all that is said of it.

What the two commands of this stage share: they differ in which neurons they probe.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workflow_scripts.command import configuration
from workflow_scripts.command.given import given, require
from workflow_scripts.command.plugins import load
from workflow_scripts.command.threads import add_threads
from workflow_scripts.files.columns import SCORES
from workflow_scripts.files.probed_sentences import ProbedSentences, by_sentence
from workflow_scripts.files.statistics import read_configuration, read_statistics
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.kernels.information import (
    entropy,
    majority,
    mutual_information,
    normalised,
)
from workflow_scripts.kernels.words import SPLITS, LabelledWords
from workflow_scripts.probes.probes import Losses, ProbingTask


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which probe, and on which labelled words."""
    parser.add_argument("--probe", required=True, help="linear, gaussian ...")
    configuration.add_control_option(parser)
    parser.add_argument("--seed", type=int, nargs="?", help="of control labels, and what draws")
    configuration.add_word_options(parser)
    configuration.add_statistics_option(parser)
    add_threads(parser)


_TYPES = {"k": pa.int32(), "split": pa.string()} | dict.fromkeys(SCORES, pa.float64())
NO_SCORES = (
    pa.schema(_TYPES | {"unseen": pa.int32()}).empty_table(),
    by_sentence(np.empty((1, 0), np.bool_), np.empty(0, np.int32)),  # Arrow has no list of 0
)
"""What is said of a ranking without neurons: no row."""


class Scorer:
    """A probe, and the labelled words of every split of a configuration."""

    def __init__(self, options: argparse.Namespace):
        """Open the words. Raises InputError where something is to be drawn without a seed."""
        self._options = options
        self._probe = load("probes", options.probe)
        require(options, self._probe.USES, {"seed": ["seed"]}, options.probe)
        self.of = of = read_configuration(options.statistics)
        self._splits = {split: configuration.labelled(options, split, of) for split in SPLITS}
        self._labels = {"values": {split: self._splits[split].y for split in SPLITS}}
        if options.control:
            control = configuration.control_of(options, self._splits["train"].y, len(of.values))
            self._labels["control"] = {
                split: np.array(list(map(control, self._splits[split].forms)), np.int32)
                for split in SPLITS
            }
        seen = set(self._splits["train"].forms)
        self._unseen = {
            s: np.array([f not in seen for f in self._splits[s].forms], np.bool_) for s in SPLITS
        }
        self._statistics: dict[str, Any] = {}

    @property
    def n_neurons(self) -> int:
        """d, how many neurons there are."""
        return self._splits["train"].n_neurons

    def score(
        self, neurons: np.ndarray, ks: Sequence[int], control: np.ndarray | None = None
    ) -> tuple[pa.Table, ProbedSentences]:
        """Probe the first k of `neurons` (K,) int32, for each k of `ks`.

        The control task has the first k of `control` (K,) instead, where it is given; where that is
        empty there is no control task. Returns the rows of `k`, `split` and SCORES, and the right
        words of each test sentence.
        """
        probed = {"values": neurons, "control": neurons if control is None else control}
        labels = {name: y for name, y in self._labels.items() if len(probed[name])}
        x, of_neurons, losses = {}, None, {}
        for name, y in labels.items():
            if probed[name] is not of_neurons:
                x.clear()  # before the others are loaded: they are most of the memory
                of_neurons = probed[name]
                x |= {split: self._splits[split].load(probed[name]).x for split in SPLITS}
            losses[name] = self._losses(name, probed[name], ks, x, y)
        tables = [
            scores(
                split,
                ks,
                {name: y[split] for name, y in labels.items()},
                len(self.of.values),
                {name: of_split[split] for name, of_split in losses.items()},
                self._unseen[split],
                self._splits[split].sentences if split == "test" else None,
            )
            for split in SPLITS
        ]
        test = by_sentence(losses["values"]["test"].correct, self._splits["test"].sentences)
        return pa.concat_tables(tables), test

    def _losses(
        self,
        name: str,
        neurons: np.ndarray,
        ks: Sequence[int],
        x: dict[str, np.ndarray],
        y: dict[str, np.ndarray],
    ) -> dict[str, Losses]:
        """Train the probe on the labels of that name, and say how well it does on each split."""
        uses = self._probe.USES
        task = ProbingTask(
            neurons,
            ks,
            len(self.of.values),
            {split: LabelledWords(x[split], y[split]) for split in SPLITS},
            given("statistics", uses, lambda: self._statistics_by(name)),
            given("seed", uses, configuration.stream(self.of, self._options.seed)),
            self._options.threads,
        )
        with configuration.named_in_errors(self.of, control=name == "control"):
            return self._probe.evaluate(task)

    def _statistics_by(self, labels: str) -> Any:
        if labels not in self._statistics:
            path: Path = self._options.statistics
            self._statistics[labels] = read_statistics(path, labels)
        return self._statistics[labels]


def scores(
    split: str,
    ks: Sequence[int],
    labels: dict[str, np.ndarray],
    n_values: int,
    losses: dict[str, Losses],
    unseen: np.ndarray,
    sentences: np.ndarray | None,
) -> pa.Table:
    """Return the rows of one split, one for each k.

    Args:
        labels: (n,) labels by name: `values`, and `control` where the study has the control task.
        losses: the probe's result for each of them.
        unseen: (n,) bool, words whose form no training word has.
        sentences: (n,) each word's sentence, for intervals; or None.
    """
    of_values, y, n = losses["values"], labels["values"], len(ks)
    H = entropy(y, n_values)
    mi = mutual_information(H, of_values.conditional_entropy)
    empty = np.full(n, np.nan)
    control_accuracy = losses["control"].accuracy if "control" in losses else empty
    control_majority = majority(labels["control"], n_values) if "control" in labels else np.nan
    ends, ends_above = (empty, empty), (empty, empty)
    if sentences is not None:
        most_frequent = y == np.bincount(y, minlength=n_values).argmax()
        right = by_sentence(of_values.correct, sentences)
        ends = ratio_interval(right.correct, right.words)
        ends_above = ratio_interval(
            right.correct - by_sentence(most_frequent[None], sentences).correct, right.words
        )
    columns = {
        "accuracy": of_values.accuracy,
        "mi": mi,
        "nmi": normalised(mi, H),
        "control_accuracy": control_accuracy,
        "selectivity": of_values.accuracy - control_accuracy,
        "majority": np.full(n, majority(y, n_values)),
        "control_majority": np.full(n, control_majority),
        "unseen_accuracy": of_values.correct[:, unseen].mean(axis=1) if unseen.any() else empty,
        "seen_accuracy": of_values.correct[:, ~unseen].mean(axis=1) if (~unseen).any() else empty,
        "accuracy_low": ends[0],
        "accuracy_high": ends[1],
        "above_majority_low": ends_above[0],
        "above_majority_high": ends_above[1],
    }
    found = {  # what is not defined is empty
        name: pa.array(column, pa.float64(), from_pandas=True) for name, column in columns.items()
    }
    counted = pa.array([int(unseen.sum())] * n, pa.int32())
    names = {"k": pa.array(ks, pa.int32()), "split": pa.array([split] * n, pa.string())}
    return pa.table(names | found | {"unseen": counted}).select([*names, *SCORES])
