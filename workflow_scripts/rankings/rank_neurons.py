"""Rank the neurons of one configuration with one ranker -> a Parquet file for each direction."""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.command.threads import add_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.statistics import read_configuration, read_statistics, read_width
from workflow_scripts.rankings.rankers import Ranking, RankingTask


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    configuration.add_statistics_option(parser)
    configuration.add_word_options(parser, ("train", "dev"), "a ranker that reads words")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ranker", required=True, help="linear, gaussian, probeless, random ...")
    parser.add_argument(
        "--max-neurons", type=int, required=True, help="how many a greedy search selects"
    )
    add_threads(parser)
    parser.add_argument(
        "--rankings",
        type=Path,
        nargs="+",
        required=True,
        help="Parquet files to write, in the order of the ranker's directions",
    )
    return parser


def main(options: argparse.Namespace) -> None:
    ranker = load("rankers", options.ranker)
    if len(options.rankings) != len(ranker.DIRECTIONS):
        raise InputError(
            f"--rankings: {options.ranker} gives {len(ranker.DIRECTIONS)} rankings, "
            f"{len(options.rankings)} files are named"
        )
    if "words" in ranker.USES:
        for name in ("words_train", "words_dev", "activations_train", "activations_dev"):
            if getattr(options, name) is None:
                raise InputError(f"--{name.replace('_', '-')}: {options.ranker} reads words")
    of = read_configuration(options.statistics)
    n_neurons = read_width(options.statistics)
    statistics = cache(lambda: read_statistics(options.statistics))
    words = cache(lambda split: configuration.labelled(options, split, of).load())
    stream = configuration.stream(of, options.seed)
    task = RankingTask(
        n_neurons=n_neurons,
        n_values=len(of.values),
        n_select=min(options.max_neurons, n_neurons),
        statistics=statistics if "statistics" in ranker.USES else _undeclared("statistics"),
        words=words if "words" in ranker.USES else _undeclared("words"),
        stream=stream if "seed" in ranker.USES else _undeclared("seed"),
        threads=options.threads,
    )
    with configuration.named_in_errors(of):
        rankings = ranker.rank(task)
    for direction, path in zip(ranker.DIRECTIONS, options.rankings, strict=True):
        write_parquet(path, as_table(rankings[direction]), made_by("rank_neurons", options.made_by))


def _undeclared(use: str) -> Callable[..., NoReturn]:
    """What a ranker does not say that it uses, it has not: it would not rerun when that changed."""

    def refuse(*names: str | int) -> NoReturn:
        raise TypeError(f"a ranker that uses this must have {use!r} in its USES")

    return refuse


def as_table(ranking: Ranking) -> pa.Table:
    """Return a ranking as `position`, `neuron`, `score`."""
    return pa.table(
        {
            "position": pa.array(range(len(ranking.neurons)), pa.int32()),
            "neuron": pa.array(ranking.neurons, pa.int32()),
            "score": pa.array(ranking.scores, pa.float64()),
        }
    )


if __name__ == "__main__":
    run(arguments(), main)
