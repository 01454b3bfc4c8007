"""The page: findings, figures, tables and what was run, as one HTML file without any request.

The figures' library, the figures and the tables are written into the page; a table too long for
that is left in its file, which the page says.
"""

import base64
import gzip
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import polars as pl
import vl_convert
import yaml

from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.report import neurons
from workflow_scripts.report.findings import Findings, Pitfall

LONGEST = 50_000
"""The most rows of a table that the page carries."""
FIRST = (
    *("contrasts", "used_vs_encoded", "probing_curves"),
    *("intervention_curves", "side_effects", "concord", "transfer", "layer_profiles"),
)
"""The figures that tell the pitfalls, in the order of telling; the others come after."""
_PARTS = Path(__file__).parent


@dataclass(frozen=True)
class Figure:
    """One figure of the page."""

    name: str
    title: str
    caption: str
    spec: dict[str, Any]
    """Its Vega-Lite specification, or {"missing": why there is nothing to show}."""


@dataclass(frozen=True)
class Run:
    """What was run."""

    configuration: dict[str, Any]
    versions: dict[str, str]
    sizes: pl.DataFrame
    """`treebank`, and words of each split."""
    notes: tuple[str, ...] = ()
    """What of the words may not be as meant."""


def page(
    findings: Findings, figures: Sequence[Figure], tables: Mapping[str, pl.DataFrame], run: Run
) -> str:
    """Return the report as HTML."""
    figures = sorted(figures, key=_place)
    carried = {name: table for name, table in tables.items() if len(table) <= LONGEST}
    data = {
        "figures": {f.name: _untitled(f.spec) for f in figures if "missing" not in f.spec},
        "tables": {name: _columns(table) for name, table in carried.items()},
        "about": {name: _about(name, table) for name, table in sorted(tables.items())},
    }
    more = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in findings.more)
    return Template(_part("page.html")).substitute(
        title="neuron-pitfalls: what this study found",
        css=_part("page.css"),
        study=html.escape(_study(tables, run)),
        pitfalls="".join(
            _pitfall(p) for p in (findings.ranking_is_not_a_probe, findings.encoded_is_not_used)
        ),
        more=f'<ul class="more">{more}</ul>' if more else "",
        figures="".join(map(_figure, figures)),
        neurons=neurons.section(tables, run.configuration["neurons"]["describe"]),
        run=_run(run),
        data=_embedded(data),
        vega=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
        script=_part("page.js"),
    )


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """Return data as gzipped JSON in base64: a tenth of its size, and nothing ends its element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")


def _place(figure: Figure) -> tuple[int, str]:
    place = FIRST.index(figure.name) if figure.name in FIRST else len(FIRST)
    return place, figure.name


def _untitled(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a figure without what stands above it on the page."""
    return {key: value for key, value in spec.items() if key not in ("title", "usermeta")}


def _columns(table: pl.DataFrame) -> dict[str, list]:
    """Return a table by columns, with None where a number is not one, or infinite."""
    numbers = pl.col(pl.Float64)
    return table.with_columns(pl.when(numbers.is_finite()).then(numbers)).to_dict(as_series=False)


def _about(name: str, table: pl.DataFrame) -> str:
    if len(table) > LONGEST:
        return f"{len(table):,} rows, too many for this page: they are in tables/{name}.csv."
    return "" if len(table) else "This study gives it no row."


def _pitfall(pitfall: Pitfall) -> str:
    sentences = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in pitfall.sentences)
    kind = pitfall.verdict.replace(" ", "-")
    return (
        f'<article class="pitfall"><span class="verdict {kind}">{pitfall.verdict}</span>'
        f"<h2>{html.escape(pitfall.title)}</h2>"
        f'<p class="headline">{html.escape(pitfall.headline)}</p><ul>{sentences}</ul></article>'
    )


def _figure(figure: Figure) -> str:
    missing = figure.spec.get("missing")
    body = (
        f'<p class="missing">{html.escape(missing)}</p>'
        if missing
        else f'<div class="wide"><div id="figure-{figure.name}"></div></div>'
    )
    return (
        f'<article class="figure"><div><h3>{html.escape(figure.title)}</h3>'
        f'<p class="caption">{html.escape(figure.caption)}</p></div>{body}</article>'
    )


def _study(tables: Mapping[str, pl.DataFrame], run: Run) -> str:
    """Say in a line what the study is of."""
    names = ["model", "treebank", "attribute", "layer"]
    of = [
        table.select(names).drop_nulls()
        for name, table in sorted(tables.items())
        if name in ("probing", "saturation")
    ]
    words = run.sizes.select(SPLITS).sum_horizontal().sum()
    configurations = pl.concat(of).unique().height if of else 0
    counts = {name: len(run.configuration[f"{name}s"]) for name in ("model", "treebank")}
    counts |= {"word": words, "configuration": configurations}
    parts = (f"{n:,} {name}{'' if n == 1 else 's'}" for name, n in counts.items())
    return f"{', '.join(parts)} (model, treebank, attribute, layer)."


def _run(run: Run) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items()))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in run.sizes.columns)
    rows = "".join(
        "<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in run.sizes.iter_rows()
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in run.notes)
    configuration = yaml.safe_dump(run.configuration, sort_keys=False, allow_unicode=True)
    return (
        f'<h3>Words</h3><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
        + f"<h3>Versions</h3><p>{html.escape(versions)}</p>"
        f"<h3>Configuration</h3><pre>{html.escape(configuration)}</pre>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{html.escape(str(value))}</td>"
