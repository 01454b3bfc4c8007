"""Sentence trees: phrases that grow around a head, and the CoNLL-U rows of a finished one.

    noun = Phrase(Word("keys", "key", "NOUN", features(Number="Plur")))
    noun.before(Word("the", "the", "DET"), "det")
    verb.before(noun, "nsubj")
    rows = rows_of(verb.punctuate("."))

A phrase is its words in their order; each word knows its head. Touches nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self


class Row(NamedTuple):
    """One CoNLL-U line, every column as it is written."""

    id: str
    form: str
    lemma: str
    upos: str
    xpos: str
    feats: str
    head: str
    deprel: str
    deps: str
    misc: str


@dataclass(slots=True, eq=False)
class Word:
    """A syntactic word, and its place in the tree once a phrase has taken it in."""

    form: str
    lemma: str
    upos: str
    feats: str = "_"
    deprel: str = "root"
    head: "Word | None" = None
    glued: bool = False
    """No space follows in the text."""
    fused: str = ""
    """The multiword token that this word and the next one are written as, if they are."""


def features(**values: str | None) -> str:
    """Return the FEATS column of these features, sorted as UD sorts them; None leaves one out."""
    pairs = sorted((name.lower(), name, value) for name, value in values.items() if value)
    return "|".join(f"{name}={value}" for _, name, value in pairs) or "_"


class Phrase:
    """Words in order, one of them the head that the others hang from."""

    __slots__ = ("head", "words")

    def __init__(self, head: Word) -> None:
        self.head = head
        self.words = [head]

    def _take(self, part: "Phrase | Word", deprel: str) -> list[Word]:
        phrase = part if isinstance(part, Phrase) else Phrase(part)
        phrase.head.head, phrase.head.deprel = self.head, deprel
        return phrase.words

    def before(self, part: "Phrase | Word", deprel: str) -> Self:
        """Put `part` in front of the whole phrase, as a dependent of the head."""
        self.words[:0] = self._take(part, deprel)
        return self

    def after(self, part: "Phrase | Word", deprel: str) -> Self:
        """Put `part` behind the whole phrase, as a dependent of the head."""
        self.words += self._take(part, deprel)
        return self

    def punctuate(self, mark: str) -> Self:
        """Put a mark behind the phrase, with no space before it."""
        self.words[-1].glued = True
        return self.after(Word(mark, mark, "PUNCT"), "punct")

    def introduce(self, part: "Phrase | Word", deprel: str) -> Self:
        """Put `part` and a comma in front of the phrase."""
        self.before(Word(",", ",", "PUNCT"), "punct")
        phrase = part if isinstance(part, Phrase) else Phrase(part)
        phrase.words[-1].glued = True
        return self.before(phrase, deprel)

    def n_words(self) -> int:
        """Return how many words there are, punctuation apart."""
        return sum(word.upos != "PUNCT" for word in self.words)


def rows_of(sentence: Phrase) -> list[Row]:
    """Return the rows of a sentence, its first word capitalised."""
    words = sentence.words
    first = next(word for word in words if word.upos != "PUNCT")
    first.form = first.form[0].upper() + first.form[1:]
    first.fused = first.fused[:1].upper() + first.fused[1:]

    number = {word: i for i, word in enumerate(words, start=1)}
    rows = []
    for i, word in enumerate(words, start=1):
        if word.fused:
            space = "SpaceAfter=No" if words[i].glued else "_"
            rows.append(Row(f"{i}-{i + 1}", word.fused, *"_______", space))  # pyright: ignore[reportCallIssue]
        # Inside a multiword token the range says what follows it, not its parts.
        inside = word.fused or (i > 1 and words[i - 2].fused)
        rows.append(
            Row(
                id=str(i),
                form=word.form,
                lemma=word.lemma,
                upos=word.upos,
                xpos="_",
                feats=word.feats,
                head=str(number[word.head]) if word.head else "0",
                deprel=word.deprel,
                deps="_",
                misc="SpaceAfter=No" if word.glued and not inside else "_",
            )
        )
    return rows


def text_of(rows: list[Row]) -> str:
    """Return the text that the surface tokens of a sentence make."""
    parts = []
    covered = 0  # the last word that the multiword token before it stands for
    for row in rows:
        first, _, last = row.id.partition("-")
        if last:
            covered = int(last)
        elif int(first) <= covered:
            continue
        parts += [row.form, "" if "SpaceAfter=No" in row.misc else " "]
    return "".join(parts).strip()
