"""Selectivity curves: how much better a probe is at the attribute than at random labels."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("probing_curves",)
TITLE = "Selectivity over the number of neurons"
LEAD = (
    "How much of a probe's accuracy is knowledge of the attribute, and not words learned by heart?"
)
CAPTION = (
    "Selectivity is a probe's test accuracy less that of the same probe on control labels, which "
    "give every word form a label at random: what a probe gains by learning words by heart is "
    "taken off. It has the same neurons there, unless the study asks for control rankings: then "
    "those that the same ranker puts first by the control labels. Rows are probes, columns layers, "
    "lines rankings as in the accuracy curves. Near 0 (the black line) the probe does no better on "
    "the attribute than on labels without meaning; a fall at large k says that more neurons help "
    "memory more than they help the attribute. Lines are means over all configurations chosen. A "
    "large study is drawn at some of its k; the table has them all."
)
MISSING = "no selectivity: the study has no control task, or no test word has the attribute"


def build(tables: dict[str, pl.DataFrame]) -> alt.FacetChart | None:
    """Return a line for each ranking; panels by probe and layer."""
    table = style.at_most(tables["probing_curves"].filter(pl.col("selectivity").is_not_null()))
    if table.is_empty():
        return None
    rows = style.rows_of(table, [*CONFIGURATION, "probe", "ranking", "k", "selectivity"])
    width = style.width(table["layer"].n_unique())
    lines = style.curves(
        style.rankings(table),
        "selectivity",
        "selectivity",
        interval=False,
        groups=["probe", "layer"],
        size=(width, 170),
    )
    chart = alt.layer(style.line_at(0, ["probe", "layer"]), lines).properties(
        width=width, height=170
    )
    return style.finished(style.by_probe_and_layer(chart), rows, TITLE)
