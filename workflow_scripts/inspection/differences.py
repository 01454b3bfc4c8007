"""Differences between two studies: in what was configured, and row by row in each table.

A table is compared by the columns that say what a row is about, its *keys*:

* columns of text and of truth values, but for MEASURED, which a study finds out;
* NUMBERED numbers, and options of rankers and methods (`beta`), which a study is told;
* not `k` where it is a saturation point, which is found: in `examples`, and where `point` says so.

Where several rows have the same keys, they are numbered in their order. All other columns are
measured; a row of both studies differs where one of them does.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from workflow_scripts.files.columns import IDENTITY

MEASURED = {"name", "saturated", "predicted", "text", "change"}
NUMBERED = {"layer", "k", "n", "sentence", "word", "neuron", "position"}
_SAID = [*IDENTITY, "probe", "method", "k"]
"""The keys that are said first."""
ROW = "row"
"""The key of rows that no other key tells apart."""
AT_SATURATION = "k at saturation"
"""The measured column that stands for a `k` which is no key."""


@dataclass(frozen=True)
class TableDifferences:
    """What differs in a table."""

    name: str
    rows: tuple[int, int]
    """How many it has in A and in B."""
    only: tuple[pl.DataFrame, pl.DataFrame]
    """The keys of rows that A alone has, and B alone."""
    columns_only: tuple[list[str], list[str]]
    """Measured columns that A alone has, and B alone."""
    differing: int
    """How many rows of both differ."""
    numbers: pl.DataFrame
    """A row for each number or text that differs, the largest differences first: the keys;
    `column`, `A` and `B` (text), `difference` (B - A, null where one of them is no number) and
    `share`, its size by the range of the column in both studies (1 where it has none)."""

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.differing or any(map(len, self.only)) or any(self.columns_only))


def configured(a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    """Return the keys of two nested mappings that differ, with both values; None for none.

    Entries of a list that have names go by them: `interventions.translation.beta`.
    """
    one, other = (dict(_flat(of, "")) for of in (a, b))
    keys = list(dict.fromkeys([*one, *other]))
    return [(k, one.get(k), other.get(k)) for k in sorted(keys) if one.get(k) != other.get(k)]


def _flat(of: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(of, list) and of and all(isinstance(x, dict) and "name" in x for x in of):
        of = {entry["name"]: {k: v for k, v in entry.items() if k != "name"} for entry in of}
    if isinstance(of, dict) and of:
        for name, value in of.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, of


def options_in(*configurations: Mapping[str, Any]) -> set[str]:
    """Return the options of rankers and methods in configurations: columns of their tables."""
    return {
        option
        for configuration in configurations
        for key in ("rankings", "interventions")
        for entry in configuration.get(key, [])
        if isinstance(entry, dict)
        for option in entry
    }


def keys_of(table: pl.DataFrame, options: Collection[str]) -> list[str]:
    """Return the columns that say what a row is about."""
    return [
        name
        for name, kind in table.schema.items()
        if name not in MEASURED
        and (not kind.is_numeric() or name in NUMBERED or name in options or kind == pl.Null)
    ]


def table_differences(
    name: str,
    a: pl.DataFrame,
    b: pl.DataFrame,
    options: Collection[str] = (),
    tolerance: float = 0,
) -> TableDifferences:
    """Compare a table of two studies.

    `options` are names of columns that are options of rankers or methods; numbers that differ by
    no more than `tolerance` are equal.
    """
    a, b = (_with_found_k(name, table) for table in (a, b))
    of_either = list(dict.fromkeys([*keys_of(a, options), *keys_of(b, options)]))
    a, b = _alike(a, b, of_either)
    keys = of_either
    if any(table.select(keys).is_duplicated().any() for table in (a, b)):
        keys = [*keys, ROW]
        place = pl.int_range(pl.len()).over(of_either).alias(ROW)
        a, b = a.with_columns(place), b.with_columns(place)
    only = tuple(
        one.join(other, on=keys, how="anti", nulls_equal=True).select(_ordered(keys))
        for one, other in ((a, b), (b, a))
    )
    measured = [[c for c in table.columns if c not in keys] for table in (a, b)]
    both = a.join(b, on=keys, how="inner", nulls_equal=True, suffix=" of B")
    found = [
        _of_column(both, keys, column, tolerance) for column in measured[0] if column in measured[1]
    ]
    numbers = pl.concat(found) if found else _nothing(both, keys)
    numbers = numbers.sort("share", descending=True, maintain_order=True)
    return TableDifferences(
        name,
        (len(a), len(b)),
        only,  # pyright: ignore[reportArgumentType]
        tuple([c for c in one if c not in other] for one, other in (measured, measured[::-1])),  # pyright: ignore[reportArgumentType]
        numbers.select(keys).n_unique() if len(numbers) else 0,
        numbers,
    )


def _with_found_k(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """Return a table with a `k` that a study found in a column of its own."""
    if "k" not in table.columns:
        return table
    if name == "examples":
        return table.rename({"k": AT_SATURATION})
    if "point" in table.columns:
        is_found = pl.col("point") == "saturation"
        found = pl.when(is_found).then("k").alias(AT_SATURATION)
        return table.with_columns(found, pl.when(~is_found).then("k").alias("k"))
    return table


def _alike(a: pl.DataFrame, b: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both with all keys, of one type each: a key that a study has not is null there."""
    for key in keys:
        kinds = {table.schema[key] for table in (a, b) if key in table.columns} - {pl.Null}
        kind = next(iter(kinds)) if len(kinds) == 1 else pl.String
        cast = [
            table.with_columns(pl.col(key).cast(kind))
            if key in table.columns
            else table.with_columns(pl.lit(None, kind).alias(key))
            for table in (a, b)
        ]
        a, b = cast
    return a, b


def _ordered(keys: list[str]) -> list[str]:
    return [*(key for key in _SAID if key in keys), *(key for key in keys if key not in _SAID)]


def _of_column(both: pl.DataFrame, keys: list[str], column: str, tolerance: float) -> pl.DataFrame:
    """Return where a measured column differs in rows that both studies have."""
    one, other = both[column], both[f"{column} of B"]
    numeric = one.dtype.is_numeric() and other.dtype.is_numeric()
    if numeric:
        one, other = (of.cast(pl.Float64).fill_nan(None) for of in (one, other))
    else:
        one, other = (of.cast(pl.String) for of in (one, other))
    difference = other - one if numeric else pl.Series([None] * len(both), dtype=pl.Float64)
    is_equal = one.eq_missing(other)
    if numeric:
        is_equal |= (difference.abs() <= tolerance).fill_null(False)
    ends = [
        end for of in (one, other) if numeric for end in (of.min(), of.max()) if end is not None
    ]
    width = max(ends) - min(ends) if ends else 0.0  # pyright: ignore[reportOperatorIssue, reportArgumentType]
    share = (difference.abs() / width if width else difference).fill_nan(None).fill_null(1.0)
    shown = [both[name] for name in (column, f"{column} of B")]
    return (
        both.select(_ordered(keys))
        .with_columns(
            pl.Series("column", [column] * len(both), pl.String),
            shown[0].cast(pl.String).alias("A"),
            shown[1].cast(pl.String).alias("B"),
            difference.alias("difference"),
            share.alias("share"),
        )
        .filter(~is_equal)
    )


def _nothing(both: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    kinds = {"column": pl.String, "A": pl.String, "B": pl.String}
    kinds |= {"difference": pl.Float64, "share": pl.Float64}
    schema = {key: both.schema[key] for key in _ordered(keys)} | kinds
    return pl.DataFrame(schema=schema)
