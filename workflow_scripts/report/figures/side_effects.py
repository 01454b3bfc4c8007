"""Side effects: how many words move, beside how many others change with them."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("interventions",)
TITLE = "What moves, and what else changes"
LEAD = "How many words change as meant, and how many others are harmed on the way?"
CAPTION = (
    "A line is one ranking, from k = 0 at the left through more and more neurons. Upwards: the "
    "share of words that were moved (CLTV where the method has a target value, CLWV otherwise). To "
    "the right: side effects, the share of words without a kept value, in the same sentences, "
    "that come out as another word than in the unchanged model, though nobody changed them. Of two "
    "rankings the one whose line lies higher and further left moves more and harms less. Columns "
    "are methods. Lines are means over all configurations chosen."
)
MISSING = "no sentence has a word without the attribute beside one with it"


AXIS = alt.Axis(tickCount=4, format=style.PERCENT)


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return a line for each ranking from the top and random; panels by method."""
    table = tables["interventions"].filter(
        pl.col("side_effect_rate").is_not_null(), pl.col("direction").fill_null("") != "btt"
    )
    table = style.at_most(table)
    if table.is_empty():
        return None
    table = table.with_columns(moved=pl.coalesce("cltv", "clwv"))
    rows = style.rows_of(
        table, [*CONFIGURATION, "method", "ranking", "k", "moved", "side_effect_rate"]
    )
    rankings = style.rankings(table)
    base = style.with_transforms(
        alt.Chart(),
        style.mean(
            {"moved": "moved", "side_effect_rate": "side_effect_rate"}, ["method", "ranking", "k"]
        ),
    )
    place = {
        "x": alt.X("side_effect_rate:Q", title="side effects", axis=AXIS),
        "y": alt.Y("moved:Q", title="words moved: CLTV, else CLWV", axis=AXIS),
        "order": "k:Q",
        "tooltip": [
            *("ranking:N", "k:Q"),
            style.number("moved", "moved"),
            style.number("side_effect_rate", "side effects"),
            style.CONFIGURATIONS,
        ],
    }
    size = style.width(table["method"].n_unique())
    lines = base.mark_line().encode(
        **place, color=style.colour(rankings), strokeDash=style.dash(rankings)
    )
    points = style.painted(base, rankings).mark_point(size=28, opacity=1)
    chart = alt.layer(lines, points.encode(**place, stroke=style.STROKE, fill=style.FILL))
    faceted = chart.properties(width=size, height=230).facet(
        data=alt.NamedData(style.ROWS), column=alt.Column("method:N", title=None)
    )
    return style.finished(alt.vconcat(style.part_of(faceted)), rows, TITLE)
