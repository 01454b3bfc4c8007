"""Ranking: one ranker on one configuration, and the files of what it gives.

What the two commands that rank share: they differ in the labels of the words, values or those of
the control task.
"""

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.given import require
from workflow_scripts.command.plugins import is_file, line_of, load, said_by
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import write_parquet
from workflow_scripts.files.origin import digest_of
from workflow_scripts.files.rankings import named, names_of
from workflow_scripts.kernels.words import Configuration, NothingToRankError
from workflow_scripts.rankings.rankers import Ranking, RankingTask

NEEDED = {
    "words": ("words_train", "words_dev", "activations_train", "activations_dev"),
    "seed": ("seed",),
    "select": ("max_neurons",),
}
"""The options that a ranker which uses something needs."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which ranker, on which configuration, and what to write."""
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
    configuration.add_word_options(parser, ("train", "dev"), "a ranker that reads words")
    configuration.add_statistics_option(parser)
    parser.add_argument(
        "--rankings",
        type=Path,
        nargs="+",
        required=True,
        help="Parquet files to write, in the order of the ranker's directions",
    )
    add_threads(parser)


def loaded(options: argparse.Namespace, needed: Mapping[str, tuple[str, ...]]) -> ModuleType:
    """Return the ranker; `needed` has the options that what it uses needs.

    Raises InputError where it is not as planned, or has not the options and files that it needs.
    """
    if options.ranker_digest and options.ranker_digest != digest_of(Path(options.ranker)):
        raise InputError(f"{options.ranker}: has changed while the study runs; start it again")
    ranker = load("rankers", options.ranker)
    if len(options.rankings) != len(ranker.DIRECTIONS):
        raise InputError(
            f"--rankings: {options.ranker} gives {len(ranker.DIRECTIONS)} rankings, "
            f"{len(options.rankings)} files are named"
        )
    require(options, ranker.USES, needed, options.ranker)
    return ranker


def rank(
    options: argparse.Namespace,
    ranker: ModuleType,
    task: RankingTask,
    of: Configuration,
    metadata: dict,
    control: str | None = None,
) -> None:
    """Rank, and write a file for each direction; without a row where there is nothing to rank by.

    `control` is the control task whose labels are ranked by; None: values.
    """
    name = options.name or Path(options.ranker).stem
    use_threads(options.threads)
    try:
        rankings = ranked(ranker, options.ranker, task, options.ranker_options, of, bool(control))
    except NothingToRankError as error:
        what = "no table has it there" if control is None else "no control task has it there"
        logging.getLogger("ranking").warning(
            "%s: %s ranks nothing, and %s: %s", of, name, what, error
        )
        rankings = dict.fromkeys(ranker.DIRECTIONS, Ranking(np.empty(0), np.empty(0)))
    for direction, path in zip(ranker.DIRECTIONS, options.rankings, strict=True):
        names = names_of(of) | {
            "ranking": f"{name}-{direction}" if direction else name,
            "ranker": name,
            "direction": direction or None,
        }
        names |= {} if control is None else {"control": control}
        table = named(names | options.ranker_options, as_table(rankings[direction]))
        write_parquet(path, table, metadata)


def ranked(
    ranker: ModuleType,
    name: str,
    task: RankingTask,
    options: Mapping[str, Any],
    of: Configuration,
    control: bool = False,
) -> Mapping[str, Ranking]:
    """Return the rankings of each direction of a ranker; with `control` those of control labels.

    Raises InputError where one is no ranking of all neurons; and, of a file outside of the project,
    where it fails, with its line: that is its owner's business, and no defect of the project.
    """
    try:
        with configuration.named_in_errors(of, control):
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
