"""Draw one figure of the study -> `figures/{figure}.svg`, `.pdf`, and `.json` in Vega-Lite."""

import argparse
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.origin import stamp
from workflow_scripts.report.figures import style

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--figure", required=True, help="probing_curves, overlap ...")
    parser.add_argument(
        "--tables", type=Path, nargs="+", required=True, help="Parquet files, named as the tables"
    )
    parser.add_argument(
        "--compiled", nargs="*", default=[], help="models that are in no figure with others"
    )
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--pdf", type=Path, required=True, help="PDF to write")
    parser.add_argument("--json", type=Path, required=True, help="Vega-Lite to write")
    return parser


def main(options: argparse.Namespace) -> None:
    figure = load("figures", options.figure)
    tables = {path.stem: path for path in options.tables}
    for name in figure.USES:
        if name not in tables:
            raise InputError(f"{options.figure}: reads the table {name}, which --tables has not")
    frames = {name: read_frame(tables[name]) for name in figure.USES}
    spec, shown = drawn(figure, {n: of_trained(options.compiled, t) for n, t in frames.items()})
    words = {"title": figure.TITLE, "lead": figure.LEAD, "caption": figure.CAPTION}
    spec["usermeta"] = words | {"made_by": options.made_by, "stamp": stamp(options.made_by)}
    svg = svg_of(shown)
    with whole_file(options.svg, options.made_by) as part:
        part.write_text(svg, encoding="utf-8")
    with whole_file(options.pdf, options.made_by) as part:
        part.write_bytes(pdf_of(svg))
    with whole_file(options.json) as part:
        text = json.dumps(spec, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        part.write_text(text + "\n", encoding="utf-8")


def of_trained(compiled: list[str], table: pl.DataFrame) -> pl.DataFrame:
    """Return a table without compiled models, where it has others.

    Curves are means over all configurations, and these were made to show something.
    """
    if "model" not in table.columns:
        return table
    trained = ~pl.col("model").is_in(compiled).fill_null(value=False)
    return table.filter(trained) if table.filter(trained)["model"].count() else table


def drawn(figure: Any, tables: dict[str, pl.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a figure's Vega-Lite for a page and for paper.

    They are one where there is something to show; else a sentence stands in its place.
    """
    chart = figure.build(tables)
    if chart is None or isinstance(chart, str):
        missing = f"nothing to show: {chart or figure.MISSING}"
        return {"missing": missing}, _sentence(figure.TITLE, missing)
    # Checking each of thousands of rows against the schema would take most of the time.
    spec = chart.to_dict(validate=False)
    spec["description"] = figure.LEAD
    return spec, spec


def svg_of(spec: dict[str, Any]) -> str:
    """Return Vega-Lite as SVG, the same at every call; nothing is fetched for it."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    # Gradients are counted through all figures of a process: count them through this one.
    names = list(dict.fromkeys(re.findall(r"\bgradient_\d+\b", svg)))
    return re.sub(r"\bgradient_\d+\b", lambda name: f"gradient_{names.index(name[0])}", svg)


# Lines of a PDF that name the resources of a page or of a group: `/gs0 7 0 R`.
RESOURCES = re.compile(rb"(?: */[A-Za-z]+\d+ \d+ 0 R\n){2,}")


def pdf_of(svg: str) -> bytes:
    """Return SVG as PDF, the same at every call.

    Resources are named in an order that changes from run to run: sort them. No offset moves, as
    they stay within their own dictionary.
    """
    return RESOURCES.sub(
        lambda lines: b"".join(sorted(lines[0].splitlines(keepends=True))),
        vl_convert.svg_to_pdf(svg),
    )


def _sentence(title: str, text: str) -> dict[str, Any]:
    mark = {"type": "text", "align": "left", "baseline": "top", "fontSize": 13, "x": 0, "y": 4}
    return {
        "$schema": alt.SCHEMA_URL,
        "config": style.CONFIG | {"view": {"stroke": None}},
        "title": title,
        "width": 420,
        "height": 40,
        "data": {"values": [{}]},
        "mark": mark | {"color": style.INK, "text": textwrap.wrap(text, 70)},
    }


if __name__ == "__main__":
    run(arguments(), main)
