"""Probe the rankings of a ranker, or all neurons: one probe on the first k neurons, for every k.

Writes `k`, `split`, `accuracy`, `mi` (bits), `nmi`, `control_accuracy`, `selectivity`, `majority`,
`control_majority`, `unseen` (words whose form no training word has), `unseen_accuracy`, and 95 %
intervals over sentences of test accuracy and of what it is above the majority. The control columns
are empty without a control task, `nmi` where a split has one value only, `unseen_accuracy` where
every form was seen, the intervals on train and dev, and all but `k`, `split` and `unseen` where a
split has no word with the attribute. Of each ranking, the right words of each test sentence too.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.command.threads import add_threads
from workflow_scripts.files import probed_sentences
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import SCORES
from workflow_scripts.files.probed_sentences import by_sentence
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


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    configuration.add_statistics_option(parser)
    configuration.add_word_options(parser)
    parser.add_argument(
        "--rankings", type=Path, nargs="*", default=[], help="none: all neurons, in index order"
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--probe", required=True, help="linear, gaussian ...")
    parser.add_argument("--max-neurons", type=int, required=True, help="the largest k of a ranking")
    configuration.add_control_option(parser)
    add_threads(parser)
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    parser.add_argument(
        "--sentences", type=Path, nargs="*", default=[], help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    if len(options.scores) != max(len(options.rankings), 1):
        raise InputError("--scores: one file for each ranking, or one where there is none")
    if len(options.sentences) != len(options.rankings):
        raise InputError("--sentences: one file for each ranking")
    probe = load("probes", options.probe)
    of = read_configuration(options.statistics)
    splits = {split: configuration.labelled(options, split, of) for split in SPLITS}
    n_values = len(of.values)
    labels = {"values": {split: splits[split].y for split in SPLITS}}
    if options.control:
        control = configuration.control_of(options, splits["train"].y, n_values)
        labels["control"] = {
            split: np.array(list(map(control, splits[split].forms)), np.int32) for split in SPLITS
        }
    seen = set(splits["train"].forms)
    unseen = {s: np.array([f not in seen for f in splits[s].forms], np.bool_) for s in SPLITS}
    read = {}
    if "statistics" in probe.USES:
        read = {name: read_statistics(options.statistics, name) for name in labels}
    metadata = made_by("probe_rankings", options.made_by)
    if options.rankings:
        rankings = [read_parquet(path, ["neuron"]) for path in options.rankings]
        tops = [rows.column("neuron").to_numpy()[: options.max_neurons] for rows in rankings]
    else:
        tops = [np.arange(splits["train"].n_neurons, dtype=np.int32)]
    for i, neurons in enumerate(tops):
        ks = range(1, len(neurons) + 1) if options.rankings else [len(neurons)]
        x = {split: splits[split].load(neurons).x for split in SPLITS}
        tasks = {
            name: ProbingTask(
                neurons,
                ks,
                n_values,
                {split: LabelledWords(x[split], y[split]) for split in SPLITS},
                read.get(name),
                configuration.stream(of, options.seed),
                options.threads,
            )
            for name, y in labels.items()
        }
        losses = {}
        for name, task in tasks.items():
            with configuration.named_in_errors(of, control=name == "control"):
                losses[name] = probe.evaluate(task)
        tables = [
            scores(
                split,
                ks,
                {name: y[split] for name, y in labels.items()},
                n_values,
                {name: of_split[split] for name, of_split in losses.items()},
                unseen[split],
                splits[split].sentences if split == "test" else None,
            )
            for split in SPLITS
        ]
        write_parquet(options.scores[i], pa.concat_tables(tables), metadata)
        if options.rankings:
            test = by_sentence(losses["values"]["test"].correct, splits["test"].sentences)
            write_parquet(options.sentences[i], probed_sentences.table(test), metadata)


def scores(
    split: str,
    ks: range | list[int],
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


if __name__ == "__main__":
    run(arguments(), main)
