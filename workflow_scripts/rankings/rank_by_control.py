"""Rank the neurons of one configuration by its control labels -> a Parquet file each direction.

The ranking that a ranker makes where every word has its control label (Hewitt & Liang 2019) in
place of its value, in training and, for a search on dev, there too; all else is as in
`rank_neurons`, random streams too. Of rankers that read labels and do not ask the model, which
knows no control label. Writes what it is (as `rank_neurons` does, and `control`, the control task),
`position` (0..d-1), `neuron` and `score`.
"""

import argparse
from functools import cache

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.given import given
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by
from workflow_scripts.files.statistics import read_configuration, read_statistics, read_width
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import LabelledWords, UnfitValueError
from workflow_scripts.rankings import ranking
from workflow_scripts.rankings.rankers import RankingTask


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    ranking.add_options(parser)
    configuration.add_control_option(parser)
    parser.add_argument(
        "--seed", type=int, nargs="?", help="of the control labels, and for a ranker that draws"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    if options.control is None:
        raise InputError("--control: which control task the labels are of")
    ranker = ranking.loaded(options, ranking.NEEDED)
    uses = ranker.USES
    if "model" in uses:
        raise InputError(f"--ranker: {options.ranker} asks the model, which knows no control label")
    of = read_configuration(options.statistics)
    n_neurons, n_values = read_width(options.statistics), len(of.values)
    labelled = cache(lambda split: configuration.labelled(options, split, of))
    label = cache(lambda: configuration.control_of(options, labelled("train").y, n_values))

    def words(split: str) -> LabelledWords:
        y = np.array(list(map(label(), labelled(split).forms)), np.int32)
        if split == "train":
            check_every_label(np.bincount(y, minlength=n_values))
        return LabelledWords(labelled(split).load().x, y)

    def statistics() -> ClassStatistics:
        found = read_statistics(options.statistics, "control")
        check_every_label(found.counts)
        return found

    task = RankingTask(
        n_neurons=n_neurons,
        n_values=given("words" if "words" in uses else "statistics", uses, lambda: n_values),
        select=given("select", uses, lambda: min(options.max_neurons, n_neurons)),
        statistics=given("statistics", uses, cache(statistics)),
        words=given("words", uses, cache(words)),
        stream=given("seed", uses, configuration.stream(of, options.seed)),
        threads=options.threads,
    )
    metadata = made_by("rank_by_control", options.made_by)
    ranking.rank(options, ranker, task, of, metadata, options.control)


def check_every_label(counts: np.ndarray) -> None:
    """Raise UnfitValueError where no training word has a control label; `counts` is (Z,)."""
    for index in np.flatnonzero(counts == 0).tolist():
        raise UnfitValueError(index, "is that of no training word")


if __name__ == "__main__":
    run(arguments(), main)
