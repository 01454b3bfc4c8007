"""Subtokens: a sentence as a model reads it."""

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
