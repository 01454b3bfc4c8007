"""Clusters: in which configurations the Gaussian probe is the better or the worse one."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("clusters",)
TITLE = "Clusters of configurations by their accuracy curves"
LEAD = (
    "For which attributes and layers is the Gaussian probe better than the linear one, and "
    "where does it fail?"
)
CAPTION = (
    "Configurations are put into three groups by the shape of their accuracy curves alone. Above, "
    "each is a point: how far the Gaussian probe is above (or below) the linear one with the most "
    "neurons, mean over the rankings, by layer. Below, the same configurations by name. L>G "
    "is the group where the Gaussian probe falls below the linear one, G>L the one where it is "
    "most above it, standard is every other; a group whose mean has not that sign is not so named. "
    "How an attribute fares at a layer depends on the probe that is asked."
)
MISSING = (
    "fewer than 3 different configurations with both probes on linear-ttb, gaussian-ttb, "
    "probeless-ttb and random"
)

COLOURS = {"L>G": "#CC79A7", "standard": "#56B4E9", "G>L": "#E69F00"}


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | str | None:
    """Return the difference of the probes by layer, and a map of the clusters."""
    table = tables["clusters"].filter(pl.col("cluster").is_not_null())
    if table.is_empty():
        return None
    if len(table) == table["cluster"].n_unique():
        return "as many configurations as groups, so each is a group of its own"
    rows = style.rows_of(table, [*CONFIGURATION, "cluster", "name", "gaussian_minus_linear"])
    models, layers = table["model"].n_unique(), table["layer"].n_unique()
    colour = alt.Color(
        "name:N", title="cluster", scale=alt.Scale(domain=list(COLOURS), range=[*COLOURS.values()])
    )
    tooltip = [
        *("model:N", "treebank:N", "attribute:N", "layer:O"),
        alt.Tooltip("name:N", title="cluster"),
        style.number("gaussian_minus_linear", "Gaussian − linear accuracy", "+.1%"),
    ]
    layer = alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0))
    column = alt.Column("model:N", title=None)
    zero = style.line_at(0, ["model"])
    points = (
        alt.Chart()
        .mark_point(filled=True, size=45, opacity=0.85, stroke="white", strokeWidth=0.5)
        .encode(
            x=layer,
            xOffset=alt.XOffset("treebank:N", title=None),
            y=alt.Y(
                "gaussian_minus_linear:Q",
                title="Gaussian − linear accuracy, in points",
                axis=alt.Axis(labelExpr=style.POINTS),
            ),
            color=colour,
            tooltip=tooltip,
        )
    )
    width = style.width(models)
    above = (
        alt.layer(zero, points)
        .properties(width=width, height=170)
        .facet(data=alt.NamedData(style.ROWS), column=column)
    )
    named = {"calculate": "datum.treebank + ' · ' + datum.attribute", "as": "configuration"}
    cells = (
        style.with_transforms(alt.Chart(), named)
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(
            x=layer,
            y=alt.Y("configuration:N", title=None, axis=alt.Axis(labelFontSize=12)),
            color=colour,
            tooltip=tooltip,
        )
    )
    below = cells.properties(width=min(width, 34 * layers), height=alt.Step(17)).facet(
        data=alt.NamedData(style.ROWS), column=column
    )
    parts = [style.part_of(part) for part in (above, below)]
    # Shared, the offset of the points would make the cells narrow.
    both = alt.vconcat(*parts).resolve_scale(xOffset="independent")
    return style.finished(both, rows, TITLE)
