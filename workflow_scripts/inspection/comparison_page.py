"""The page of a comparison: all that differs, and the figures side by side, in one HTML file.

It makes no request: figures are images whose data stand in the page.
"""

import base64
import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import polars as pl

from workflow_scripts.inspection.differences import TableDifferences

LONGEST = 500
"""The most rows of a table of differences."""


@dataclass(frozen=True)
class Pair:
    """A figure of both studies, as SVG."""

    name: str
    a: bytes
    b: bytes

    @property
    def same(self) -> bool:
        """Whether both are the same drawing."""
        return self.a == self.b


def page(
    folders: tuple[Path, Path],
    sections: Mapping[str, list[tuple[str, Any, Any]]],
    tables: Sequence[TableDifferences],
    missing: Mapping[str, Mapping[str, list[str]]],
    figures: Sequence[Pair],
) -> str:
    """Return the page as HTML.

    `missing` has the names of `tables` and `figures` that one study alone has, by which it is.
    """
    template = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    lone = {kind: _lone(of_kind) for kind, of_kind in missing.items()}
    title = "<h2>figures of one study alone</h2>"
    return Template(template).substitute(
        a=_text(folders[0]),
        b=_text(folders[1]),
        sections="".join(_section(name, found) for name, found in sections.items())
        or "<p>Tables and figures alone: a study has no provenance.json.</p>",
        tables_missing=lone["tables"],
        figures_missing=lone["figures"] and title + lone["figures"],
        tables=_counts(tables),
        differences="".join(_table(table) for table in tables if table.any),
        figures="".join(map(_figure, sorted(figures, key=lambda figure: figure.same))),
    )


def _text(value: Any) -> str:
    return html.escape(value if isinstance(value, str) else str(value))


def _lone(names: Mapping[str, list[str]]) -> str:
    return "".join(
        f"<p>{what}: {', '.join(map(_text, of))}</p>" for what, of in names.items() if of
    )


def _rows(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    def row(cells: Iterable[Any], tag: str) -> str:
        return "".join(f"<{tag}>{'' if c is None else _text(c)}</{tag}>" for c in cells)

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return f'<div class="wide"><table><tr>{row(head, "th")}</tr>{body}</table></div>'


def _section(name: str, found: list[tuple[str, Any, Any]]) -> str:
    if not found:
        return f"<h2>{name}</h2><p>No difference.</p>"
    rows = [(key, *(None if x is None else _value(x) for x in both)) for key, *both in found]
    return f"<h2>{name}</h2>{_rows(('key', 'A', 'B'), rows)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counts(tables: Sequence[TableDifferences]) -> str:
    head = ("table", "rows of A", "of B", "only in A", "only in B", "in both, different")
    rows = [(t.name, *t.rows, *map(len, t.only), t.differing) for t in tables]
    return _rows(head, rows)


def _table(table: TableDifferences) -> str:
    parts = [f"<h3>{_text(table.name)}</h3>"]
    for label, columns in zip("AB", table.columns_only, strict=True):
        if columns:
            parts.append(f"<p>Columns only in {label}: {', '.join(map(_text, columns))}</p>")
    shown = {"in both, different, the largest first": table.numbers}
    shown |= {f"only in {label}": of for label, of in zip("AB", table.only, strict=True)}
    for title, frame in shown.items():
        if len(frame):
            parts.append(
                f"<details><summary>{title} ({len(frame):,})</summary>{_frame(frame)}</details>"
            )
    return "".join(parts)


def _frame(frame: pl.DataFrame) -> str:
    kept = [name for name in frame.columns if frame[name].null_count() < len(frame)]
    more = len(frame) - LONGEST
    rest = f"<p>And {more:,} more.</p>" if more > 0 else ""
    return _rows(kept, frame.head(LONGEST).select(kept).iter_rows()) + rest


def _figure(figure: Pair) -> str:
    one = [("A and B, the same", figure.a)] if figure.same else [("A", figure.a), ("B", figure.b)]
    images = "".join(
        f'<figure><figcaption>{label}</figcaption><img alt="{_text(figure.name)}, {label}" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"></figure>'
        for label, svg in one
    )
    return f'<h3>{_text(figure.name)}</h3><div class="pair">{images}</div>'
