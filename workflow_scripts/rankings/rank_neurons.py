"""Rank the neurons of one configuration with one ranker -> a Parquet file for each direction.

Where a ranker finds nothing to rank by, its files have no row, and so have those made of them.
Writes what it is (`model`, `treebank`, `attribute`, `layer`, `ranking`, `ranker`, `direction` and
the ranker's options), `position` (0..d-1), `neuron` and `score`.
"""

import argparse
from functools import cache
from pathlib import Path

from workflow_scripts.command import configuration
from workflow_scripts.command.given import given
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by
from workflow_scripts.files.statistics import read_configuration, read_statistics, read_width
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.rankings import ranking
from workflow_scripts.rankings.rankers import ModelTask, RankingTask


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    ranking.add_options(parser)
    parser.add_argument("--seed", type=int, nargs="?", help="for a ranker that draws")
    who = "for a ranker that runs the model"
    parser.add_argument("--model", type=Path, nargs="?", help=f"Hugging Face folder, {who}")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--lexicon", type=Path, nargs="?", help=f"forms with their analyses, {who}")
    parser.add_argument(
        "--part-of-speech", nargs="?", help=f"the attribute that is the word class, {who}"
    )
    parser.add_argument("--beta", type=float, nargs="?", help="of the translation looked at")
    return parser


NEEDED = ranking.NEEDED | {"model": ("model", "lexicon", "words_dev"), "beta": ("beta",)}
"""The options that a ranker which uses something needs."""


def main(options: argparse.Namespace) -> None:
    ranker = ranking.loaded(options, NEEDED)
    of = read_configuration(options.statistics)
    n_neurons = read_width(options.statistics)
    uses = ranker.USES
    task = RankingTask(
        n_neurons=n_neurons,
        n_values=given("words" if "words" in uses else "statistics", uses, lambda: len(of.values)),
        select=given("select", uses, lambda: min(options.max_neurons, n_neurons)),
        statistics=given("statistics", uses, cache(lambda: read_statistics(options.statistics))),
        words=given(
            "words", uses, cache(lambda split: configuration.labelled(options, split, of).load())
        ),
        stream=given("seed", uses, configuration.stream(of, options.seed)),
        model=given("model", uses, lambda: model_task(options, of)),
        beta=given("beta", uses, lambda: options.beta),
        threads=options.threads,
    )
    ranking.rank(options, ranker, task, of, made_by("rank_neurons", options.made_by))


def model_task(options: argparse.Namespace, of: Configuration) -> ModelTask:
    """Return what a ranker that runs the model is told of it."""
    return ModelTask(
        folder=options.model,
        device=options.device,
        layer=of.layer,
        words=options.words_dev,
        lexicon=options.lexicon,
        attribute=of.attribute,
        values=of.values,
        lemma_alone=of.attribute == options.part_of_speech,
    )


if __name__ == "__main__":
    run(arguments(), main)
