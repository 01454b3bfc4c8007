"""The words files: `words/{treebank}/{split}.parquet`, a row a surface word, in corpus order.

Columns: `sentence` (int32, from 0 in each split), `word` (int32, from 0 in each sentence), `form`,
`lemma` (null where the treebank gives none), `upos`, and one nullable dictionary column for each
attribute of the treebank.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from workflow_scripts.files.artifact import ArtifactError, open_parquet, read_batches

COLUMNS = ("sentence", "word", "form", "lemma", "upos")
RESERVED = (*COLUMNS, "key")
"""What no attribute may be called: here or in a lexicon it would be the second of that name."""
MAX_VALUES = (1 << 15) - 1
"""How many values an attribute may have: its column's dictionary has int16 indices."""


def schema(attributes: list[str]) -> pa.Schema:
    """Return the schema of a words file with these attributes."""
    fields = [
        pa.field("sentence", pa.int32(), nullable=False),
        pa.field("word", pa.int32(), nullable=False),
        *(pa.field(name, pa.string(), nullable=name == "lemma") for name in COLUMNS[2:]),
    ]
    value = pa.dictionary(pa.int16(), pa.string())
    return pa.schema(fields + [pa.field(name, value) for name in attributes])


def attributes_of(path: Path) -> list[str]:
    """Return the names of the attribute columns of a words file."""
    with open_parquet(path) as file:
        return [name for name in file.schema_arrow.names if name not in COLUMNS]


@dataclass(frozen=True)
class Size:
    """How many words a words file has, and how many of them have no lemma."""

    words: int
    without_lemma: int


def size_of(path: Path) -> Size:
    """Return the size of a words file, from its footer alone."""
    with open_parquet(path) as file:
        lemma = file.schema_arrow.names.index("lemma")
        groups = [file.metadata.row_group(i).column(lemma) for i in range(file.num_row_groups)]
        without = sum(group.statistics.null_count for group in groups if group.num_values)
        return Size(file.metadata.num_rows, without)


@dataclass(frozen=True)
class Placeholder:
    """A lemma that so many forms have that it may stand for none, as `<unknown>` does."""

    lemma: str
    forms: int
    """Its distinct forms, of `of` in the file."""
    of: int

    def __str__(self) -> str:
        return (
            f"{self.lemma!r} is the lemma of {self.forms:,} of {self.of:,} forms: where it stands "
            "for no lemma, put _ in its place, or all these words count as forms of one lexeme"
        )


PLACEHOLDER_FORMS, PLACEHOLDER_SHARE = 50, 0.05
"""From which number and share of a file's distinct forms a lemma is named as one that may stand for
none. In three treebanks of UD the largest share of a lemma in a file is 1.2 % (Turkish `ol`).
"""


def placeholder(path: Path) -> Placeholder | None:
    """Return the lemma of a words file that so many forms have that it may stand for none."""
    forms: dict[str | None, set[str]] = defaultdict(set)
    for batch in read_batches(path, 1 << 15, ["form", "lemma"]):
        pairs = zip(batch["lemma"].to_pylist(), batch["form"].to_pylist(), strict=True)
        for lemma, form in pairs:
            forms[lemma].add(form)
    of = len(set().union(*forms.values()))
    forms.pop(None, None)
    if not forms:
        return None
    lemma = max(forms, key=lambda one: (len(forms[one]), one))
    n_forms = len(forms[lemma])
    many = n_forms >= max(PLACEHOLDER_FORMS, PLACEHOLDER_SHARE * of)
    return Placeholder(lemma, n_forms, of) if many else None


@dataclass(frozen=True)
class Sentence:
    """One sentence of a words file."""

    number: int
    columns: dict[str, list]
    """The asked columns, one entry a word."""


def sentences(path: Path, columns: list[str], rows: int = 1 << 15) -> Iterator[Sentence]:
    """Yield the sentences of a words file one by one, a bounded number of rows at a time."""
    number: int | None = None
    held: dict[str, list] = {}
    for batch in read_batches(path, rows, ["sentence", *columns]):
        numbers = batch.column("sentence").to_pylist()
        values = {name: batch.column(name).to_pylist() for name in columns}
        start = 0
        for end in range(1, len(numbers) + 1):
            if end < len(numbers) and numbers[end] == numbers[start]:
                continue
            if numbers[start] != number:
                if number is not None:
                    yield Sentence(number, held)
                number, held = numbers[start], {name: [] for name in columns}
            for name in columns:
                held[name] += values[name][start:end]
            start = end
    if number is not None:
        yield Sentence(number, held)


def value_counts(path: Path) -> list[dict[str, Any]]:
    """Read `attributes.csv`: `attribute`, `value`, `split`, `forms` and `kept` of each row."""
    text = dict.fromkeys(("attribute", "value", "split"), pa.string())
    types = text | {"forms": pa.int64(), "kept": pa.bool_()}
    strings = pa.csv.ConvertOptions(
        column_types=types, include_columns=list(types), strings_can_be_null=False
    )
    try:
        return pa.csv.read_csv(path, convert_options=strings).to_pylist()
    except (pa.ArrowInvalid, KeyError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error


def kept_values(path: Path) -> dict[str, list[str]]:
    """Read `attributes.csv`: the attributes to study, each with its kept values, sorted."""
    kept: dict[str, set[str]] = {}
    for row in value_counts(path):
        if row["kept"]:
            kept.setdefault(row["attribute"], set()).add(row["value"])
    return {attribute: sorted(values) for attribute, values in sorted(kept.items())}
