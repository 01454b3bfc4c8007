"""Rank the neurons of one configuration with one ranker -> a Parquet file for each direction.

Where a ranker finds nothing to rank by, its files have no row, and so have those made of them.
Writes what it is (`model`, `treebank`, `attribute`, `layer`, `ranking`, `ranker`, `direction` and
the ranker's options), `position` (0..d-1), `neuron` and `score`.
"""

import argparse
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.given import given, require
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import is_file, line_of, load, said_by
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.origin import digest_of
from workflow_scripts.files.rankings import named, names_of
from workflow_scripts.files.statistics import read_configuration, read_statistics, read_width
from workflow_scripts.kernels.words import Configuration, NothingToRankError
from workflow_scripts.rankings.rankers import ModelTask, Ranking, RankingTask


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument(
        "--ranker", required=True, help="linear, gaussian, probeless, random ..., or mine.py"
    )
    parser.add_argument(
        "--ranker-options", type=json.loads, default={}, help='JSON: {"penalty": 0.1}'
    )
    parser.add_argument(
        "--ranker-digest", nargs="?", help="of a file of one's own, as it was planned"
    )
    parser.add_argument("--name", help="the ranker's in the tables; by default its own")
    parser.add_argument(
        "--max-neurons", type=int, nargs="?", help="how many a greedy search selects"
    )
    parser.add_argument("--seed", type=int, nargs="?", help="for a ranker that draws")
    configuration.add_word_options(parser, ("train", "dev"), "a ranker that reads words")
    configuration.add_statistics_option(parser)
    who = "for a ranker that runs the model"
    parser.add_argument("--model", type=Path, nargs="?", help=f"Hugging Face folder, {who}")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--lexicon", type=Path, nargs="?", help=f"forms with their analyses, {who}")
    parser.add_argument(
        "--part-of-speech", nargs="?", help=f"the attribute that is the word class, {who}"
    )
    parser.add_argument("--beta", type=float, nargs="?", help="of the translation looked at")
    parser.add_argument(
        "--rankings",
        type=Path,
        nargs="+",
        required=True,
        help="Parquet files to write, in the order of the ranker's directions",
    )
    add_threads(parser)
    return parser


log = logging.getLogger("rank_neurons")

NEEDED = {
    "words": ("words_train", "words_dev", "activations_train", "activations_dev"),
    "seed": ("seed",),
    "select": ("max_neurons",),
    "model": ("model", "lexicon", "words_dev"),
    "beta": ("beta",),
}
"""The options that a ranker which uses something needs."""


def main(options: argparse.Namespace) -> None:
    if options.ranker_digest and options.ranker_digest != digest_of(Path(options.ranker)):
        raise InputError(f"{options.ranker}: has changed while the study runs; start it again")
    ranker = load("rankers", options.ranker)
    if len(options.rankings) != len(ranker.DIRECTIONS):
        raise InputError(
            f"--rankings: {options.ranker} gives {len(ranker.DIRECTIONS)} rankings, "
            f"{len(options.rankings)} files are named"
        )
    require(options, ranker.USES, NEEDED, options.ranker)
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
    name = options.name or Path(options.ranker).stem
    use_threads(options.threads)
    try:
        rankings = ranked(ranker, options.ranker, task, options.ranker_options, of)
    except NothingToRankError as error:
        log.warning("%s: %s ranks nothing, and no table has it there: %s", of, name, error)
        rankings = dict.fromkeys(ranker.DIRECTIONS, Ranking(np.empty(0), np.empty(0)))
    metadata = made_by("rank_neurons", options.made_by)
    for direction, path in zip(ranker.DIRECTIONS, options.rankings, strict=True):
        names = names_of(of) | {
            "ranking": f"{name}-{direction}" if direction else name,
            "ranker": name,
            "direction": direction or None,
        }
        table = named(names | options.ranker_options, as_table(rankings[direction]))
        write_parquet(path, table, metadata)


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


def ranked(
    ranker: ModuleType,
    name: str,
    task: RankingTask,
    options: Mapping[str, Any],
    of: Configuration,
) -> Mapping[str, Ranking]:
    """Return the rankings of each direction of a ranker.

    Raises InputError where one is no ranking of all neurons; and, of a file outside of the project,
    where it fails, with its line: that is its owner's business, and no defect of the project.
    """
    try:
        with configuration.named_in_errors(of):
            rankings = ranker.rank(task, **options)
    except (InputError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if not is_file(name):
            raise
        raise InputError(f"{of}: {name}{line_of(error, name)}: {said_by(error)}") from error
    name = f"{of}: {name}"
    if not isinstance(rankings, Mapping) or set(rankings) != set(ranker.DIRECTIONS):
        gave = list(rankings) if isinstance(rankings, Mapping) else type(rankings).__name__
        raise InputError(
            f"{name}: rank gives {gave}, and not a dictionary of {list(ranker.DIRECTIONS)}"
        )
    return {
        direction: checked(ranking, f"{name}, {direction}" if direction else name, task.n_neurons)
        for direction, ranking in rankings.items()
    }


def checked(ranking: Ranking, name: str, d: int) -> Ranking:
    """Return a ranking as arrays. Raises InputError unless it ranks every neuron, with a score."""
    if not isinstance(ranking, Ranking):
        raise InputError(f"{name}: rank gives {type(ranking).__name__}, and not a Ranking")
    try:
        neurons, scores = np.asarray(ranking.neurons), np.asarray(ranking.scores)
        if np.ma.isMaskedArray(ranking.scores) or scores.dtype.kind == "c":
            raise TypeError("they are masked, or complex")
        scores = scores.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name}: neurons or scores are no numbers ({said_by(error)})") from None
    if neurons.shape != (d,) or scores.shape != (d,):
        raise InputError(
            f"{name}: ranks {neurons.shape} neurons with {scores.shape} scores, and the model has "
            f"{d}: all of them, in one dimension"
        )
    if np.isnan(scores).any():
        where = np.flatnonzero(np.isnan(scores))
        raise InputError(
            f"{name}: {len(where)} scores are not a number, the first that of neuron "
            f"{neurons[where[0]]}"
        )
    if neurons.dtype.kind not in "iu":
        raise InputError(f"{name}: the neurons are {neurons.dtype}, and not whole numbers")
    if not np.array_equal(np.sort(neurons), np.arange(d)):
        raise InputError(
            f"{name}: the neurons are no permutation of 0..{d - 1}: one stands twice, or is none"
        )
    return Ranking(neurons.astype(np.int32), scores)


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
