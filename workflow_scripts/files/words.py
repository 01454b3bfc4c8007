"""The words files: `words/{treebank}/{split}.parquet`, a row a surface word, in corpus order.

Columns: `sentence` (int32, from 0 in each split), `word` (int32, from 0 in each sentence), `form`,
`lemma` (null where the treebank gives none), `upos`; `head` (int32, the word of the sentence that
it depends on) and `deprel` (as what), null where the treebank does not say and of a multiword
token, `head` also of the root and where the head is a multiword token; and one nullable dictionary
column for each attribute of the treebank.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from workflow_scripts.files.artifact import ArtifactError, open_parquet, read_batches

COLUMNS = ("sentence", "word", "form", "lemma", "upos", "head", "deprel")
RESERVED = (*COLUMNS, "key", "subtoken", "train")
"""What no attribute may be called: here or in a lexicon it would be the second of that name."""
UNSPECIFIED = ("", "_")
"""What stands for UPOS or lemma where there is none."""
MAX_VALUES = (1 << 15) - 1
"""How many values an attribute may have: its column's dictionary has int16 indices."""


_OWN = {b"own": b"true"}
"""What the column of an attribute says that is one's own and not the schema's."""


def schema(attributes: list[str], own: Collection[str] = ()) -> pa.Schema:
    """Return the schema of a words file with these attributes, of which some are one's `own`."""
    fields = [
        pa.field("sentence", pa.int32(), nullable=False),
        pa.field("word", pa.int32(), nullable=False),
        *(pa.field(name, pa.string(), nullable=name == "lemma") for name in COLUMNS[2:5]),
        pa.field("head", pa.int32()),
        pa.field("deprel", pa.string()),
    ]
    value = pa.dictionary(pa.int16(), pa.string())
    marks = {name: _OWN if name in own else None for name in attributes}
    return pa.schema(fields + [pa.field(n, value, metadata=mark) for n, mark in marks.items()])


def attributes_of(path: Path) -> list[str]:
    """Return the names of the attribute columns of a words file."""
    with open_parquet(path) as file:
        return [name for name in file.schema_arrow.names if name not in COLUMNS]


def compared_attributes(path: Path, attribute: str) -> list[str]:
    """Return an attribute, and the others in which words are compared that differ in it.

    In the order of the words file: the schema's attributes. Labels of one's own are none of them,
    so that what is found of an attribute does not change with what else a study labels.
    """
    with open_parquet(path) as file:
        fields = [field for field in file.schema_arrow if field.name not in COLUMNS]
        own = {f.name for f in fields if _OWN.items() <= (f.metadata or {}).items()}
    return [f.name for f in fields if f.name == attribute or f.name not in own]


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


def placeholders(path: Path) -> list[Placeholder]:
    """Return the lemmas of a words file that so many forms have that they may stand for none."""
    pairs = set(_columns(path, "lemma", "form"))
    of = len({form for _, form in pairs})
    least = max(PLACEHOLDER_FORMS, PLACEHOLDER_SHARE * of)
    forms = Counter(lemma for lemma, _ in pairs if lemma)
    return [Placeholder(lemma, n, of) for lemma, n in sorted(forms.items()) if n >= least]


def share_of_varied(
    paths: Iterable[Path], attribute: str, values: Iterable[str], lemma_alone: bool
) -> float:
    """Return the share of words whose lexeme has two values of an attribute or more.

    Of the words of all files with a lemma and one of the values; a lexeme is a lemma and its UPOS,
    or the lemma alone. Where a word's other forms have other lemmas, no change of it can be known
    for one of its value alone. NaN without such words.
    """
    rows: Counter[tuple] = Counter()
    for path in paths:
        if attribute in attributes_of(path):
            rows.update(_columns(path, "lemma", "upos", attribute))
    words: dict[tuple, Counter] = defaultdict(Counter)
    for (lemma, upos, value), n in rows.items():
        if lemma is not None and value in values:
            words[(lemma,) if lemma_alone else (lemma, upos)][value] += n
    varied = sum(counts.total() for counts in words.values() if len(counts) > 1)
    every = sum(counts.total() for counts in words.values())
    return varied / every if every else math.nan


def _columns(path: Path, *names: str) -> Iterator[tuple]:
    """Yield these columns of each word."""
    for batch in read_batches(path, 1 << 15, list(names)):
        yield from zip(*(values_of(batch.column(name)) for name in names), strict=True)


def codes(column: pa.DictionaryArray) -> np.ndarray:
    """Return the place of each word's value in an attribute's dictionary, (n,) int64, or -1."""
    place = column.indices.to_numpy(zero_copy_only=False)  # not a number where there is no value
    return np.nan_to_num(place, nan=-1).astype(np.int64)


def values_of(column: pa.Array) -> list:
    """Return the values of a column. Arrow itself takes 60 times as long for an attribute's."""
    if not pa.types.is_dictionary(column.type):
        return column.to_pylist()
    values = np.array([*column.dictionary.to_pylist(), None], object)
    return values[codes(column)].tolist()


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
        values = {name: values_of(batch.column(name)) for name in columns}
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


def largest_min_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the largest `min_types` with which each attribute is kept, 0 where with none.

    Of rows with `attribute`, `value`, `split` and `forms`. A value is kept up to its forms in the
    poorest split that has it, if training has it; an attribute as long as two values are.
    """
    forms: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        values = forms.setdefault(row["attribute"], {})
        values.setdefault(row["value"], {})[row["split"]] = row["forms"]
    found = {}
    for attribute, values in forms.items():
        poorest = [
            min(filter(None, splits.values())) if splits.get("train") else 0
            for splits in values.values()
        ]
        found[attribute] = sorted([0, 0, *poorest])[-2]
    return found


def values_there(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return, for each attribute and split, the values that the split has words of.

    Of rows with `attribute`, `value`, `split` and `forms`; values are in the order of the rows.
    """
    there: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        of_split = there.setdefault(row["attribute"], {}).setdefault(row["split"], [])
        if row["forms"]:
            of_split.append(row["value"])
    return there


def nearest(largest: Mapping[str, int]) -> str:
    """Say which attribute comes nearest to being kept, of those in `largest_min_types`."""
    if not any(largest.values()):
        return "no attribute has two values"
    attribute = max(largest, key=lambda name: (largest[name], name))
    return f"nearest comes {attribute} with {largest[attribute]} forms"
