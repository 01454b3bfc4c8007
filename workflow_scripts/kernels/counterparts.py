"""Counterparts: the word that differs from a given one in the value of one attribute alone.

The counterpart of a word of one subtoken and value z is, of the keys of the lexicon that are one
subtoken, another than the word's, and have an analysis with the word's lemma and UPOS (the lemma
alone where the attribute is the word class itself) and the next value z', one of those with most of
the word's other attributes equal (the same value, or none in both); of several the most frequent in
training with that lemma, UPOS and value, then the first by code point. A word whose own key has an
analysis of its lemma with z', whatever the UPOS, is its own counterpart: it has none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from workflow_scripts.kernels.words import Entry, target


class Counterpart(NamedTuple):
    """The word that another becomes if its value alone changes."""

    key: str
    subtoken: int
    n_other: int
    """In how many of the other attributes it is not equal."""


class Counterparts:
    """A treebank's words of one subtoken, to look counterparts of an attribute up among."""

    def __init__(
        self,
        lexicon: Iterable[tuple[Entry, int]],
        attribute: int,
        values: Sequence[str],
        lemma_alone: bool,
        aims: Mapping[str, str | None] | None = None,
    ):
        """Take entries, each with how many training words have that analysis.

        `attribute` is the place of the attribute among an entry's values, `values` are its kept
        ones, sorted. The counterpart of a word has the next of these, or what `aims` says.
        """
        self._attribute, self._lemma_alone = attribute, lemma_alone
        n = len(values)
        self._aims = {value: values[target(i, n)] for i, value in enumerate(values)}
        self._aims |= {value: aim for value, aim in (aims or {}).items() if aim is not None}
        self._entries: defaultdict[tuple, list[tuple[Entry, int]]] = defaultdict(list)
        self._analyses: set[tuple[str, str, str | None]] = set()
        for entry, count in lexicon:
            if entry.lemma is not None:
                self._analyses.add((entry.key, entry.lemma, entry.values[attribute]))
                self._entries[self._of_lexeme(entry, entry.values[attribute])].append(
                    (entry, count)
                )
        self._found: dict[Entry, Counterpart | None] = {}

    def of(self, word: Entry) -> Counterpart | None:
        """Return the counterpart of a word; None where it has none.

        So has a word without a lemma, without a kept value or of several subtokens.
        """
        if word not in self._found:
            self._found[word] = self._find(word)
        return self._found[word]

    def _find(self, word: Entry) -> Counterpart | None:
        aim = self._aims.get(word.values[self._attribute] or "")
        if aim is None or word.lemma is None or word.subtoken is None:
            return None
        if (word.key, word.lemma, aim) in self._analyses:
            return None
        entries = self._entries.get(self._of_lexeme(word, aim), [])
        n_other: dict[tuple[str, int], int] = {}
        frequency: defaultdict[tuple[str, int], int] = defaultdict(int)
        for entry, count in entries:
            if entry.subtoken is None or entry.subtoken == word.subtoken:
                continue
            spelled = entry.key, entry.subtoken
            frequency[spelled] += count
            n = self._n_other(entry, word)
            n_other[spelled] = min(n, n_other.get(spelled, n))
        if not n_other:
            return None
        best = min(n_other, key=lambda spelled: (n_other[spelled], -frequency[spelled], spelled))
        return Counterpart(*best, n_other[best])

    def _of_lexeme(self, word: Entry, value: str | None) -> tuple:
        return (word.lemma, "" if self._lemma_alone else word.upos, value)

    def _n_other(self, entry: Entry, word: Entry) -> int:
        pairs = enumerate(zip(entry.values, word.values, strict=True))
        return sum(a != b for i, (a, b) in pairs if i != self._attribute)
