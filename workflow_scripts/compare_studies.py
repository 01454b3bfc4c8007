"""Compare two studies: what differs in configuration, versions, sources, tables and figures.

Prints a summary: A is the first folder, B the second. `--html` writes the same with every
difference, and the figures side by side, as one page that opens offline. Ends with status 0 where
nothing differs, 1 where something does and 2 where a folder cannot be compared, as diff does.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from workflow_scripts import InputError
from workflow_scripts.command.line import run
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.frames import read_frame
from workflow_scripts.inspection.comparison_page import Pair, page
from workflow_scripts.inspection.differences import (
    TableDifferences,
    configured,
    options_in,
    table_differences,
)
from workflow_scripts.inspection.finished_study import read_provenance
from workflow_scripts.inspection.sentence_text import aligned

SAME, DIFFERENT, TROUBLE = 0, 1, 2
LARGEST = 3
"""Of how many columns of a table the summary shows the largest difference."""
_NOT_SAID = {
    *("column", "A", "B", "difference", "share"),
    *("ranker", "direction", "other_ranker", "other_direction"),
}
"""What of a difference is said otherwise, or by the ranking's name."""
_STAMP = re.compile(rb"<!-- neuron-pitfalls job [0-9a-f]+ -->\s*")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("a", type=Path, metavar="A", help="a study's results folder")
    parser.add_argument("b", type=Path, metavar="B", help="another one's")
    parser.add_argument("--html", type=Path, help="the page to write")
    parser.add_argument(
        "--tolerance", type=float, default=0, help="up to which difference numbers are equal"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    try:
        differ = compare(options)
    except (InputError, OSError) as error:
        if os.environ.get("NEURON_PITFALLS_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(TROUBLE)
    sys.stdout.flush()
    sys.exit(DIFFERENT if differ else SAME)


@dataclass(frozen=True)
class Study:
    """What is compared of a study."""

    folder: Path
    provenance: dict[str, Any]
    """Empty where it did not go to its end."""
    tables: dict[str, pl.DataFrame]
    figures: dict[str, bytes]
    """SVG, by name."""


def compare(options: argparse.Namespace) -> bool:
    """Compare the studies, print the summary and write the page; return whether they differ."""
    a, b = (read_study(folder) for folder in (options.a, options.b))
    sections = {
        name: configured(*(study.provenance.get(name, {}) for study in (a, b)))
        for name in ("configuration", "versions", "project", "sources")
        if a.provenance and b.provenance
    }
    options_of_plugins = options_in(*(s.provenance.get("configuration", {}) for s in (a, b)))
    tables = [
        table_differences(
            name, a.tables[name], b.tables[name], options_of_plugins, options.tolerance
        )
        for name in a.tables
        if name in b.tables
    ]
    missing = {
        f"{kind} only in {label}": [n for n in one if n not in other]
        for kind, label, one, other in _sides(a, b)
    }
    names = [name for name in a.figures if name in b.figures]
    figures = [Pair(name, a.figures[name], b.figures[name]) for name in names]
    said = list(summary(a, b, sections, tables, missing, figures))
    print("\n".join(said))
    if options.html:
        with whole_file(options.html) as part:
            part.write_text(page((a.folder, b.folder), sections, tables, missing, figures), "utf-8")
        print(f"\nall differences, and the figures side by side: {options.html}")
    differ = (
        any(sections.values())
        or any(table.any for table in tables)
        or any(missing.values())
        or any(not figure.same for figure in figures)
        or bool(a.provenance) != bool(b.provenance)
    )
    if not differ:
        print("no difference")
    return differ


def _sides(a: Study, b: Study) -> Iterator[tuple[str, str, Any, Any]]:
    for kind in ("tables", "figures"):
        one, other = getattr(a, kind), getattr(b, kind)
        yield kind, "A", one, other
        yield kind, "B", other, one


def read_study(folder: Path) -> Study:
    """Read tables and figures. Raises InputError, naming the folder, where it has no tables."""
    paths = sorted((folder / "tables").glob("*.parquet"))
    if not paths:
        what = "is not a folder" if not folder.is_dir() else "has no tables/*.parquet"
        raise InputError(f"{folder}: {what}: it is not the results of a study with tables")
    return Study(
        folder,
        read_provenance(folder) if (folder / "provenance.json").exists() else {},
        {path.stem: read_frame(path) for path in paths},
        {
            path.stem: _STAMP.sub(b"", path.read_bytes())
            for path in sorted((folder / "figures").glob("*.svg"))
        },
    )


def summary(
    a: Study,
    b: Study,
    sections: dict[str, list[tuple[str, Any, Any]]],
    tables: list[TableDifferences],
    missing: dict[str, list[str]],
    figures: list[Pair],
) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield f"A: {a.folder}"
    yield f"B: {b.folder}"
    for label, study in (("A", a), ("B", b)):
        if not study.provenance:
            yield f"{label} has no provenance.json (it did not go to its end): tables alone"
    for name, found in sections.items():
        if found:
            yield ""
            yield f"{name}: {len(found)} different"
            yield from aligned([[key, f"{_short(x)} | {_short(y)}"] for key, x, y in found])
    for what, names in missing.items():
        if names:
            yield f"{what}: {', '.join(names)}"
    differing = [table for table in tables if table.any]
    if differing:
        yield ""
        yield f"tables: {len(differing)} of {len(tables)} different"
        head = ["table", "rows of A", "of B", "only in A", "only in B", "in both, different"]
        counts = [
            [t.name, *(f"{n:,}" for n in (*t.rows, *map(len, t.only), t.differing))]
            for t in differing
        ]
        yield from aligned([head, *counts])
    for table in differing:
        for label, columns in zip("AB", table.columns_only, strict=True):
            if columns:
                yield f"{table.name}, columns only in {label}: {', '.join(columns)}"
    if any(len(table.numbers) for table in differing):
        yield ""
        yield "the largest differences of a column, by its range:"
        for table in differing:
            yield from (f"  {table.name}: {line(row)}" for row in _first(table.numbers))
    changed = [figure.name for figure in figures if not figure.same]
    if changed:
        yield ""
        yield f"figures: {len(changed)} of {len(figures)} different: {', '.join(changed)}"


def _first(numbers: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield a table's largest difference in each of the columns that differ most."""
    of_columns = numbers.unique("column", keep="first", maintain_order=True)
    yield from of_columns.head(LARGEST).iter_rows(named=True)


def line(row: dict[str, Any]) -> str:
    """Return a difference on one line: `accuracy 0.81 | 0.83 (model demo, k 10)`."""
    about = ", ".join(
        f"{key} {value}" for key, value in row.items() if key not in _NOT_SAID and value is not None
    )
    return f"{row['column']} {_number(row['A'])} | {_number(row['B'])} ({about})"


def _number(text: str | None) -> str:
    if text is None:
        return "none"
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def _short(value: Any, longest: int = 48) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


if __name__ == "__main__":
    run(arguments(), main)
