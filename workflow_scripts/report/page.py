"""The page: findings, figures, tables and what was run, as one HTML file without any request.

The figures' library, the figures and the tables are written into the page; a table too long for
that is left in its file, which the page says.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

import polars as pl
import vl_convert
import yaml

from workflow_scripts.files.columns import CONFIGURATION, RANKING
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.report import neurons
from workflow_scripts.report.carried import embedded, part
from workflow_scripts.report.figures import style
from workflow_scripts.report.findings import Findings, Pitfall
from workflow_scripts.report.glossary import TERMS
from workflow_scripts.report.verdicts import FEW, Named, clearly, telling_method

LONGEST = 50_000
"""The most rows of a table that the page carries."""
OVERVIEW = "overview"
"""The figure of the first screen."""
SCRIPTS = (
    *("carried.js", "page.js", "glossary.js", "findings.js", "describe.js", "figures.js"),
    *("examples.js", "tables.js", "start.js"),
)
"""The parts of the page's script, in their order: each uses what stands before it."""
FIRST = (
    *("contrasts", "used_vs_encoded", "probing_curves"),
    *("intervention_curves", "side_effects", "concord", "transfer", "layer_profiles"),
)
"""The figures that tell the pitfalls, in the order of telling; the others come after."""


@dataclass(frozen=True)
class Figure:
    """One figure of the page."""

    name: str
    title: str
    caption: str
    spec: dict[str, Any]
    """Its Vega-Lite specification, or {"missing": why there is nothing to show}."""
    lead: str = ""


Columns = Mapping[str, Mapping[str, tuple[str, str]]]
"""The unit and the meaning of each column of each table."""


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
    findings: Findings,
    figures: Sequence[Figure],
    tables: Mapping[str, pl.DataFrame],
    run: Run,
    columns: Columns | None = None,
) -> str:
    """Return the report as HTML."""
    figures = sorted(figures, key=_place)
    carried = {name: table for name, table in tables.items() if len(table) <= LONGEST}
    rankings = _rankings(tables)
    pitfalls = (findings.ranking_is_not_a_probe, findings.encoded_is_not_used)
    data = {
        "figures": {f.name: _untitled(f.spec) for f in figures if "missing" not in f.spec},
        "tables": {name: _columns(table) for name, table in carried.items()},
        "about": {name: _about(name, table) for name, table in sorted(tables.items())},
        "studied": _studied(tables),
        "rankings": _drawn(rankings),
        "findings": {
            "few_pairs": FEW,
            "readable": None if findings.readable is None else _named(findings.readable),
            **_compared(tables),
            "pitfalls": [_counted(pitfall) for pitfall in pitfalls],
        },
        "glossary": TERMS,
        "columns": columns or {},
    }
    first = [figure for figure in figures if figure.name == OVERVIEW]
    return Template(part("page.html")).substitute(
        title="neuron-pitfalls: what this study found",
        css=part("page.css"),
        study=html.escape(_study(tables, run)),
        first="".join(map(_first, first)),
        pitfalls="".join(_pitfall(pitfall, rankings) for pitfall in pitfalls),
        more=_more(findings.more, rankings),
        figures="".join(_figure(figure) for figure in figures if figure not in first),
        neurons=neurons.section(tables, run.configuration),
        run=_run(run),
        glossary="".join(
            f"<dt>{html.escape(term)}</dt><dd>{html.escape(said)}</dd>"
            for term, said in sorted(TERMS.items(), key=lambda item: item[0].lower())
        ),
        data=embedded(data),
        vega=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
        script=part(*SCRIPTS),
    )


def _studied(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Return every configuration that a table has: what the filters choose among."""
    found = [
        table.select(CONFIGURATION).drop_nulls()
        for _, table in sorted(tables.items())
        if set(CONFIGURATION) <= set(table.columns)
    ]
    return pl.concat(found).unique(maintain_order=True).to_dicts() if found else []


def _rankings(tables: Mapping[str, pl.DataFrame]) -> style.Rankings:
    """Return every ranking that a table has; `all`, which is none, has no ranker."""
    found = [
        table.select(RANKING).filter(pl.col("ranker").is_not_null())
        for _, table in sorted(tables.items())
        if set(RANKING) <= set(table.columns)
    ]
    return style.rankings(pl.concat(found)) if found else {}


def _drawn(rankings: style.Rankings) -> dict[str, dict[str, str]]:
    """Return how each ranking is called and drawn, as in the figures."""
    colours = style.colours(rankings)
    return {
        name: {
            "label": style.in_words(name, direction),
            "colour": colour,
            "dash": ",".join(map(str, style.DASHES[direction])),
        }
        for (name, (_, direction)), colour in zip(rankings.items(), colours, strict=True)
    }


def _compared(tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """Return up to which p a difference is clear, and of which method and measure words moved."""
    if "contrasts" not in tables:
        return {}
    contrasts = tables["contrasts"]
    return {"clearly": clearly(contrasts), "telling": telling_method(contrasts)}


def _named(configurations: Iterable[Named]) -> list[dict[str, Any]]:
    return [dict(zip(CONFIGURATION, of, strict=True)) for of in configurations]


def _counted(pitfall: Pitfall) -> dict[str, Any]:
    """Return what the page needs to count again what filters leave."""
    names = _named(pitfall.heaps)
    heaps = [of | {"heap": heap} for of, heap in zip(names, pitfall.heaps.values(), strict=True)]
    return {"heaps": heaps, "claims": dict(pitfall.claims)}


def plain(sentence: str, rankings: style.Rankings) -> str:
    """Return a finding with rankings from the top by their bare names: findings know no others."""
    for name in sorted(rankings, key=len, reverse=True):
        if rankings[name][1] == "ttb" and name.endswith("-ttb"):
            sentence = re.sub(
                rf"(?<![\w-]){re.escape(name)}(?![\w-])", name.removesuffix("-ttb"), sentence
            )
    return sentence


def _listed(sentences: Sequence[str], rankings: style.Rankings) -> str:
    return "".join(f"<li>{html.escape(plain(text, rankings))}</li>" for text in sentences)


_WHOLE = (
    '<p class="whole-study" hidden><em>Of the whole study, whatever the filters leave:</em></p>'
)


_NO_VERDICT = (
    '<p class="no-verdict" hidden>These counts are of what is chosen; a verdict is of the whole '
    "study, and none is given of a choice made after looking.</p>"
)


def _more(sentences: Sequence[str], rankings: style.Rankings) -> str:
    if not sentences:
        return ""
    return (
        '<details class="more"><summary>What else this study says, and what it left out</summary>'
        f'{_WHOLE}<ul class="explain">{_listed(sentences, rankings)}</ul></details>'
    )


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


def _pitfall(pitfall: Pitfall, rankings: style.Rankings) -> str:
    kind = pitfall.verdict.replace(" ", "-")
    details = (
        "<details><summary>The numbers behind it</summary>"
        f'{_WHOLE}<p class="explain">Rankings are those from the top.</p>'
        f'<ul class="explain">{_listed(pitfall.sentences, rankings)}</ul></details>'
    )
    return (
        f'<article class="pitfall"><span class="verdict {kind}">{pitfall.verdict}</span>'
        f'<h2 class="explain">{html.escape(pitfall.title)}</h2>'
        f'<p class="headline explain">{html.escape(pitfall.headline)}</p>'
        f"{_NO_VERDICT if pitfall.claims else ''}"
        f"{details if pitfall.sentences else ''}</article>"
    )


def _first(figure: Figure) -> str:
    """Return the figure of the first screen, with its choice of k; or why there is none."""
    if missing := figure.spec.get("missing"):
        return (
            f'<article class="figure first"><h2>{html.escape(figure.title)}</h2>'
            f'<p class="missing">{html.escape(missing)}</p></article>'
        )
    choice = '<label>by their first <select id="k" aria-label="k"></select> neurons</label>'
    return (
        f'<article class="figure first" id="of-{figure.name}"><h2>{html.escape(figure.title)}</h2>'
        f'{choice}<p class="says"></p>{_NONE}{_chart(figure)}'
        f'<div class="tools">{_files(figure)}</div>{_caption(figure)}</article>'
    )


def _figure(figure: Figure) -> str:
    missing = figure.spec.get("missing")
    head = f'<h3>{html.escape(figure.title)}</h3><p class="explain">{html.escape(figure.lead)}</p>'
    if missing:
        return (
            f'<article class="figure"><div class="text">{head}</div>'
            f'<p class="missing">{html.escape(missing)}</p></article>'
        )
    return (
        f'<article class="figure" id="of-{figure.name}"><div class="text">{head}'
        f'<p class="says"></p></div>{_NONE}<ul class="legend text" aria-label="Rankings"></ul>'
        f'{_chart(figure)}<div class="tools text">{_files(figure)}</div>'
        f'<div class="text">{_caption(figure)}</div></article>'
    )


_NONE = '<p class="none" role="status" hidden>The filters leave nothing of this figure.</p>'


def _chart(figure: Figure) -> str:
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(figure.title)}">'
        f'<div id="figure-{figure.name}"></div></div>'
    )


def _files(figure: Figure) -> str:
    links = " ".join(
        f'<a href="figures/{figure.name}.{kind}">{kind.upper()}</a>' for kind in ("svg", "pdf")
    )
    return f"<span>Of the whole study: {links}</span>"


def _caption(figure: Figure) -> str:
    return (
        "<details><summary>How to read it</summary>"
        f'<p class="caption explain">{html.escape(figure.caption)}</p></details>'
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
