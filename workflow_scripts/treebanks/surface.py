"""Surface words: what a model reads, with the analysis that the treebank gives.

A multiword token (id `3-4`) is one word, its syntactic words are dropped, and so are empty nodes
(id `8.1`). The file is read a sentence at a time, so memory does not grow with it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conllu.exceptions import ParseException
from conllu.parser import parse_line

from workflow_scripts.errors import InputError

FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats")
N_COLUMNS = 10

Schema = Callable[[str, dict[str, str]], tuple[dict[str, str], list[str]]]
"""`schema(upos, feats)` gives a word's value for each attribute, and the attributes that clash."""


class TreebankError(InputError):
    """A treebank that cannot be read; the message names file, line and what would be right."""


@dataclass(frozen=True)
class SurfaceWord:
    """One word as the model reads it."""

    form: str
    lemma: str
    upos: str
    values: dict[str, str]
    """Value for each attribute that the word carries."""


@dataclass
class Clashes:
    """How many words lost an attribute because their features gave it two different values."""

    words: Counter = field(default_factory=Counter)


def read_sentences(path: Path, schema: Schema, clashes: Clashes) -> Iterator[list[SurfaceWord]]:
    """Yield the sentences of a CoNLL-U file as surface words.

    Raises TreebankError, with file and line number, at the first line that is not CoNLL-U.
    """
    n_sentences = 0
    for rows in _blocks(path):
        n_sentences += 1
        yield _surface_words(rows, schema, clashes, path)
    if n_sentences == 0:
        raise TreebankError(f"{path}: holds no sentence; expected CoNLL-U")


def _blocks(path: Path) -> Iterator[list[tuple[int, dict]]]:
    """Yield each sentence as its (line number, token) pairs, comments left out.

    Lines go to `conllu` one by one: so an error has its line, and a `# global.columns` comment
    cannot rename the fields.
    """
    block: list[tuple[int, dict]] = []
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                line = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise TreebankError(f"{path}:{number}: not UTF-8 text ({error.reason})") from error
            if not line.strip():
                if block:
                    yield block
                block = []
            elif not line.startswith("#"):
                block.append((number, _token(path, number, line)))
    if block:
        yield block


def _token(path: Path, number: int, line: str) -> dict:
    columns = line.split("\t")
    if len(columns) != N_COLUMNS:
        raise TreebankError(
            f"{path}:{number}: {len(columns)} tab-separated columns, CoNLL-U has {N_COLUMNS}"
        )
    # conllu takes two spaces for a tab, and a form may contain spaces.
    text = "\t".join(re.sub(" {2,}", " ", column) for column in columns[: len(FIELDS)])
    try:
        token = parse_line(text, FIELDS)
    except ParseException as error:
        raise TreebankError(f"{path}:{number}: {error}") from error
    if token["id"] is None:
        raise TreebankError(f"{path}:{number}: the token has no id")
    if not token["form"]:
        raise TreebankError(f"{path}:{number}: the token has no form")
    _check_features(path, number, columns[FIELDS.index("feats")])
    return token


def _check_features(path: Path, number: int, text: str) -> None:
    """Raise TreebankError where FEATS is neither `_` nor Name=Value pairs of different names."""
    if text == "_":
        return
    pairs = [part.partition("=") for part in text.split("|")]
    for name, _, value in pairs:
        if not name.strip() or not value.strip() or "=" in value:
            raise TreebankError(
                f"{path}:{number}: features {text!r}, expected _ or Name=Value|Name=Value"
            )
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise TreebankError(f"{path}:{number}: features {text!r} name a feature twice")


def _surface_words(
    rows: list[tuple[int, dict]], schema: Schema, clashes: Clashes, path: Path
) -> list[SurfaceWord]:
    syntactic: dict[int, dict] = {}
    ranges: list[tuple[int, int, int, str]] = []  # first, last, line, form
    for number, token in rows:
        match token["id"]:
            case int() as position:
                if position != len(syntactic) + 1:
                    raise TreebankError(
                        f"{path}:{number}: word id {position}, expected {len(syntactic) + 1}"
                    )
                syntactic[position] = token
            case (first, "-", last):
                if ranges and first <= ranges[-1][1]:
                    raise TreebankError(
                        f"{path}:{number}: multiword token {first}-{last} overlaps the one before"
                    )
                ranges.append((first, last, number, token["form"]))
    for first, last, number, _ in ranges:
        if last > len(syntactic):
            raise TreebankError(
                f"{path}:{number}: multiword token {first}-{last} runs past the last word, "
                f"{len(syntactic)}"
            )

    words: list[SurfaceWord] = []
    position = 1
    starts = {first: (last, form) for first, last, _, form in ranges}
    while position <= len(syntactic):
        last, form = starts.get(position, (position, None))
        parts = [syntactic[i] for i in range(position, last + 1)]
        analyses = [_analyse(part, schema, clashes) for part in parts]
        words.append(
            SurfaceWord(
                form=parts[0]["form"] if form is None else form,
                lemma="+".join(part["lemma"] for part in parts),
                upos="+".join(part["upos"] for part in parts),
                values=merge(analyses),
            )
        )
        position = last + 1
    return words


def _analyse(token: dict, schema: Schema, clashes: Clashes) -> dict[str, str]:
    values, clashing = schema(token["upos"], token["feats"] or {})
    clashes.words.update(clashing)
    return values


def merge(analyses: Iterable[dict[str, str]]) -> dict[str, str]:
    """Give a multiword token every attribute that exactly one of its parts carries."""
    analyses = list(analyses)
    carriers = Counter(attribute for values in analyses for attribute in values)
    return {
        attribute: value
        for values in analyses
        for attribute, value in values.items()
        if carriers[attribute] == 1
    }
