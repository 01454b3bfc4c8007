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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
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
    parser.add_argument("--html", type=Path, help="the page to write, in a folder that is there")
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
    if not options.tolerance >= 0:  # nan is not either
        raise InputError(f"--tolerance: {options.tolerance:g}: it is a number from 0 on")
    if options.html:
        require_writable(options.html)
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
        kind: {
            f"{kind} only in {label}": [name for name in one if name not in other]
            for label, one, other in _sides(kind, a, b)
        }
        for kind in ("tables", "figures")
    }
    names = [name for name in a.figures if name in b.figures]
    figures = [Pair(name, a.figures[name], b.figures[name]) for name in names]
    said = list(summary(a, b, sections, tables, missing, figures))
    print("\n".join(said))
    if options.html:
        text = page((a.folder, b.folder), sections, tables, missing, figures)
        with _named(options.html), whole_file(options.html) as part:
            part.write_text(text, "utf-8")
        print(f"\nall differences, and the figures side by side: {options.html}")
    differ = (
        any(sections.values())
        or any(table.any for table in tables)
        or any(names for of_kind in missing.values() for names in of_kind.values())
        or any(not figure.same for figure in figures)
        or bool(a.provenance) != bool(b.provenance)
    )
    if not differ:
        print("no difference")
    return differ


def require_writable(path: Path) -> None:
    """Raise InputError, naming the file, where it cannot be written; leaves nothing there.

    Before studies are compared, which takes long.
    """
    with _named(path):
        if path.is_dir():
            raise InputError(f"--html: {path}: is a folder; name a file")
        if path.exists() and not path.is_file():  # a pipe or a device would be replaced
            raise InputError(f"--html: {path}: is no regular file")
        if not path.parent.is_dir():
            raise InputError(f"--html: {path}: there is no folder {path.parent}")
        with TemporaryFile(dir=path.parent):
            pass


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file that was asked for in an error of writing it, and not one beside it."""
    try:
        yield
    except OSError as error:
        raise InputError(f"--html: {path}: cannot be written ({error.strerror})") from error


def _sides(kind: str, a: Study, b: Study) -> Iterator[tuple[str, Any, Any]]:
    one, other = getattr(a, kind), getattr(b, kind)
    yield "A", one, other
    yield "B", other, one


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
    missing: dict[str, dict[str, list[str]]],
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
    for what, names in (missing["tables"] | missing["figures"]).items():
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
