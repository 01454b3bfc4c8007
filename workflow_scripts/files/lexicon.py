"""The lexicon of a model and a treebank: `lexicons/{model}/{treebank}.parquet`, a row an analysis.

`build_lexicon` writes it: `key` (a form as the model spells it), `lemma` (null where the treebank
gives none), `upos`, and the treebank's attributes.
"""

from collections.abc import Iterator
from pathlib import Path

from workflow_scripts.files.artifact import read_parquet

Analysis = tuple[str | None, str, str | None]
"""(lemma, upos, value), the lemma None where the treebank gives none, the value None where the word
does not carry the attribute."""


def analyses(lexicon: Path, attribute: str) -> Iterator[tuple[str, Analysis]]:
    """Yield (key, (lemma, upos, value)) of a lexicon file, each once."""
    table = read_parquet(lexicon, ["key", "lemma", "upos", attribute])
    columns = [table.column(i).to_pylist() for i in range(4)]
    for key, lemma, upos, value in dict.fromkeys(zip(*columns, strict=True)):
        yield key, (lemma, upos, value)
