"""Probe the rankings of a ranker: one probe on the first k neurons of each, for every k.

Writes `k`, `split`, `accuracy`, `mi` (bits), `nmi`, `control_accuracy`, `selectivity`, `majority`,
and `accuracy_low`, `accuracy_high`, the 95 % interval of test accuracy over sentences. The control
columns are empty without a control task, `nmi` where a split has one value only, the interval on
train and dev, and all but `k` and `split` where a split has no word with the attribute.
"""

import argparse
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.threads import add_threads
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.statistics import read_configuration, read_statistics
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.kernels.information import (
    entropy,
    majority,
    mutual_information,
    normalised,
)
from workflow_scripts.kernels.words import SPLITS, LabelledWords
from workflow_scripts.probes import Losses, ProbingTask
from workflow_scripts.treebanks.values import control_label


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    configuration.add_statistics_option(parser)
    configuration.add_word_options(parser)
    parser.add_argument("--rankings", type=Path, nargs="+", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--probe", required=True, help="linear, gaussian ...")
    parser.add_argument("--max-neurons", type=int, required=True, help="the largest k")
    parser.add_argument("--control", action="store_true", help="also run the control task")
    add_threads(parser)
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    probe = import_module(f"workflow_scripts.probes.{options.probe}")
    of = read_configuration(options.statistics)
    splits = {split: configuration.labelled(options, split, of) for split in SPLITS}
    n_values = len(of.values)
    labels = {"values": {split: splits[split].y for split in SPLITS}}
    if options.control:
        labels["control"] = {
            split: np.array(
                [control_label(f, n_values, options.seed) for f in splits[split].forms], np.int32
            )
            for split in SPLITS
        }
    read = {}
    if "statistics" in probe.USES:
        read = {name: read_statistics(options.statistics, name) for name in labels}
    metadata = made_by("probe_rankings", options.made_by)
    for ranking, path in zip(options.rankings, options.scores, strict=True):
        neurons = read_parquet(ranking, ["neuron"]).column("neuron").to_numpy()
        neurons = neurons[: options.max_neurons]
        x = {split: splits[split].load(neurons).x for split in SPLITS}
        tasks = {
            name: ProbingTask(
                neurons,
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
                splits[split].y,
                n_values,
                losses["values"][split],
                losses["control"][split] if options.control else None,
                splits[split].sentences if split == "test" else None,
            )
            for split in SPLITS
        ]
        write_parquet(path, pa.concat_tables(tables), metadata)


def scores(
    split: str,
    y: np.ndarray,
    n_values: int,
    losses: Losses,
    control: Losses | None,
    sentences: np.ndarray | None,
) -> pa.Table:
    """Return the rows of one split, k = 1..K, from labels `y` (n,) and losses.

    With `sentences` (n,), the sentence of each word, accuracy has an interval.
    """
    n = len(losses.accuracy)
    H = entropy(y, n_values)
    mi = mutual_information(H, losses.conditional_entropy)
    empty = np.full(n, np.nan)
    control_accuracy = control.accuracy if control else empty
    low, high = (empty, empty) if sentences is None else interval(losses.correct, sentences)
    columns = {
        "accuracy": losses.accuracy,
        "mi": mi,
        "nmi": normalised(mi, H),
        "control_accuracy": control_accuracy,
        "selectivity": losses.accuracy - control_accuracy,
        "majority": np.full(n, majority(y, n_values)),
        "accuracy_low": low,
        "accuracy_high": high,
    }
    return pa.table(
        {"k": pa.array(range(1, n + 1), pa.int32()), "split": pa.array([split] * n, pa.string())}
        | {  # what is not defined is empty
            name: pa.array(column, pa.float64(), from_pandas=True)
            for name, column in columns.items()
        }
    )


def interval(correct: np.ndarray, sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of accuracy over sentences, (K,) and (K,).

    `correct` is (K, n) bool, `sentences` (n,) the sentence of each word, in corpus order.
    """
    _, starts, words = np.unique(sentences, return_index=True, return_counts=True)
    hits = np.zeros((len(correct), 0), np.int64)
    if len(starts):
        hits = np.add.reduceat(correct, starts, axis=1, dtype=np.int64)
    return ratio_interval(hits.T, words)


if __name__ == "__main__":
    run(arguments(), main)
