"""Analyzers: each module gives lemma and value of a word that the model predicts.

An analyzer is one file here, named in the configuration by its file name. It has

* `USES`: what it takes besides the treebank's forms: `"lexicon"`, or the `"pipeline"` of the
  language; what it does not name, it is refused;
* a class `Analyzer`, made from an `AnalyzerTask`, that judges words whose prediction differs from
  them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from workflow_scripts.files.lexicon import Analysis


class Outcome(IntEnum):
    """What became of a word that was intervened on.

    What is CLTV_STRICT is counted in CLTV too, what is CLTV or CLWV_NO_VALUE in CLWV, and what is
    WRONG_LEMMA_NO_VALUE in WRONG_LEMMA_WRONG_VALUE.
    """

    CORRECT = 0
    CLWV = 1
    """Correct lemma, wrong value: another value than the target's."""
    CLTV = 2
    """Correct lemma, and exactly the target value."""
    CORRECT_LEMMA_CORRECT_VALUE = 3
    WRONG_LEMMA_CORRECT_VALUE = 4
    WRONG_LEMMA_WRONG_VALUE = 5
    NO_ANALYSIS = 6
    """Not known to the analyzer, or without a lemma of its own to compare the prediction's with."""
    CLTV_STRICT = 7
    """Correct lemma, the target value, and every other attribute as it was."""
    CLWV_NO_VALUE = 8
    """Correct lemma, and no value of the attribute at all."""
    WRONG_LEMMA_NO_VALUE = 9


TO_TARGET = (Outcome.CLTV, Outcome.CLTV_STRICT)
"""What is counted as CLTV."""
MOVED = (Outcome.CLWV, Outcome.CLWV_NO_VALUE, *TO_TARGET)
"""What is counted as CLWV."""


@dataclass(frozen=True)
class TrueWord:
    """A word intervened on, as the treebank has it."""

    sentence: int
    word: int
    lemma: str | None
    """None where the treebank gives none: it equals no other lemma."""
    upos: str
    value: str
    target: str | None
    """The value that the intervention moves it to; None where it has no target."""
    others: tuple[str | None, ...] = ()
    """Its values of the other attributes, in the order of the treebank."""


@dataclass(frozen=True)
class Change:
    """A word whose prediction differs from it."""

    word: TrueWord
    predicted: str


@dataclass(frozen=True)
class AnalyzerTask:
    """What an analyzer may look at; it takes what it needs."""

    attribute: str
    """Its name in the schema."""
    lemma_alone: bool
    """Whether the attribute is the word class itself: then a word of the same lemma is the same
    lemma whatever its UPOS."""
    lexicon: Callable[[], Iterable[tuple[str, Analysis]]]
    """(key, analysis) of all words of the treebank; a key is a form as the model spells it."""
    pipeline: Callable[[], str]
    """The name of the language's pipeline."""
    analyse: Callable[[str, dict[str, str]], tuple[dict[str, str], list[str]]]
    """The schema's: UPOS and UD features to values, and what clashes."""
    forms: Callable[[int], list[str]]
    """The forms of a sentence of the split, by its number."""


class Analyzer(Protocol):
    """What every analyzer can do."""

    IN_SENTENCE: bool
    """Whether its verdict on a word depends on the sentence. Else the same change of an equal word
    is judged once, whatever its sentence and k."""

    def judge(self, changes: list[Change]) -> list[Outcome]:
        """Return what became of each changed word; `changes` are all of one k."""
        ...
