"""Analyzer `spacy`: a spaCy pipeline of the language, on the true and on the predicted sentence.

Its two analyses are compared with each other, whatever the treebank says: lemmas lower-cased, and
the value that the schema gives to features, or, for the word class, to UPOS alone. A word that
either sentence splits into several tokens has no analysis, nor has one to which the pipeline gives
no lemma in the sentence as it is.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from workflow_scripts import InputError
from workflow_scripts.files.words import UNSPECIFIED
from workflow_scripts.interventions.analyzers import AnalyzerTask, Change, Outcome, TrueWord

USES = ("pipeline",)


class Word(NamedTuple):
    """What the pipeline says of a word: its lemma, lower-cased, and its values."""

    lemma: str | None
    """None where it gives none: an empty one, or the `_` of a pipeline trained on such lemmas."""
    value: str | None
    """Of the attribute."""
    others: dict[str, str]
    """Of the other attributes that it carries."""


class Analyzer:
    """Runs the pipeline on every sentence that has a change, and once on the sentence as it is."""

    IN_SENTENCE = True

    def __init__(self, task: AnalyzerTask):
        self._task = task
        self._pipeline = load(task.pipeline())
        self._missing = {"LEMMA", "POS"}  # what no sentence has had yet
        self._true: dict[int, list[Word | None]] = {}
        # As last predicted: many sentences stay so from one k to the next.
        self._last: dict[int, tuple[list[str], list[Word | None]]] = {}

    def judge(self, changes: list[Change]) -> list[Outcome]:
        """Return what became of each word; a sentence is read with all of its changes."""
        predicted: dict[int, list[str]] = {}
        for change in changes:
            sentence = change.word.sentence
            if sentence not in predicted:
                predicted[sentence] = list(self._task.forms(sentence))
            predicted[sentence][change.word.word] = change.predicted
        self._true |= self._read({n: self._task.forms(n) for n in predicted if n not in self._true})
        same = {
            n for n, forms in predicted.items() if n in self._last and self._last[n][0] == forms
        }
        read = self._read({n: forms for n, forms in predicted.items() if n not in same})
        self._last = {
            n: self._last[n] if n in same else (forms, read[n]) for n, forms in predicted.items()
        }
        places = [(change.word.sentence, change.word.word) for change in changes]
        return [
            outcome(change.word, self._true[sentence][word], self._last[sentence][1][word])
            for change, (sentence, word) in zip(changes, places, strict=True)
        ]

    def _read(self, sentences: dict[int, list[str]]) -> dict[int, list[Word | None]]:
        docs = self._pipeline.pipe(" ".join(forms) for forms in sentences.values())
        read = {}
        for (number, forms), doc in zip(sentences.items(), docs, strict=True):
            self._missing -= {what for what in self._missing if doc.has_annotation(what)}
            read[number] = list(self._words(forms, doc))
        if sentences and self._missing:
            lacking = " and no ".join(sorted(self._missing))
            raise InputError(f"pipeline {self._task.pipeline()}: gives words no {lacking}")
        return read

    def _words(self, forms: list[str], doc: Any) -> Iterator[Word | None]:
        """Yield each word's analysis, None where it is not exactly one token."""
        tokens = {token.idx: token for token in doc}
        start = 0
        for form in forms:
            token = tokens.get(start)
            start += len(form) + 1
            yield self._word(token) if token is not None and len(token) == len(form) else None

    def _word(self, token: Any) -> Word:
        features = {} if self._task.lemma_alone else token.morph.to_dict()
        values, _ = self._task.analyse(token.pos_, features)
        lemma = token.lemma_.lower()
        value = values.pop(self._task.attribute, None)
        return Word(None if lemma in UNSPECIFIED else lemma, value, values)


def outcome(word: TrueWord, true: Word | None, predicted: Word | None) -> Outcome:
    """Return what became of a word, from the analyses of it and of its prediction."""
    if true is None or true.lemma is None or predicted is None:
        return Outcome.NO_ANALYSIS
    same_lemma, same_value = predicted.lemma == true.lemma, predicted.value == true.value
    if same_value:
        return (
            Outcome.CORRECT_LEMMA_CORRECT_VALUE if same_lemma else Outcome.WRONG_LEMMA_CORRECT_VALUE
        )
    if predicted.value is None:
        return Outcome.CLWV_NO_VALUE if same_lemma else Outcome.WRONG_LEMMA_NO_VALUE
    if not same_lemma:
        return Outcome.WRONG_LEMMA_WRONG_VALUE
    if word.target is None or predicted.value != word.target:
        return Outcome.CLWV
    return Outcome.CLTV_STRICT if predicted.others == true.others else Outcome.CLTV


def load(name: str | None) -> Any:
    """Return a spaCy pipeline without its named entities, which give no word another analysis.

    Raises InputError where spaCy or the pipeline is not installed, or cannot be loaded.
    """
    try:
        import spacy
    except ImportError as error:
        raise InputError("analyzer spacy: pip install -r envs/spacy.txt") from error
    if not spacy.util.is_package(name):  # pyright: ignore[reportArgumentType]
        raise InputError(f"pipeline {name}: not installed; python -m spacy download {name}")
    try:
        return spacy.load(name, exclude=["ner"])  # pyright: ignore[reportArgumentType]
    except (OSError, ValueError) as error:
        raise InputError(f"pipeline {name}: cannot be loaded ({error})") from error
