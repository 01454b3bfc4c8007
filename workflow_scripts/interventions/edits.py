"""Edits: a job's method, with all that it may look at, and the edit that it makes of each ranking.

Shared by the commands that change neurons.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from workflow_scripts.command import configuration
from workflow_scripts.command.given import given, require
from workflow_scripts.command.plugins import load
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.interventions.methods import Edit, EditTask, aims
from workflow_scripts.kernels.words import Configuration

ONLY_UNCHANGED = "step %d is not below the width, %d: k = 0 alone, so nothing is changed"
"""What to warn of."""


def add_method_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is done to the neurons."""
    parser.add_argument("--method", required=True, help="ablation, translation ...")
    parser.add_argument(
        "--method-options", type=json.loads, default={}, help='JSON: {"beta": 8, "scaled": true}'
    )
    parser.add_argument("--name", help="the method's in the tables; by default its own")
    parser.add_argument("--step", type=int, required=True, help="k = 0, step, 2 step ... < d")


def add_drawing_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is drawn, and from which training words."""
    parser.add_argument("--seed", type=int, required=True, help="of all that is drawn")
    configuration.add_word_options(parser, ("train",), needed_by="a method that uses words")


class Place(NamedTuple):
    """A word of the split that is intervened on."""

    sentence: int
    word: int


class Method:
    """The method of a job, with all that it may look at."""

    def __init__(
        self,
        options: argparse.Namespace,
        of: Configuration,
        test: Mapping[int, Mapping[str, list]],
    ):
        """Take a command's options; `test` has the attribute's column of each sentence."""
        self._options, self._of = options, of
        self._module: ModuleType = load("methods", options.method)
        needed = {"words": ["words_train", "activations_train"]}
        require(options, self._module.USES, needed, f"method {options.method}")
        self._test = test
        self.aims = aims(of.values, self._module.TARGET, options.method_options)
        """The values whose words are edited, each with the value that they are moved to."""

    @property
    def has_target(self) -> bool:
        """Whether it moves a word towards another value of the attribute."""
        return self._module.TARGET is not None

    @property
    def names(self) -> dict[str, Any]:
        """What its files say of it."""
        options = self._options
        named = {"method": options.name or options.method, **options.method_options}
        return named | {"has_target": self.has_target}

    def edits(
        self,
        rankings: Sequence[np.ndarray],
        words: Sequence[Place],
        statistics: Sequence[Path] | None = None,
    ) -> tuple[list[Edit], np.ndarray]:
        """Return the edit of each ranking (d,), and which row of their shift each word takes.

        `words` are those that are edited; rows are (W,) int64. With `statistics`, a file for each
        ranking, the means are those of that file.
        """
        uses = self._module.USES
        read = cache(partial(read_statistics, scatters=False))
        donors = given("words", uses, cache(lambda same: self._donors(words, same)))
        edits = []
        for ranking, path in zip(
            rankings, statistics or [self._options.statistics] * len(rankings), strict=True
        ):
            own = {
                "means": given("means", uses, lambda path=path: read(path).means),
                "counts": given("means", uses, lambda path=path: read(path).counts),
                "donors": donors,
            }
            task = EditTask(ranking, self._of.values, **own)
            edits.append(self._module.edit(task, **self._options.method_options))
        if edits and edits[0].by_word:
            return edits, np.arange(len(words))
        index = {value: i for i, value in enumerate(self._of.values)}
        column = self._of.attribute
        labels = [index[self._test[place.sentence][column][place.word]] for place in words]
        return edits, np.array(labels, np.int64)

    def _donors(self, words: Sequence[Place], same: bool) -> np.ndarray:
        of, values = self._of, {value: i for i, value in enumerate(self._of.values)}
        numbers: dict[tuple[int, int], int] = {}
        labels: list[int] = []
        for sentence in sorted(self._test):
            for word, value in enumerate(self._test[sentence][of.attribute]):
                if value in values:
                    numbers[sentence, word] = len(labels)
                    labels.append(values[value])
        train = configuration.labelled(self._options, "train", of)
        stream = configuration.stream(of, self._options.seed)("donors")
        drawn = draw_donors(train.y, np.array(labels, np.int64), same, stream)
        return train.take(drawn[[numbers[place] for place in words]])


def draw_donors(
    train: np.ndarray, words: np.ndarray, same: bool, stream: np.random.Generator
) -> np.ndarray:
    """Return the number of a training word for each word, (W,) int64, drawn uniformly.

    Among the training words of its own value where `same`, else among those of the other values;
    `train` (n,) and `words` (W,) are indices of values.
    """
    by_value = np.argsort(train, kind="stable")
    n_values = max(int(train.max(initial=0)), int(words.max(initial=0))) + 1
    counts = np.bincount(train, minlength=n_values)
    first = np.cumsum(counts) - counts
    possible = counts[words] if same else len(train) - counts[words]
    drawn = (stream.random(len(words)) * possible).astype(np.int64)
    if same:
        return by_value[first[words] + drawn]
    beyond = drawn >= first[words]  # the word's own value stands between the others
    return by_value[drawn + np.where(beyond, counts[words], 0)]


def grid(width: int, step: int) -> list[int]:
    """Return k = 0, step, 2 step ... below the width."""
    return list(range(0, width, step))
