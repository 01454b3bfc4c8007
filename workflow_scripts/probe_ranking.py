"""Probe a ranking: one probe on its first k neurons, for every k, with control labels beside.

Writes `k`, `split`, `accuracy`, `mi` (bits), `nmi`, `control_accuracy`, `selectivity`, `majority`;
the control columns are empty without a control task, `nmi` where a split has one value only.
"""

import argparse
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts import configuration
from workflow_scripts.command_line import run
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.kernels.information import (
    entropy,
    majority,
    mutual_information,
    normalised,
)
from workflow_scripts.kernels.words import SPLITS, LabelledWords
from workflow_scripts.probes import Losses, ProbingTask
from workflow_scripts.threads import use_threads
from workflow_scripts.treebanks.values import control_label


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    configuration.add_name_options(parser)
    configuration.add_word_options(parser)
    parser.add_argument("--ranking", type=Path, required=True)
    parser.add_argument("--probe", required=True, help="linear, gaussian ...")
    parser.add_argument("--max-neurons", type=int, required=True, help="the largest k")
    parser.add_argument("--statistics", type=Path, help="class statistics, where the probe uses it")
    parser.add_argument("--control-statistics", type=Path, help="the same for control labels")
    parser.add_argument("--control", action="store_true", help="also run the control task")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scores", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    probe = import_module(f"workflow_scripts.probes.{options.probe}")
    n_values = len(configuration.values_of(options))
    neurons = read_parquet(options.ranking, ["neuron"]).column("neuron").to_numpy()
    neurons = neurons[: options.max_neurons]
    splits = {split: configuration.labelled(options, split) for split in SPLITS}
    words = {split: splits[split].load(neurons) for split in SPLITS}
    stream = configuration.stream(options)

    def losses(words: dict[str, LabelledWords], statistics: Path | None) -> dict[str, Losses]:
        read = read_statistics(statistics) if probe.NEEDS_STATISTICS else None
        return probe.evaluate(ProbingTask(neurons, n_values, words, read, stream))

    real = losses(words, options.statistics)
    control = None
    if options.control:
        labels = {
            split: np.array(
                [control_label(f, n_values, options.seed) for f in splits[split].forms], np.int32
            )
            for split in SPLITS
        }
        control = losses(
            {split: LabelledWords(words[split].x, labels[split]) for split in SPLITS},
            options.control_statistics,
        )
    tables = [
        scores(split, words[split].y, n_values, real[split], control and control[split])
        for split in SPLITS
    ]
    settings = configuration.names(options) | {
        "probe": options.probe,
        "max_neurons": options.max_neurons,
        "control": options.control,
    }
    write_parquet(options.scores, pa.concat_tables(tables), made_by("probe_ranking", **settings))


def scores(
    split: str, y: np.ndarray, n_values: int, losses: Losses, control: Losses | None
) -> pa.Table:
    """Return the rows of one split, k = 1..K, from labels `y` (n,) and losses."""
    n = len(losses.accuracy)
    H = entropy(y, n_values)
    mi = mutual_information(H, losses.conditional_entropy)
    empty = pa.nulls(n, pa.float64())
    return pa.table(
        {
            "k": pa.array(range(1, n + 1), pa.int32()),
            "split": pa.array([split] * n, pa.string()),
            "accuracy": pa.array(losses.accuracy, pa.float64()),
            "mi": pa.array(mi, pa.float64()),
            "nmi": pa.array(normalised(mi, H), pa.float64(), from_pandas=True),
            "control_accuracy": pa.array(control.accuracy) if control else empty,
            "selectivity": pa.array(losses.accuracy - control.accuracy) if control else empty,
            "majority": pa.array([majority(y, n_values)] * n, pa.float64()),
        }
    )


if __name__ == "__main__":
    run(arguments(), main)
