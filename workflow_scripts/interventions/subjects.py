"""Subjects: the words to intervene on, where their subtokens are, and the words beside them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.files.states import CachedSentence
from workflow_scripts.interventions.analyzers import TrueWord
from workflow_scripts.interventions.prediction import EditedSentence
from workflow_scripts.kernels.subtokens import of_labelled_words

MOST_BYSTANDERS = 2000
"""How many words beside the subjects are watched at most."""


@dataclass(frozen=True)
class Subject:
    """A word intervened on: where its subtokens are, and what it is."""

    word: TrueWord
    start: int
    """Its first row among all edited subtokens."""
    end: int
    """The row after its last."""


@dataclass(frozen=True)
class Bystander:
    """A word without a kept value in a sentence that has one with; it is watched, not edited."""

    sentence: int
    word: int
    start: int
    """Its first row among the subtokens of all bystanders."""
    end: int
    """The row after its last."""


def find_subjects(
    cached: Sequence[CachedSentence],
    words: Mapping[int, Mapping[str, list]],
    attribute: str,
    aims: Mapping[str, str | None],
    others: Sequence[str] = (),
) -> tuple[list[Subject], list[np.ndarray]]:
    """Return the words to edit, and for each sentence its (position, subject) pairs.

    `words` has the columns `lemma`, `upos`, the attribute and the `others` of each sentence, by its
    number; `aims` has the values whose words are edited, each with the value to move them to. Pairs
    are (r, 2) int64, in order: a subtoken of such a word, and the word's number among all subjects.
    """
    subjects: list[Subject] = []
    edited: list[np.ndarray] = []
    row = 0
    for sentence in cached:
        columns = words[sentence.number]
        values = columns[attribute]
        is_read = set(sentence.read.words.tolist())
        chosen = [i for i, value in enumerate(values) if value in aims and i in is_read]
        labels = np.full(len(values), -1, np.int64)
        labels[chosen] = np.arange(len(subjects), len(subjects) + len(chosen))
        pairs = of_labelled_words(sentence.read.words, labels)
        n_subtokens = Counter(sentence.read.words[pairs[:, 0]].tolist())
        for word in chosen:
            true = TrueWord(
                sentence.number,
                word,
                columns["lemma"][word],
                columns["upos"][word],
                values[word],
                aims[values[word]],
                tuple(columns[name][word] for name in others),
            )
            subjects.append(Subject(true, row, row + n_subtokens[word]))
            row += n_subtokens[word]
        edited.append(pairs)
    return subjects, edited


def find_bystanders(
    cached: Sequence[CachedSentence],
    words: Mapping[int, Mapping[str, list]],
    attribute: str,
    values: Sequence[str],
    stream: np.random.Generator,
) -> tuple[list[Bystander], list[np.ndarray]]:
    """Return the words to watch, and for each sentence the positions of their subtokens.

    All words without a kept value in sentences that have one with, or MOST_BYSTANDERS drawn.
    Positions are (u,) int64, in order.
    """
    kept = set(values)
    found: list[tuple[int, int]] = []
    for i, sentence in enumerate(cached):
        of_words = words[sentence.number][attribute]
        is_read = sorted(set(sentence.read.words.tolist()) - {-1})
        without = [word for word in is_read if of_words[word] not in kept]
        if len(without) < len(is_read):
            found += [(i, word) for word in without]
    if len(found) > MOST_BYSTANDERS:
        drawn = np.sort(stream.permutation(len(found))[:MOST_BYSTANDERS])
        found = [found[number] for number in drawn.tolist()]
    bystanders: list[Bystander] = []
    watched: list[list[int]] = [[] for _ in cached]
    row = 0
    for i, word in found:
        (places,) = np.nonzero(cached[i].read.words == word)
        watched[i] += places.tolist()
        bystanders.append(Bystander(cached[i].number, word, row, row + len(places)))
        row += len(places)
    return bystanders, [np.sort(np.array(places, np.int64)) for places in watched]


def read_ids(
    cached: Sequence[CachedSentence], places: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return input ids and unchanged predictions, (R,) int32 each, at each sentence's places."""
    pairs = list(zip(cached, places, strict=True))
    none = np.empty(0, np.int32)  # where no sentence fits the model
    ids = [sentence.read.ids[at] for sentence, at in pairs]
    predicted = [sentence.predicted[at] for sentence, at in pairs]
    return np.concatenate([none, *ids]), np.concatenate([none, *predicted])


def edited_sentences(
    cached: Sequence[CachedSentence],
    edited: Sequence[np.ndarray],
    rows: np.ndarray,
    watched: Sequence[np.ndarray] | None = None,
) -> list[EditedSentence]:
    """Return the sentences that have a word intervened on.

    `edited` are (position, subject) pairs, `rows` (W,) which row of the edit each subject takes;
    the predictions of `watched` positions are asked for too.
    """
    found = []
    for i, (sentence, pairs) in enumerate(zip(cached, edited, strict=True)):
        if len(pairs):
            asked = [pairs[:, 0]] if watched is None else [pairs[:, 0], watched[i]]
            found.append(
                EditedSentence(
                    sentence.read,
                    sentence.states,
                    pairs[:, 0],
                    rows[pairs[:, 1]],
                    np.concatenate(asked),
                )
            )
    return found
