"""Surface words: what a model reads, with the analysis that the treebank gives.

A multiword token (id `3-4`) is one word, its syntactic words are dropped, and so are empty nodes
(id `8.1`). The file is read a sentence at a time, so memory does not grow with it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from conllu.exceptions import ParseException
from conllu.parser import parse_line

from workflow_scripts.files.words import UNSPECIFIED
from workflow_scripts.words.lines import TreebankError, numbered_lines, shown
from workflow_scripts.words.own_labels import OwnLabels

FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats")
N_COLUMNS = 10
_NO_SPACE = re.compile(r"[^\s\x00-\x1f\x7f]*")

Schema = Callable[[str, dict[str, str]], tuple[dict[str, str], list[str]]]
"""`schema(upos, feats)` gives a word's value for each attribute, and the attributes that clash."""


@dataclass(frozen=True)
class SurfaceWord:
    """One word as the model reads it."""

    form: str
    lemma: str | None
    """None where the treebank gives none, or a part of a multiword token has none."""
    upos: str
    values: dict[str, str]
    """Value for each attribute that the word carries."""
    head: int | None = None
    """The word of the sentence, from 0, that it depends on; None for the root, where the treebank
    does not say, and where one of the two is a multiword token."""
    deprel: str | None = None
    """As what it depends on it; None for a multiword token, and where the treebank does not say."""


@dataclass
class Tally:
    """What is counted of a file while it is read: how much of it a study can use."""

    words: int = 0
    without_lemma: int = 0
    hidden: int = 0
    """Words whose form is nothing but underscores."""
    hidden_with_lemma: int = 0
    """Those of them whose lemma is something else: that of a literal underscore is one too."""
    wrong_heads: int = 0
    """Words whose HEAD is none of the sentence's other words, and so no arc."""
    longest: int = 0
    """Words of the longest sentence, of label files alone: in others ids say where one ends."""
    clashes: Counter = field(default_factory=Counter)
    """Syntactic words that lost an attribute, to which their features gave two values."""
    analyses: Counter = field(default_factory=Counter)
    """Syntactic words by (UPOS, features), the features as a tuple of pairs."""

    def add(self, word: SurfaceWord) -> None:
        """Count a surface word."""
        hidden = not word.form.strip("_")
        self.words += 1
        self.without_lemma += word.lemma is None
        self.hidden += hidden
        self.hidden_with_lemma += hidden and bool((word.lemma or "").strip("_"))


def read_sentences(
    path: Path, schema: Schema, tally: Tally, own: OwnLabels | None = None
) -> Iterator[list[SurfaceWord]]:
    """Yield the sentences of a CoNLL-U file as surface words, with `own` labels besides.

    Raises TreebankError, with file and line number, at the first line that is not CoNLL-U, and at
    the end where most words are hidden: treebanks whose text may not be passed on come like that.
    """
    n_sentences = 0
    # Once for all words with the same features, which are few.
    analyse = lru_cache(1 << 16)(lambda upos, features: schema(upos, dict(features)))
    for tokens in _blocks(path):
        n_sentences += 1
        words = _surface_words(tokens, analyse, own or OwnLabels(), tally)
        for word in words:
            tally.add(word)
        yield words
    if n_sentences == 0:
        raise TreebankError(f"{path}: holds no sentence; expected CoNLL-U")
    if 2 * tally.hidden > tally.words:
        raise TreebankError(
            f"{path}: the text is withheld: {tally.hidden} of {tally.words} words have the form _; "
            "put the text in, as the treebank's README says, or take another treebank"
        )


@dataclass
class _Ids:
    """How far a sentence has come. Its ids are checked line by line: a file whose blank lines are
    lost shall not be read to its end, as one sentence, to find that out.
    """

    path: Path
    n_words: int = 0
    covered: int = 0
    """The last word of the multiword tokens so far."""
    last_range: str = ""
    """Where the last multiword token stands, and its id."""

    def add(self, number: int, token_id: int | tuple[int, str, int]) -> None:
        """Take in the id of line `number`; raises TreebankError where it cannot stand there."""
        where = f"{self.path}:{number}"
        match token_id:
            case int() as position:
                if position != self.n_words + 1:
                    raise TreebankError(f"{where}: word id {position}, expected {self.n_words + 1}")
                self.n_words = position
            case (first, "-", last):
                self.last_range = f"{where}: multiword token {first}-{last}"
                if first <= self.covered:
                    raise TreebankError(f"{self.last_range} overlaps the one before")
                if first != self.n_words + 1:
                    raise TreebankError(
                        f"{self.last_range} stands before word {self.n_words + 1}, "
                        f"not before its first, {first}"
                    )
                self.covered = last

    def end(self, first_line: int) -> None:
        """Raise TreebankError where the sentence that began at `first_line` cannot end here."""
        if self.covered > self.n_words:
            raise TreebankError(f"{self.last_range} runs past the last word, {self.n_words}")
        if self.n_words == 0:
            raise TreebankError(f"{self.path}:{first_line}: a sentence without a word")


def _blocks(path: Path) -> Iterator[list[dict]]:
    """Yield the tokens of each sentence, comments left out, ids checked.

    Lines go to `conllu` one by one: so an error has its line, and a `# global.columns` comment
    cannot rename the fields.
    """
    block: list[dict] = []
    first_line, ids = 0, _Ids(path)
    for number, line in numbered_lines(path, "CoNLL-U"):
        if not line.strip(" "):
            if block:
                ids.end(first_line)
                yield block
            block = []
        elif not line.startswith("#"):
            if not block:
                first_line, ids = number, _Ids(path)
            token = _token(path, number, line)
            ids.add(number, token["id"])
            block.append(token)
    if block:
        ids.end(first_line)
        yield block


def _token(path: Path, number: int, line: str) -> dict:
    n_columns = line.count("\t") + 1
    if n_columns != N_COLUMNS:
        raise TreebankError(
            f"{path}:{number}: {n_columns} tab-separated columns, CoNLL-U has {N_COLUMNS}"
        )
    columns = line.split("\t")[: len(FIELDS)]
    text = "\t".join(columns)
    if "  " in text:  # which conllu takes for a tab, and a form may contain spaces
        text = re.sub(" {2,}", " ", text)
    try:
        token = parse_line(text, FIELDS)
    except (ParseException, ValueError) as error:  # ValueError: more digits than Python takes
        raise TreebankError(f"{path}:{number}: {shown(columns[0])} is not a valid ID") from error
    if token["id"] is None:
        raise TreebankError(f"{path}:{number}: the token has no id")
    if not token["form"]:
        raise TreebankError(f"{path}:{number}: the token has no form")
    if not _NO_SPACE.fullmatch(token["upos"]):
        raise TreebankError(f"{path}:{number}: UPOS {shown(token['upos'])} holds white space")
    if fault := _fault_of(columns[FIELDS.index("feats")]):
        raise TreebankError(f"{path}:{number}: features {fault}")
    head, deprel = (None if column in UNSPECIFIED else column for column in line.split("\t")[6:8])
    misc = line.rpartition("\t")[2]
    return token | {"head": head, "deprel": deprel, "misc": misc}


@lru_cache(1 << 16)
def _fault_of(features: str) -> str:
    """Return what is wrong with FEATS that are neither `_` nor pairs of different names, or ""."""
    if features == "_":
        return ""
    pairs = [part.partition("=") for part in features.split("|")]
    well_formed = all(name and value and "=" not in value for name, _, value in pairs)
    if not well_formed or not _NO_SPACE.fullmatch(features):
        return f"{shown(features)}, expected _ or Name=Value|Name=Value"
    if len({name for name, _, _ in pairs}) < len(pairs):
        return f"{shown(features)} name a feature twice"
    return ""


def _surface_words(
    tokens: list[dict], analyse: Callable, own: OwnLabels, tally: Tally
) -> list[SurfaceWord]:
    syntactic: dict[int, dict] = {}
    starts: dict[int, tuple[int, dict]] = {}  # first -> last, the multiword token
    for token in tokens:
        match token["id"]:
            case int() as position:
                syntactic[position] = token
            case (first, "-", last):
                starts[first] = last, token

    words: list[SurfaceWord] = []
    alone: dict[int, int] = {}  # the place of each word that is no part of a multiword token
    position = 1
    while position <= len(syntactic):
        last, whole = starts.get(position, (position, None))
        if position not in starts:
            alone[position] = len(words)
        parts = [syntactic[i] for i in range(position, last + 1)]
        analyses = [_values(part, analyse, own, tally) for part in parts]
        of_whole, unclear = _own(whole, own, tally) if whole else ({}, [])
        values = merge(analyses) | of_whole
        words.append(
            SurfaceWord(
                form=(whole or parts[0])["form"],
                lemma=_lemma(parts),
                upos="+".join(part["upos"] for part in parts),
                # Its own line counts: what clashes there is not what a part says.
                values={name: values[name] for name in values if name not in unclear},
                head=None if whole else _head(parts[0], len(syntactic), tally),
                deprel=None if whole else parts[0]["deprel"],
            )
        )
        position = last + 1
    return [replace(word, head=alone.get(word.head or 0)) for word in words]


def _head(token: dict, n_words: int, tally: Tally) -> int | None:
    """Return the id of a word's head, 0 of the root; None where it is none of the sentence's."""
    head = token["head"]
    if head is None:
        return None
    if head.isascii() and head.isdecimal() and int(head) <= n_words and int(head) != token["id"]:
        return int(head)
    tally.wrong_heads += 1
    return None


def _lemma(parts: list[dict]) -> str | None:
    """Return the lemmas of a word's parts joined; None where one of them is unspecified."""
    lemmas = [_visible(part["lemma"]) for part in parts]
    if any(lemma in UNSPECIFIED for lemma in lemmas):
        return None
    return "+".join(lemmas)


@lru_cache(1 << 16)
def _visible(lemma: str) -> str:
    """Return a lemma without what cannot be seen at its ends: white space, marks of direction.

    Of nothing but such characters, as a zero-width space, nothing is left.
    """
    seen = [i for i, letter in enumerate(lemma) if not _is_invisible(letter)]
    if all(lemma[i] in _BLANK for i in seen):
        return ""
    return lemma[seen[0] : seen[-1] + 1]


def _is_invisible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter)[0] in "CZ"


_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_BLANK |= frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Letters and marks that show nothing where they stand alone."""


def _values(token: dict, analyse: Callable, own: OwnLabels, tally: Tally) -> dict[str, str]:
    of = token["upos"], tuple((token["feats"] or {}).items())
    tally.analyses[of] += 1
    values, clashing = analyse(*of)
    if clashing:
        tally.clashes.update(clashing)
    return values | _own(token, own, tally)[0] if own.attributes else values


def _own(token: dict, own: OwnLabels, tally: Tally) -> tuple[dict[str, str], list[str]]:
    """Return a token's own labels, and the attributes that clash."""
    values, clashing = own.of(token)
    tally.clashes.update(clashing)
    return values, clashing


def merge(analyses: Iterable[dict[str, str]]) -> dict[str, str]:
    """Give a multiword token every attribute that exactly one of its parts carries."""
    analyses = list(analyses)
    if len(analyses) == 1:
        return analyses[0]
    carriers = Counter(attribute for values in analyses for attribute in values)
    return {
        attribute: value
        for values in analyses
        for attribute, value in values.items()
        if carriers[attribute] == 1
    }
