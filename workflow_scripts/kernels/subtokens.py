"""Subtokens: a sentence as a model reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NO_WORD = -1


@dataclass(frozen=True)
class Subtokens:
    """One sentence as the model reads it."""

    ids: np.ndarray
    """(s,) int32, vocabulary ids, special tokens included."""
    words: np.ndarray
    """(s,) int32, the word that a subtoken belongs to, NO_WORD for special tokens."""


def of_labelled_words(words: np.ndarray, labels: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return (r, 2) int64: place and label of the subtokens whose word has a label, in order.

    `words` (s,) are a sentence's `Subtokens.words`, `labels` (n,) of its words, -1 for none.
    """
    of_subtoken = np.append(np.asarray(labels, np.int64), NO_WORD)[words]  # NO_WORD is the last
    places = np.flatnonzero(of_subtoken >= 0)
    return np.stack([places, of_subtoken[places]], axis=1)
