"""Probing curves: test accuracy of every probe on every ranking, over k."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("probing_curves", "probing")
TITLE = "Probe accuracy over the number of neurons"
LEAD = "How well does each probe read the attribute from more and more neurons of each ranking?"
CAPTION = (
    "Test accuracy of a probe that sees only the first k neurons of a ranking; a row of panels for "
    "each probe, a column for each layer. Solid lines take a ranking from the top (ttb), dotted "
    "lines from the bottom (btt), the dashed grey line takes neurons at random; the thin black "
    "line is the share of the most frequent value, which needs no neuron, and the thin dashed one "
    "the probe on all neurons, where it was trained: the ceiling. Compare the rows: where "
    "another ranking is best with another probe, accuracy tells about the probe as much as about "
    "the ranking (the first pitfall). Lines are means over all configurations chosen; where one "
    "is chosen, a band gives the 95% interval of its accuracy. A large study is drawn at some of "
    "its k, closer together where k is small; the table has them all."
)
MISSING = "no probe was run, or no test word has the attribute"


def build(tables: dict[str, pl.DataFrame]) -> alt.FacetChart | None:
    """Return a line for each ranking; panels by probe and layer."""
    table = style.at_most(tables["probing_curves"].filter(pl.col("accuracy").is_not_null()))
    if table.is_empty():
        return None
    whole = tables["probing"].filter((pl.col("split") == "test") & (pl.col("ranking") == ALL))
    of = [*CONFIGURATION, "probe"]
    table = table.join(
        whole.select(*of, ceiling="accuracy"), on=of, how="left", maintain_order="left"
    )
    rows = style.rows_of(
        table,
        [*CONFIGURATION, "probe", "ranking", "k", "accuracy"],
        ["majority", "ceiling", "accuracy_low", "accuracy_high"],
    )
    panel = ["probe", "layer"]
    width = style.width(table["layer"].n_unique())
    chart = style.curves(
        style.rankings(table),
        "accuracy",
        "accuracy",
        interval=style.has(rows, "accuracy_low", "accuracy_high"),
        groups=panel,
        size=(width, 190),
    )
    lines = []
    for name, title, dash in (
        ("majority", "most frequent value", [1, 0]),
        ("ceiling", "all neurons", [4, 2]),
    ):
        if style.has(rows, name):
            base = style.with_transforms(alt.Chart(), style.mean({name: name}, panel))
            line = base.mark_rule(color=style.INK, strokeWidth=0.8, strokeDash=dash)
            lines.append(line.encode(y=f"{name}:Q", tooltip=[style.number(name, title)]))
    if lines:
        chart = alt.layer(*lines, chart).properties(width=width, height=190)
    return style.finished(style.by_probe_and_layer(chart), rows, TITLE)
