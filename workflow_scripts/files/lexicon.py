"""The lexicon of a model and a treebank: `lexicons/{model}/{treebank}.parquet`, a row an analysis.

`build_lexicon` writes it: `key` (a form as the model spells it), `subtoken` (its one subtoken, null
where it has several), `train` (how many training words are these), `lemma` (null where the treebank
gives none), `upos`, and the treebank's attributes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.kernels.words import Entry

Analysis = tuple[str | None, str, str | None]
"""(lemma, upos, value), the lemma None where the treebank gives none, the value None where the word
does not carry the attribute."""


def analyses(lexicon: Path, attribute: str) -> Iterator[tuple[str, Analysis]]:
    """Yield (key, (lemma, upos, value)) of a lexicon file, each once."""
    for key, lemma, upos, value in dict.fromkeys(
        _rows(lexicon, ["key", "lemma", "upos"], [attribute])
    ):
        yield key, (lemma, upos, value)


def entries(lexicon: Path, attributes: Sequence[str]) -> Iterator[tuple[Entry, int]]:
    """Yield each row of a lexicon file, with these attributes, and its number of training words."""
    names = ["key", "subtoken", "train", "lemma", "upos"]
    for key, subtoken, train, lemma, upos, *values in _rows(lexicon, names, attributes):
        yield Entry(key, subtoken, lemma, upos, tuple(values)), train


def _rows(lexicon: Path, names: Sequence[str], attributes: Sequence[str]) -> Iterator[tuple]:
    table = read_parquet(lexicon, [*names, *attributes])
    columns = [column.to_pylist() for column in table.itercolumns()]
    return zip(*columns, strict=True)
