"""Word draws: how chance picks words, so that text is uneven and yet every word occurs soon.

Touches nothing but the random stream that it is given.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from workflow_scripts.treebanks.grammars.sentence_trees import Row, text_of

T = TypeVar("T")

PATIENCE = 1000  # repeated sentences in a row after which a grammar counts as exhausted


class Draws:
    """Chance for one treebank: coins, uniform picks, and decks of cards."""

    def __init__(self, stream: np.random.Generator) -> None:
        self._random = stream.random
        self._permutation = stream.permutation
        self._decks: dict[Sequence, list] = {}

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, each as likely."""
        return options[int(self._random() * len(options))]

    def card(self, words: tuple[T, ...]) -> T:
        """Return the next card of the deck that these words make.

        A deck holds every word, the first ones several times, and is shuffled anew when it is
        used up: frequencies fall with rank as in text, but a small split still sees nearly all
        words, which independent draws would not give.
        """
        deck = self._decks.setdefault(words, [])
        if not deck:
            cards = [
                word
                for rank, word in enumerate(words)
                for _ in range(1 + round(4 / (1 + rank / 3)))
            ]
            deck.extend(cards[i] for i in self._permutation(len(cards)))
        return deck.pop()


def distinct_sentences(make: Callable[[], list[Row]], n_sentences: int) -> Iterator[list[Row]]:
    """Yield what `make` gives, without repeats of a text (whatever its case), until there are n."""
    seen: set[str] = set()
    repeats = 0
    while len(seen) < n_sentences:
        rows = make()
        text = text_of(rows).lower()
        if text in seen:
            repeats += 1
            if repeats == PATIENCE:
                raise ValueError(f"the grammar gave only {len(seen)} of {n_sentences} sentences")
            continue
        repeats = 0
        seen.add(text)
        yield rows
