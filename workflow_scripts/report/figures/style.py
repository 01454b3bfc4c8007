"""One style for all figures, and the parts that they share.

Colours are Okabe and Ito's, which the colour-blind tell apart: one for each ranker, the same in
every figure. Rankings from the top are solid, from the bottom dotted, random dashed and grey.
Letters are 12 pixels or more, and a share is written in percent.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION

# vl-convert carries Liberation Sans, so text is measured alike everywhere; it is as wide as Arial.
# One face of it, never bold: a PDF of two holds them in an order that changes from run to run.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, SOFT, FAINT = "#222222", "#666666", "#DDDDDD"

COLOURS = {"linear": "#0072B2", "gaussian": "#D55E00", "probeless": "#009E73", "random": "#7F7F7F"}
MORE_COLOURS = ("#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
DASHES = {"ttb": [1, 0], "btt": [1.5, 2.5], "": [6, 3]}

ROWS = "rows"
FILTERS = tuple(CONFIGURATION)

CONFIG = {
    "font": FONT,
    "background": "white",
    "padding": 6,
    "view": {"stroke": FAINT},
    "title": {
        "anchor": "start",
        "fontSize": 15,
        "fontWeight": "normal",
        "color": INK,
        "offset": 10,
        "frame": "bounds",
    },
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#EEEEEE",
        "domainColor": SOFT,
        "tickColor": SOFT,
        "labelLimit": 200,
    },
    "header": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelFontWeight": "normal",
        "labelColor": INK,
        "titleColor": SOFT,
        "labelPadding": 4,
        "titlePadding": 2,
    },
    "legend": {
        "orient": "bottom",
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "symbolStrokeWidth": 2,
        "symbolBaseFillColor": INK,
        "symbolBaseStrokeColor": INK,
        "symbolSize": 150,
        "labelLimit": 260,
    },
    "line": {"strokeWidth": 1.8},
    "facet": {"spacing": 12},
    "point": {"strokeWidth": 1.6},
    "concat": {"spacing": 18},
}


# Rows


def rows_of(
    table: pl.DataFrame, columns: Iterable[str], optional: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Return these columns of a table as rows for a chart, in the table's order, to 6 decimals.

    An optional column that the table has not, or has nothing in, is in no row.
    """
    there = [name for name in optional if name in table.columns and table[name].count()]
    chosen = table.select(*columns, *there)
    return chosen.with_columns(pl.selectors.float().fill_nan(None).round(6)).to_dicts()


def has(rows: list[dict[str, Any]], *names: str) -> bool:
    """Return whether rows have these columns."""
    return bool(rows) and all(name in rows[0] for name in names)


MOST_ROWS, LEAST_K = 25_000, 12


def at_most(table: pl.DataFrame, most: int = MOST_ROWS) -> pl.DataFrame:
    """Return curves of a large study at fewer k, so that a page can hold them.

    Among the k that are kept are the first and the last; they lie closer where k is small.
    """
    every = sorted(table["k"].unique())
    if len(table) <= most or len(every) < 3:
        return table
    points = max(most * len(every) // len(table), LEAST_K)
    ratio = (every[-1] / max(every[0], 1)) ** (1 / (points - 1))
    asked = [max(every[0], 1) * ratio**i for i in range(points)]
    kept = {min(every, key=lambda k: (abs(k - wanted), k)) for wanted in asked}
    return table.filter(pl.col("k").is_in(sorted(kept | {every[0], every[-1]})))


# Rankings


Rankings = Mapping[str, tuple[str, str]]
"""Rankings by their names: of which ranker, and its direction, or nothing."""


def rankings(table: pl.DataFrame) -> Rankings:
    """Return the rankings of a table, in the order of every legend."""
    found = table.select("ranking", "ranker", pl.col("direction").fill_null("")).unique()
    return in_order({name: (ranker, direction) for name, ranker, direction in found.rows()})


def in_order(rankings: Rankings) -> Rankings:
    """Return rankings in the order of every legend: a row of ttb, one of btt, then the rest."""
    known = list(COLOURS)

    def place(named: tuple[str, tuple[str, str]]) -> tuple:
        name, (ranker, direction) = named
        rank = known.index(ranker) if ranker in known else len(known)
        return list(DASHES).index(direction), rank, ranker, name

    return dict(sorted(rankings.items(), key=place))


def colours(rankings: Rankings) -> list[str]:
    """Return the colours of rankings, in their order."""
    others = sorted({ranker for ranker, _ in rankings.values()} - set(COLOURS))
    more = dict(zip(others, MORE_COLOURS * len(others), strict=False))
    return [(COLOURS | more)[ranker] for ranker, _ in rankings.values()]


WORDS = {"ttb": "from the top", "btt": "from the bottom"}


def in_words(name: str, direction: str | None) -> str:
    """Return a ranking's name as a reader knows it: `linear-ttb` is *linear from the top*."""
    if direction not in WORDS:
        return name
    return f"{name.removesuffix(f'-{direction}')} {WORDS[direction]}"


def labels(rankings: Rankings, words: Mapping[str, str] | None = None) -> str:
    """Return the expression that gives the label of a ranking from its name."""
    said = {name: in_words(name, direction) for name, (_, direction) in rankings.items()}
    return f"{json.dumps(said | dict(words or {}))}[datum.label] || datum.label"


def _legend(rankings: Rankings) -> alt.Legend:
    found = [direction for _, direction in rankings.values()]
    columns = max(found.count(direction) for direction in DASHES)
    return alt.Legend(
        title="ranking",
        columns=max(columns, 1),
        symbolOpacity=1,
        labelExpr=labels(rankings),
    )


def colour(rankings: Rankings, channel=alt.Color):
    """Return the colours of rankings, for a channel."""
    names = in_order(rankings)
    scale = alt.Scale(domain=list(names), range=colours(names))
    return channel("ranking:N", scale=scale, legend=_legend(names))


def dash(rankings: Rankings) -> alt.StrokeDash:
    """Return the dashes of rankings."""
    names = in_order(rankings)
    scale = alt.Scale(domain=list(names), range=[DASHES[end] for _, end in names.values()])
    return alt.StrokeDash("ranking:N", scale=scale, legend=_legend(names))


def points(rankings: Rankings) -> dict[str, Any]:
    """Return the channels of points that have a legend; those of btt rankings are hollow."""
    names = in_order(rankings)
    scale = alt.Scale(domain=list(names), range=_insides(names))
    fill = alt.Fill("ranking:N", scale=scale, legend=_legend(names))
    return {"stroke": colour(names, alt.Stroke), "fill": fill}


# Marks that share a panel with lines are painted without a scale: a second scale would put another
# symbol into the legend of the lines.
STROKE, FILL = alt.Stroke("stroke:N", scale=None), alt.Fill("fill:N", scale=None)


def painted(chart: alt.Chart, rankings: Rankings) -> alt.Chart:
    """Return a chart whose marks `STROKE` and `FILL` may paint in the colours of rankings."""
    names = in_order(rankings)
    ranges = {"stroke": colours(names), "fill": _insides(names)}
    return with_transforms(
        chart,
        *(
            {
                "calculate": f"{json.dumps(dict(zip(names, values, strict=True)))}[datum.ranking]",
                "as": name,
            }
            for name, values in ranges.items()
        ),
    )


def _insides(rankings: Rankings) -> list[str]:
    pairs = zip(rankings.values(), colours(rankings), strict=True)
    return ["white" if direction == "btt" else shade for (_, direction), shade in pairs]


# Charts


def mean(names: dict[str, str], groups: Sequence[str]) -> dict[str, Any]:
    """Return a transform: the mean of columns over the configurations left, `{name: column}`."""
    made = [{"op": "mean", "field": column, "as": name} for name, column in names.items()]
    made.append({"op": "count", "as": "configurations"})
    return {"aggregate": made, "groupby": list(groups)}


def one_configuration(name: str) -> str:
    """Return a filter: an interval that belongs to one configuration."""
    return f"datum.configurations == 1 && isValid(datum.{name})"


PERCENT = "~%"
"""The format of an axis of shares: 3.5%, and no decimal where none is needed."""
POINTS = "format(datum.value * 100, '+~g')"
"""The label of an axis of differences of shares, in percentage points."""


def number(field: str, title: str, form: str = ".1%") -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=form)


def named(kind: str, before: bool = True) -> alt.Header:
    """Return the header of panels that says what they are: `layer 7`, `linear probe`."""
    text = f"'{kind} ' + (datum.label)" if before else f"(datum.label) + ' {kind}'"
    return alt.Header(labelExpr=text)


def part_of(chart: alt.TopLevelMixin, *transforms: dict, title: str = "") -> alt.TopLevelMixin:
    """Return a part of a concatenation: it filters the rows itself."""
    chart = with_transforms(chart, *(transforms or filters()))
    if title:
        chart.title = alt.TitleParams(
            title, fontSize=13, fontWeight="normal", color=SOFT, frame="group", offset=4
        )
    return chart


def line_at(value: float, groups: Sequence[str]) -> alt.Chart:
    """Return a thin line across each panel at a value of y."""
    base = with_transforms(alt.Chart(), mean({}, groups))
    return base.mark_rule(color=INK, strokeWidth=0.8).encode(y=alt.datum(value))


CONFIGURATIONS = alt.Tooltip("configurations:Q", title="configurations")


def width(columns: int, whole: int = 860) -> int:
    """Return the width of one of so many panels that stand side by side."""
    return max(min(whole // max(columns, 1) - 12, 420), 120)


def curves(
    rankings: Rankings,
    y: str,
    title: str,
    *,
    interval: bool,
    groups: Sequence[str],
    zero: bool = False,
    marked: bool = False,
    size: tuple[int, int] = (200, 170),
) -> alt.LayerChart:
    """Return the mean of `y` over k, a line for each ranking, without its facets.

    `groups` names what a panel is made by; `marked` lines have points. With `interval`, the
    columns `{y}_low` and `{y}_high` are a band where a line is one configuration.
    """
    names = in_order(rankings)
    means = {y: y} | ({"low": f"{y}_low", "high": f"{y}_high"} if interval else {})
    base = alt.Chart().transform_filter(f"isValid(datum.{y})")
    base = with_transforms(base, mean(means, [*groups, "ranking", "k"]))
    x = alt.X("k:Q", title="k (neurons)", axis=alt.Axis(tickCount=4), scale=alt.Scale(nice=False))
    axis = alt.Axis(tickCount=5, format=PERCENT)
    tooltip = ["ranking:N", "k:Q", number(y, title), CONFIGURATIONS]
    layers = []
    if interval:
        tooltip += [number("low", "95% from"), number("high", "95% to")]
        layers.append(
            painted(base, names)
            .transform_filter(one_configuration("low"))
            .mark_area(opacity=0.13)
            .encode(
                x=x,
                y=alt.Y("low:Q", title=title),
                y2="high:Q",
                detail="ranking:N",
                fill=alt.Fill("stroke:N", scale=None),
            )
        )
    place = {"x": x, "y": alt.Y(f"{y}:Q", title=title, axis=axis, scale=alt.Scale(zero=zero))}
    layers.append(
        base.mark_line().encode(
            **place, color=colour(names), strokeDash=dash(names), tooltip=tooltip
        )
    )
    if marked:
        layers.append(
            painted(base, names)
            .mark_point(size=22, opacity=1)
            .encode(**place, stroke=STROKE, fill=FILL, tooltip=tooltip)
        )
    return alt.layer(*layers).properties(width=size[0], height=size[1])


def by_probe_and_layer(chart: alt.LayerChart) -> alt.FacetChart:
    """Return small multiples of a chart: a row a probe, a column a layer."""
    return chart.facet(
        data=alt.NamedData(ROWS),
        row=alt.Row("probe:N", title=None, sort="descending", header=named("probe", before=False)),
        column=alt.Column("layer:O", title=None, header=named("layer")),
    )


def with_transforms(chart: alt.Chart, *transforms: dict[str, Any]) -> alt.Chart:
    """Return a chart with transforms added at the end of its own."""
    chart = chart.copy()
    before = [] if chart.transform is alt.Undefined else list(chart.transform)
    chart.transform = before + list(transforms)
    return chart


def chosen(name: str, fields: Sequence[str] = ()) -> str:
    """Return the filter of a parameter: every row, or those that have its value in a field."""
    same = " || ".join(f"datum['{field}'] == {name}" for field in fields or [name])
    return f"{name} == null || {name} == 'all' || {same}"


def filters(other: dict[str, Sequence[str]] | None = None) -> list[dict[str, str]]:
    """Return a transform for each parameter; `other` gives the fields of those with several."""
    return [{"filter": chosen(name, (other or {}).get(name, ()))} for name in FILTERS]


def finished(
    chart: alt.TopLevelMixin, rows: list[dict[str, Any]], title: str, filtered: bool = True
) -> alt.TopLevelMixin:
    """Return a chart with its rows, title, parameters and style.

    A concatenation passes on no transform: its parts hold `filters()` themselves.
    """
    chart = chart.copy()
    chart.data = alt.NamedData(name=ROWS)
    chart.title = alt.TitleParams(title)
    chart.config = CONFIG
    if filtered:
        chart.params = [alt.VariableParameter(name=name, value=None) for name in FILTERS]
        chart = with_transforms(chart)
        if not isinstance(chart, alt.VConcatChart | alt.HConcatChart):
            chart.transform = filters() + chart.transform
    chart.datasets = {ROWS: rows}
    return chart
