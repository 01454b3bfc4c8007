"""Compute class statistics: labelled training words -> `statistics/.../{labels}.safetensors`.

One pass in bounded memory gives the counts, means and scatters that Probeless, the Gaussian
ranker and probe, and translation are made of.
"""

import argparse
from pathlib import Path

import numpy as np

from workflow_scripts.command import configuration
from workflow_scripts.command.line import run
from workflow_scripts.files.statistics import write_statistics
from workflow_scripts.kernels.class_statistics import RunningClassStatistics
from workflow_scripts.treebanks.values import control_label


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    configuration.add_name_options(parser)
    configuration.add_word_options(parser, splits=("train",))
    parser.add_argument(
        "--labels",
        choices=("values", "control"),
        required=True,
        help="the words' values, or control labels by form",
    )
    parser.add_argument("--statistics", type=Path, required=True, help="safetensors to write")
    return parser


def main(options: argparse.Namespace) -> None:
    words = configuration.labelled(options, "train")
    n_values = len(configuration.values_of(options))
    y = words.y
    if options.labels == "control":
        y = np.array([control_label(f, n_values, options.seed) for f in words.forms], np.int32)
    running = RunningClassStatistics(n_values, words.n_neurons)
    start = 0
    for x in words.batches():
        running.add(x, y[start : start + len(x)])
        start += len(x)
    write_statistics(options.statistics, running.read())


if __name__ == "__main__":
    run(arguments(), main)
