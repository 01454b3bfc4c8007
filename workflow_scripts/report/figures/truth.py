"""Truth: which rankings find the neurons that are known to be used, and those that are not."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("truth",)
TITLE = "Which rankings find the neurons that are known to be used"
LEAD = "In a model whose used neurons are known: which rankings find them?"
CAPTION = (
    "In a compiled model it is known which neurons hold the attribute, and which of them the model "
    "uses. Average precision: 1 where a ranking has all of these before any other neuron. A "
    "ranking that finds what holds the attribute, and not what is used, takes what is encoded for "
    "what is used; random is what neither looks like. Panels are models, rows rankings; lines are "
    "95 % intervals over models that differ in what was drawn, where there are several."
)
MISSING = "no compiled model"

SCORES = {"ap_used": "neurons that are used", "ap_encoded": "neurons that hold it, used or not"}
COLUMNS = 2
AXIS = "average precision"
SCALE = alt.Scale(domain=[0, 1], clamp=True)  # an interval may end beyond 1
COLOURS = ("#0072B2", "#E69F00")


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return two points for each ranking; panels by model."""
    table = tables["truth"].filter(pl.col("ap_used").is_not_null())
    if table.is_empty():
        return None
    ends = [f"{score}_{end}" for score in SCORES for end in ("low", "high")]
    rows = style.rows_of(table, [*CONFIGURATION, "ranking", *SCORES], ends)
    order = table["ranking"].unique(maintain_order=True).to_list()
    return style.finished(alt.vconcat(_panels(order, style.has(rows, *ends))), rows, TITLE)


def _panels(order: list[str], intervals: bool) -> alt.TopLevelMixin:
    layers = []
    for score, name in SCORES.items():
        base = alt.Chart().transform_calculate(sought=f"'{name}'")
        base = base.encode(
            y=alt.Y("ranking:N", sort=order, title=None, axis=alt.Axis(grid=True)),
            color=alt.Color(
                "sought:N",
                title=None,
                scale=alt.Scale(domain=[*SCORES.values()], range=COLOURS),
                legend=alt.Legend(orient="top", labelLimit=300),
            ),
        )
        if intervals:
            lines = base.mark_rule()
            low = alt.X(f"mean({score}_low):Q", title=AXIS, scale=SCALE)
            layers.append(lines.encode(x=low, x2=f"mean({score}_high):Q"))
        layers.append(
            base.mark_point(size=70, filled=True, opacity=1).encode(
                x=alt.X(f"mean({score}):Q", title=AXIS, scale=SCALE),
                tooltip=["ranking:N", alt.Tooltip(f"mean({score}):Q", title=name, format=".2f")],
            )
        )
    panel = alt.layer(*layers).properties(width=380, height=24 * len(order))
    return style.part_of(
        panel.facet(
            data=alt.NamedData(style.ROWS),
            facet=alt.Facet("model:N", title=None, header=style.named("model")),
            columns=COLUMNS,
        )
    )
