"""Used against encoded: one point a ranking, its probe accuracy beside its intervention."""

import altair as alt
import polars as pl

from workflow_scripts.figures import style
from workflow_scripts.tables import CONFIGURATION

READS = ("used_vs_encoded",)
TITLE = "What is encoded, and what is used"
CAPTION = (
    "A point is one ranking: to the right, the better a probe reads the attribute from its first k "
    "neurons (encoded); upwards, the more words change in the attribute and nothing else when "
    "these neurons are changed in the model (used; CLTV where the method has a target value, CLWV "
    "otherwise). Columns are k, rows methods of intervention, shapes probes; rankings from the "
    "bottom are hollow. Were the encoded the used, points would rise from left to right. Points "
    "far right and low are neurons that a probe reads and the model does not use; the ranking "
    "furthest right is often not the highest (the second pitfall). Points are means over all "
    "configurations chosen; where one is chosen, bars are 95% intervals."
)
MISSING = "no k of a probe is also a k of an intervention"


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return a point for each ranking and probe; panels by method and reported k."""
    table = tables["used_vs_encoded"].filter(
        (pl.col("point") == "report") & pl.col("accuracy").is_not_null()
    )
    if table.is_empty():
        return None
    rows = style.rows_of(
        table,
        [*CONFIGURATION, "method", "ranking", "probe", "k", "accuracy", "clwv", "cltv"],
        [f"{name}_{end}" for name in ("accuracy", "clwv", "cltv") for end in ("low", "high")],
    )
    methods = sorted(table["method"].unique())
    parts = [_panels(table.filter(pl.col("method") == name), rows, name) for name in methods]
    return style.finished(alt.vconcat(*parts), rows, TITLE)


def _panels(table: pl.DataFrame, rows: list[dict], method: str) -> alt.FacetChart:
    measure = "cltv" if table["cltv"].count() else "clwv"
    rankings = table["ranking"].unique()
    ends = [f"{name}_{end}" for name in ("accuracy", measure) for end in ("low", "high")]
    with_ends = [end for end in ends if style.has(rows, end)]
    width = style.width(table["k"].n_unique())
    base = style.with_transforms(
        alt.Chart(),
        style.mean(
            {name: name for name in ("accuracy", measure, *with_ends)}, ["k", "ranking", "probe"]
        ),
    )
    near = alt.Scale(zero=False, nice=True, padding=8)
    x = alt.X("accuracy:Q", title="probe accuracy", scale=near, axis=alt.Axis(tickCount=4))
    title = f"{measure.upper()}, {method}"
    y = alt.Y(f"{measure}:Q", title=title, axis=alt.Axis(tickCount=5))
    tooltip = [
        *("ranking:N", "probe:N", "k:Q"),
        style.number("accuracy", "accuracy"),
        style.number(measure, measure.upper()),
        style.CONFIGURATIONS,
    ]
    layers = []
    for name, low, high in (("accuracy", *ends[:2]), (measure, *ends[2:])):
        if not style.has(rows, low, high):
            continue
        bars = (
            style.painted(base, rankings)
            .transform_filter(style.one_configuration(low))
            .mark_rule(strokeOpacity=0.5)
        )
        across = (
            {"x": alt.X(f"{low}:Q", title="probe accuracy"), "x2": f"{high}:Q", "y": y}
            if name == "accuracy"
            else {"x": x, "y": alt.Y(f"{low}:Q", title=title), "y2": f"{high}:Q"}
        )
        layers.append(bars.encode(**across, stroke=style.STROKE))
    points = base.mark_point(size=65, strokeWidth=1.6, opacity=1).encode(
        x=x,
        y=y,
        **style.points(rankings),
        shape=alt.Shape("probe:N", title="probe", scale=alt.Scale(range=["circle", "square"])),
        tooltip=tooltip,
    )
    chart = alt.layer(*layers, points).properties(width=width, height=170)
    faceted = chart.facet(
        data=alt.NamedData(style.ROWS),
        column=alt.Column("k:O", title=None, header=style.named("k =")),
    )
    return style.with_transforms(
        faceted, *style.filters(), {"filter": {"field": "method", "equal": method}}
    )
