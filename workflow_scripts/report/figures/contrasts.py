"""Contrasts: how far two rankings differ in each configuration, and whether clearly."""

import json

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style
from workflow_scripts.report.verdicts import clearly, telling_method

USES = ("contrasts",)
TITLE = "Two rankings: clearly different, or within noise"
LEAD = (
    "Is one ranking really better than another, or is the difference within noise? Compare "
    "the columns: each is another judge."
)
CAPTION = (
    "A mark is one configuration: how much larger the area under a curve is by the first ranking "
    "of its row than by the second, with its 95% interval over test sentences; a row's "
    "configurations are sorted by it. The area is the mean height of the curve with k drawn on a "
    "scale of ln(1 + k), where each doubling of k is about as wide: the first neurons weigh most. "
    "Columns are what is compared: the accuracy of each probe "
    "and, where the study intervenes, the words that the first translation moved to the target "
    "value (CLTV; without one, CLWV of the first method). Blue is clearly more, orange clearly "
    "less, adjusted over all pairs of rankings; hollow grey is within noise: there nothing can be "
    "said of which ranking is better, however the marks lie. Blue for one probe and orange for "
    "another is a pair of rankings on which probes contradict each other; blue for all probes and "
    "orange for the words moved is a ranking that is read better and used less."
)
MISSING = "fewer than two rankings from the top to compare, or no test word"

AXIS = "difference of the areas, in points"
AXIS_OF = alt.Axis(tickCount=4, labelExpr=style.POINTS)
HEAPS = {"clearly more": "#0072B2", "within noise": "#999999", "clearly less": "#D55E00"}


def build(tables: dict[str, pl.DataFrame]) -> alt.FacetChart | None:
    """Return the differences in area of every two rankings; columns are probes and a method."""
    contrasts = tables["contrasts"]
    telling = telling_method(contrasts)
    method = telling[0] if telling else None
    table = contrasts.filter(
        pl.col("measure") == "area",
        pl.col("other_probe").is_null(),
        pl.col("probe").is_not_null() | (pl.col("method") == (method or "")),
        *(pl.col(name) == "ttb" for name in ("direction", "other_direction")),
    )
    if table.is_empty():
        return None
    rows = style.rows_of(
        table,
        [*CONFIGURATION, "ranking", "other_ranking", "difference", "p_adjusted"],
        ["probe", "method", "low", "high"],
    )
    limit = clearly(contrasts)
    moved = f"{telling[1].upper()}, {method}" if telling else ""
    panel = f"isValid(datum.probe) ? datum.probe + ' probe' : {json.dumps(moved)}"
    probes = table["probe"].drop_nulls().unique(maintain_order=True).to_list()
    pairs = table.select("ranking", "other_ranking").unique(maintain_order=True).rows()
    heap = (
        f"datum.p_adjusted > {limit} || datum.difference == 0 ? 'within noise' : "
        "datum.difference > 0 ? 'clearly more' : 'clearly less'"
    )
    transforms = [
        {"calculate": panel, "as": "panel"},
        {"calculate": "datum.ranking + ' − ' + datum.other_ranking", "as": "pair"},
        {"calculate": heap, "as": "heap"},
        {
            "window": [{"op": "row_number", "as": "place"}],
            "groupby": ["panel", "pair"],
            "sort": [{"field": "difference", "order": "ascending"}],
        },
    ]
    base = alt.Chart()
    colour = alt.Scale(domain=list(HEAPS), range=list(HEAPS.values()))
    inside = alt.Scale(domain=list(HEAPS), range=["#0072B2", "white", "#D55E00"])
    legend = alt.Legend(title="the first ranking has", columns=3, symbolType="circle")
    x = alt.X("difference:Q", title=AXIS, axis=AXIS_OF)
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(zero=False, padding=8))
    tooltip = [
        *(f"{name}:N" for name in CONFIGURATION),
        alt.Tooltip("pair:N", title="rankings"),
        style.number("difference", "difference", "+.2%"),
        style.number("p_adjusted", "p, adjusted", ".3~g"),
        alt.Tooltip("heap:N", title="which is"),
    ]
    layers = [base.mark_rule(color=style.INK, strokeWidth=0.8).encode(x=alt.datum(0))]
    if style.has(rows, "low", "high"):
        bars = base.mark_rule(strokeOpacity=0.55).encode(
            x=alt.X("low:Q", title=AXIS),
            x2="high:Q",
            y=y,
            stroke=alt.Stroke("heap:N", scale=colour, legend=legend),
        )
        layers.append(bars)
    points = base.mark_point(size=40, strokeWidth=1.2, opacity=1).encode(
        x=x,
        y=y,
        stroke=alt.Stroke("heap:N", scale=colour, legend=legend),
        fill=alt.Fill("heap:N", scale=inside, legend=legend),
        tooltip=tooltip,
    )
    panels = [*(f"{probe} probe" for probe in probes), moved]
    faceted = (
        alt.layer(*layers, points)
        .properties(width=style.width(table["probe"].n_unique()), height=80)
        .facet(
            data=alt.NamedData(style.ROWS),
            column=alt.Column("panel:N", title=None, sort=panels),
            row=alt.Row(
                "pair:N",
                title=None,
                sort=[f"{one} − {other}" for one, other in pairs],
                header=alt.Header(
                    labelAngle=0,
                    labelAlign="left",
                    labelFontSize=13,
                    labelExpr="replace(datum.label, /-ttb/g, '')",
                ),
            ),
        )
    )
    return style.finished(style.with_transforms(faceted, *transforms), rows, TITLE)
