"""Analyzers: each module gives lemma and value of a word that the model predicts.

An analyzer is one file here, named in the configuration by its file name. It has a class
`Analyzer` with `judge(changes) -> list[Outcome]` for words whose prediction differs from them.
"""

from dataclasses import dataclass
from enum import IntEnum


class Outcome(IntEnum):
    """What became of a word that was intervened on; CLTV is counted in CLWV too."""

    CORRECT = 0
    CLWV = 1
    """Correct lemma, wrong value: another value than the target's, or none."""
    CLTV = 2
    """Correct lemma, and exactly the target value."""
    CORRECT_LEMMA_CORRECT_VALUE = 3
    WRONG_LEMMA_CORRECT_VALUE = 4
    WRONG_LEMMA_WRONG_VALUE = 5
    NO_ANALYSIS = 6


@dataclass(frozen=True)
class TrueWord:
    """A word intervened on, as the treebank has it."""

    sentence: int
    word: int
    lemma: str
    upos: str
    value: str
    target: str | None
    """The value that the intervention moves it to; None where it has no target."""


@dataclass(frozen=True)
class Change:
    """A word whose prediction differs from it."""

    word: TrueWord
    predicted: str
