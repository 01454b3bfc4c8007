"""The lexicon of a model and a treebank: `lexicons/{model}/{treebank}.parquet`, a row an analysis.

`build_lexicon` writes it: `key` (a form as the model spells it), `subtoken` (its one subtoken, null
where it has several), `train` (how many training words are these), `lemma` (null where the treebank
gives none), `upos`, and the treebank's attributes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.kernels.words import Entry


class Analysis(NamedTuple):
    """What a form can be."""

    lemma: str | None
    """None where the treebank gives none."""
    upos: str
    value: str | None
    """Of the attribute; None where the word does not carry it."""
    others: tuple[str | None, ...]
    """Of the other attributes that are asked for, in their order."""


def analyses(
    lexicon: Path, attribute: str, others: Sequence[str] = ()
) -> Iterator[tuple[str, Analysis]]:
    """Yield (key, analysis) of a lexicon file, each once."""
    rows = _rows(lexicon, ["key", "lemma", "upos", attribute], others)
    for key, lemma, upos, value, *more in dict.fromkeys(rows):
        yield key, Analysis(lemma, upos, value, tuple(more))


def entries(lexicon: Path, attributes: Sequence[str]) -> Iterator[tuple[Entry, int]]:
    """Yield each row of a lexicon file, with these attributes, and its number of training words."""
    names = ["key", "subtoken", "train", "lemma", "upos"]
    for key, subtoken, train, lemma, upos, *values in _rows(lexicon, names, attributes):
        yield Entry(key, subtoken, lemma, upos, tuple(values)), train


def _rows(lexicon: Path, names: Sequence[str], attributes: Sequence[str]) -> Iterator[tuple]:
    table = read_parquet(lexicon, [*names, *attributes])
    columns = [column.to_pylist() for column in table.itercolumns()]
    return zip(*columns, strict=True)
