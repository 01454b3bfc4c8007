"""Dictionary: what each column of a table is, in the Parquet file of the table itself.

    write_parquet(path, described(table, {"nmi": Meaning("share", "Mutual ...")}), made_by(...))
    columns_of(path)["nmi"]    # Column(type="number", unit="share", meaning="Mutual ...")

Unit and meaning are metadata of the column's Arrow field, under the keys `unit`, where it has one,
and `meaning`. So they stay with the table wherever its file goes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from workflow_scripts.files.artifact import MEANING_KEY, UNIT_KEY, open_parquet


class Meaning(NamedTuple):
    """What a column says."""

    unit: str | None
    """`share`, `bits`, `neurons` ...; None of what is no quantity."""
    meaning: str
    """One sentence."""


class Column(NamedTuple):
    """A row of the dictionary, without the names of table and column."""

    type: str
    """`text`, `integer`, `number` or `boolean`."""
    unit: str | None
    meaning: str


def described(table: pa.Table, meanings: Mapping[str, Meaning]) -> pa.Table:
    """Return a table with the unit and the meaning of each column in its field's metadata."""
    fields = [field.with_metadata(_metadata(meanings[field.name])) for field in table.schema]
    return table.cast(pa.schema(fields))


def _metadata(of: Meaning) -> dict[bytes, bytes]:
    unit = {UNIT_KEY: of.unit.encode()} if of.unit else {}
    return unit | {MEANING_KEY: of.meaning.encode()}


def columns_of(path: Path) -> dict[str, Column]:
    """Return the columns of a table's Parquet file by name, in their order.

    Raises ArtifactError, naming the file, where it is damaged.
    """
    with open_parquet(path) as file:
        schema = file.schema_arrow
    found = {}
    for field in schema:
        metadata = field.metadata or {}
        unit = metadata[UNIT_KEY].decode() if UNIT_KEY in metadata else None
        meaning = metadata.get(MEANING_KEY, b"").decode()
        found[field.name] = Column(_type(field.type), unit, meaning)
    return found


def _type(type: pa.DataType) -> str:
    if pa.types.is_boolean(type):
        return "boolean"
    if pa.types.is_integer(type):
        return "integer"
    return "number" if pa.types.is_floating(type) else "text"
