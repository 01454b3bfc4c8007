"""Truth: which rankings find the neurons that are known to be used, and those that are not."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("truth",)
TITLE = "Which rankings find the neurons that are known to be used"
CAPTION = (
    "In a compiled model it is known which neurons hold the attribute, and which of them the model "
    "uses. Average precision: 1 where a ranking has all of these before any other neuron. A "
    "ranking that finds what holds the attribute, and not what is used, takes what is encoded for "
    "what is used; random is what neither looks like. Rows are rankings; lines are 95 % intervals "
    "over models that differ in what was drawn, where there are several."
)
MISSING = "no compiled model"

SCORES = {"ap_used": "neurons that are used", "ap_encoded": "neurons that hold it, used or not"}
COLOURS = ("#0072B2", "#E69F00")


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return two points for each ranking; panels by model."""
    table = tables["truth"].filter(pl.col("ap_used").is_not_null())
    if table.is_empty():
        return None
    long = pl.concat(
        table.select(
            *CONFIGURATION,
            "ranking",
            sought=pl.lit(name),
            found=pl.col(score),
            low=pl.col(f"{score}_low"),
            high=pl.col(f"{score}_high"),
        )
        for score, name in SCORES.items()
    )
    rows = style.rows_of(long, [*CONFIGURATION, "ranking", "sought", "found"], ["low", "high"])
    order = long["ranking"].unique(maintain_order=True).to_list()
    return style.finished(alt.vconcat(_panels(order, style.has(rows, "low"))), rows, TITLE)


def _panels(order: list[str], intervals: bool) -> alt.TopLevelMixin:
    place = alt.Y("ranking:N", sort=order, title=None, axis=alt.Axis(grid=True))
    colour = alt.Color(
        "sought:N",
        title=None,
        scale=alt.Scale(domain=[*SCORES.values()], range=COLOURS),
        legend=alt.Legend(orient="top", labelLimit=300),
    )
    points = (
        alt.Chart()
        .mark_point(size=70, filled=True, opacity=1)
        .encode(
            x=alt.X("mean(found):Q", title="average precision", scale=alt.Scale(domain=[0, 1])),
            y=place,
            color=colour,
            tooltip=["ranking:N", "sought:N", alt.Tooltip("mean(found):Q", format=".3f")],
        )
    )
    layers = [points]
    if intervals:
        lines = alt.Chart().mark_rule(clip=True)
        layers.insert(0, lines.encode(x="mean(low):Q", x2="mean(high):Q", y=place, color=colour))
    panel = alt.layer(*layers).properties(width=420, height=22 * len(order))
    return style.part_of(
        panel.facet(
            data=alt.NamedData(style.ROWS),
            row=alt.Row("model:N", title=None, header=style.named("model")),
        )
    )
