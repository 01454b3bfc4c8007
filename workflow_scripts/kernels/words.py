"""Words: what rankers and probes learn from, and what is known of a word and its configuration."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workflow_scripts import InputError

SPLITS = ("train", "dev", "test")


class UnfitValueError(InputError):
    """A value whose training words do not give what is computed from them."""

    def __init__(self, index: int, what: str):
        """Take the value's index among the sorted values, and what is wrong with its words."""
        super().__init__(f"value {index} {what}")
        self.index, self.what = index, what


class NothingToRankError(InputError):
    """What a ranker raises where a configuration has nothing to rank by; the message says why.

    The ranking is then left out of all that is built on it there, and named in log and report.
    """


@dataclass(frozen=True)
class Configuration:
    """What one ranking, probe or intervention is about."""

    model: str
    treebank: str
    attribute: str
    layer: int
    values: tuple[str, ...]
    """The attribute's kept values, sorted: label i is `values[i]`."""

    def __str__(self) -> str:
        return f"{self.model}, {self.treebank}, {self.attribute}, layer {self.layer}"


@dataclass(frozen=True)
class LabelledWords:
    """The words of one split that have a kept value of the attribute, in corpus order."""

    x: np.ndarray
    """(n, d) float32, a word's activation a row (for a probe: (n, K), columns by rank)."""
    y: np.ndarray
    """(n,) int32, index of the word's value (or its control label) in the sorted values."""


class Entry(NamedTuple):
    """A word with its analysis: of the lexicon, or in a sentence."""

    key: str
    """The word as the model spells it."""
    subtoken: int | None
    """Its one subtoken; None where it has several."""
    lemma: str | None
    """None: not known. It equals no other."""
    upos: str
    values: tuple[str | None, ...]
    """Of all attributes, in one order."""


def target(value: int, n_values: int) -> int:
    """Return the value that a translation moves to: the next in sorted order, cyclically."""
    return (value + 1) % n_values
