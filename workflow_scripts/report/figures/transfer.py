"""Transfer: how many words move by the ranking and the means of another treebank."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("transfer",)
TITLE = "Do neurons move words of another treebank?"
LEAD = "Do the neurons found in one treebank also move the words of another?"
CAPTION = (
    "CLTV of the words of one treebank (rows), changed with what was learned from another "
    "(columns): its ranking, its class means, or both; on the diagonal with the treebank's own. "
    "Cells as dark as the diagonal of their row say that both treebanks hold the attribute in the "
    "same neurons, and in the same direction. At the largest reported k; means over the "
    "configurations chosen."
)
MISSING = (
    "no two treebanks of a model keep the same values of an attribute, or no k of neurons.report "
    "is on the grid of the intervention"
)

BORROWED = ("ranking and means", "ranking", "means")


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return a heat map for each ranking from the top and each loan; a part for each method."""
    table = tables["transfer"].filter(pl.col("direction") == "ttb")
    if table.is_empty():
        return None
    curve = ["model", "attribute", "layer", "method", "ranking"]
    table = table.filter(pl.col("k") == pl.col("k").max().over(curve))
    own = pl.col("words_of")
    of = pl.when(pl.col("ranking_of") == own).then(pl.col("means_of"))
    loans = (
        pl.when((pl.col("ranking_of") == own) & (pl.col("means_of") == own))
        .then(pl.lit(list(BORROWED)))
        .when(pl.col("means_of") == own)
        .then(pl.lit(["ranking"]))
        .when(pl.col("ranking_of") == own)
        .then(pl.lit(["means"]))
        .otherwise(pl.lit(["ranking and means"]))
    )
    table = table.with_columns(borrowed=loans, lender=of.otherwise(pl.col("ranking_of")))
    table = table.explode("borrowed").with_columns(treebank=own)
    rows = style.rows_of(
        table,
        [*CONFIGURATION, "method", "ranking", "lender", "borrowed", "k", "cltv"],
    )
    parts = [_panels(table, method) for method in table["method"].unique(maintain_order=True)]
    return style.finished(alt.vconcat(*parts), rows, TITLE)


def _panels(table: pl.DataFrame, method: str) -> alt.TopLevelMixin:
    order = table["treebank"].unique(maintain_order=True).sort().to_list()
    side = max(44, min(80, 420 // len(order)))
    base = style.with_transforms(
        alt.Chart(), style.mean({"cltv": "cltv"}, ["treebank", "lender", "borrowed", "ranking"])
    )
    base = base.encode(
        x=alt.X("lender:N", title="learned from", sort=order, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("treebank:N", title="words of", sort=order),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "cltv:Q",
            title="CLTV",
            scale=alt.Scale(scheme="blues", domainMin=0),
            legend=alt.Legend(format="%"),
        ),
        tooltip=[
            *("treebank:N", "lender:N", "borrowed:N", "ranking:N"),
            style.number("cltv", "CLTV"),
            style.CONFIGURATIONS,
        ],
    )
    dark = 0.55 * float(table["cltv"].to_numpy().max())
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text("cltv:Q", format=".1%"),
        color=alt.condition(f"datum.cltv > {dark}", alt.value("white"), alt.value(style.INK)),
    )
    size = side * len(order)
    faceted = (
        alt.layer(cells, numbers)
        .properties(width=size, height=size)
        .facet(
            data=alt.NamedData(style.ROWS),
            row=alt.Row("ranking:N", title=None),
            column=alt.Column("borrowed:N", title=None, sort=list(BORROWED)),
        )
    )
    own = {"filter": {"field": "method", "equal": method}}
    return style.part_of(faceted, *style.filters(), own, title=method)
