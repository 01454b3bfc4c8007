"""Agreement: how far rankings choose the same neurons."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("agreement",)
TITLE = "How far rankings agree on the neurons at the top"
LEAD = "Do different rankings choose the same neurons?"
CAPTION = (
    "How far the first k neurons of a ranking are those that the other rankings also choose, from "
    "0 (none) to 1 (all). Average overlap: the mean Jaccard overlap with each other ranking's "
    "first k. Neuron vote: the overlap with the first k of what the others elect together. Random "
    "is what no agreement looks like; it rises with k as it must. A ranking near it finds neurons "
    "of its own, which interventions may then prove right or wrong. Columns are layers; points are "
    "means over all configurations chosen."
)
MISSING = "fewer than two rankings to compare"

MEASURES = {"avg_overlap": "average overlap", "neuron_vote": "neuron vote"}


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | str | None:
    """Return a line for each ranking; panels by measure and layer."""
    table = tables["agreement"].filter(
        pl.col("avg_overlap").is_not_null() | pl.col("neuron_vote").is_not_null()
    )
    if table.is_empty():
        return None
    if all(table[measure].drop_nulls().eq(1).all() for measure in MEASURES):
        return "every ranking chooses the same neurons, as where k is all of them"
    rows = style.rows_of(table, [*CONFIGURATION, "ranking", "k"], list(MEASURES))
    width = style.width(table["layer"].n_unique())
    parts = [
        style.part_of(
            style.curves(
                style.rankings(table),
                measure,
                title,
                interval=False,
                groups=["layer"],
                zero=True,
                marked=True,
                size=(width, 170),
            ).facet(
                data=alt.NamedData(style.ROWS),
                column=alt.Column("layer:O", title=None, header=style.named("layer")),
            )
        )
        for measure, title in MEASURES.items()
        if style.has(rows, measure)
    ]
    return style.finished(alt.vconcat(*parts), rows, TITLE)
