"""Subjects: the words to intervene on, and where their subtokens are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.files.states import CachedSentence
from workflow_scripts.interventions.analyzers import TrueWord
from workflow_scripts.interventions.prediction import EditedSentence
from workflow_scripts.kernels.subtokens import of_labelled_words
from workflow_scripts.kernels.words import target


@dataclass(frozen=True)
class Subject:
    """A word intervened on: where its subtokens are, and what it is."""

    word: TrueWord
    start: int
    """Its first row among all edited subtokens."""
    end: int
    """The row after its last."""


def find_subjects(
    cached: Sequence[CachedSentence],
    words: Mapping[int, Mapping[str, list]],
    attribute: str,
    values: Sequence[str],
    has_target: bool,
) -> tuple[list[Subject], list[np.ndarray]]:
    """Return the words with a kept value, and for each sentence its (position, value) pairs.

    `words` has the columns `lemma`, `upos` and the attribute of each sentence, by its number. Pairs
    are (r, 2) int64, in order: a subtoken of such a word, and the index of its value.
    """
    index = {value: i for i, value in enumerate(values)}
    subjects: list[Subject] = []
    edited: list[np.ndarray] = []
    row = 0
    for sentence in cached:
        columns = words[sentence.number]
        labels = [index.get(value, -1) for value in columns[attribute]]
        pairs = of_labelled_words(sentence.read.words, labels)
        n_subtokens = Counter(sentence.read.words[pairs[:, 0]].tolist())
        for word, n in sorted(n_subtokens.items()):
            value = columns[attribute][word]
            aim = values[target(index[value], len(values))] if has_target else None
            true = TrueWord(
                sentence.number,
                word,
                columns["lemma"][word],
                columns["upos"][word],
                value,
                aim,
            )
            subjects.append(Subject(true, row, row + n))
            row += n
        edited.append(pairs)
    return subjects, edited


def edited_ids(
    cached: Sequence[CachedSentence], edited: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the edited subtokens' input ids and unchanged predictions, (R,) int32 each."""
    pairs = list(zip(cached, edited, strict=True))
    none = np.empty(0, np.int32)  # where no sentence fits the model
    ids = [sentence.read.ids[rows[:, 0]] for sentence, rows in pairs]
    predicted = [sentence.predicted[rows[:, 0]] for sentence, rows in pairs]
    return np.concatenate([none, *ids]), np.concatenate([none, *predicted])


def edited_sentences(
    cached: Sequence[CachedSentence], edited: Sequence[np.ndarray]
) -> list[EditedSentence]:
    """Return the sentences that have a word intervened on."""
    return [
        EditedSentence(sentence.read, sentence.states, rows[:, 0], rows[:, 1])
        for sentence, rows in zip(cached, edited, strict=True)
        if len(rows)
    ]
