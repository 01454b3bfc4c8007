"""Overlap: how many of the top neurons are shared, beside what chance gives."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("overlap",)
TITLE = "Top neurons that are shared"
LEAD = (
    "How many of the best neurons do two rankings, treebanks or attributes have in common, "
    "and how many would be common by chance?"
)
CAPTION = (
    "Numbers are how many of the top n neurons (n = 100, or a quarter of a narrow layer's) are "
    "shared; colour is how many more than chance would give: white as chance, blue more, orange "
    "fewer. First, rankings of one configuration, pair by pair and all three, by layer, with "
    "chance in the last column. Then the same ranking in two configurations of one model and "
    "layer: one attribute in two treebanks, and two attributes of one treebank (the table also has "
    "pairs that differ in both). "
    "Cells are means over all configurations chosen; a treebank or attribute chosen shows all "
    "pairs that it takes part in."
)
MISSING = "no two top-to-bottom rankings and no two configurations to compare"

ORDER = ("linear-ttb", "gaussian-ttb", "probeless-ttb")
"""The rankings of the table, in the order of every legend."""

COLUMNS = ["rankings", "n", "shared", "chance", "other_treebank", "other_attribute"]


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | str | None:
    """Return heat maps: within configurations, across treebanks, across attributes."""
    table = tables["overlap"]
    if table.is_empty():
        return None
    if (table["chance"] >= table["n"]).all():
        return "the top is all neurons of the layer, which every two rankings share"
    rows = style.rows_of(table, [*CONFIGURATION, *COLUMNS])
    most = table.select((pl.col("shared") - pl.col("chance")).abs().max()).item() or 1
    parts = []
    within = table.filter(pl.col("other_treebank").is_null())
    if len(within):
        parts.append(_within(within, most))
    across = table.filter(pl.col("other_treebank").is_not_null())
    same_attribute = across.filter(pl.col("attribute") == pl.col("other_attribute"))
    same_treebank = across.filter(pl.col("treebank") == pl.col("other_treebank"))
    if len(same_attribute):
        parts.append(_across(same_attribute, "treebank", "attribute", most))
    if len(same_treebank):
        parts.append(_across(same_treebank, "attribute", "treebank", most))
    return style.finished(alt.vconcat(*parts), rows, TITLE) if parts else None


def _colour(most: float) -> alt.Color:
    return alt.Color(
        "more:Q",
        title="shared − chance",
        scale=alt.Scale(
            domain=[-most, 0, most], range=["#D55E00", "#FFFFFF", "#0072B2"], interpolate="rgb"
        ),
        legend=alt.Legend(gradientLength=180, gradientThickness=10),
    )


def _text(most: float) -> alt.Color:
    """Return black or white, as can be read on the colour of a cell."""
    dark = f"abs(datum.more) > {0.6 * most}"
    return alt.condition(dark, alt.value("white"), alt.value(style.INK))


MORE = {"calculate": "datum.shared - datum.chance", "as": "more"}
TOOLTIP = [
    style.number("shared", "shared", ".1f"),
    style.number("chance", "chance", ".1f"),
    style.number("n", "of", ".0f"),
    style.CONFIGURATIONS,
]
MEANS = {name: name for name in ("shared", "chance", "n")}


def _within(table: pl.DataFrame, most: float) -> alt.LayerChart:
    names = sorted(table["rankings"].unique(), key=lambda name: (name.count("+"), name))
    columns = [*map(str, sorted(table["layer"].unique())), "chance"]
    x = alt.X(
        "column:N",
        title="layer",
        scale=alt.Scale(domain=columns),
        axis=alt.Axis(labelAngle=0),
    )
    short = alt.Axis(labelExpr="replace(replace(datum.label, /-ttb/g, ''), /[+]/g, ' + ')")
    y = alt.Y("rankings:N", title=None, sort=names, axis=short)
    column = {"calculate": "'' + datum.layer", "as": "column"}
    beside = {"calculate": "'chance'", "as": "column"}
    by_layer = [style.mean(MEANS, ["rankings", "layer"]), MORE, column]
    of_all = [style.mean(MEANS, ["rankings"]), MORE, beside]
    layers = []
    for transforms, text, colour, ink in (
        (by_layer, "shared", _colour(most), _text(most)),
        (of_all, "chance", alt.value("#F4F4F4"), alt.value(style.INK)),
    ):
        base = style.with_transforms(alt.Chart(), *transforms)
        base = base.encode(x=x, y=y, tooltip=["rankings:N", *TOOLTIP])
        layers.append(base.mark_rect(stroke="white").encode(color=colour))
        label = base.mark_text(fontSize=12).encode(text=alt.Text(f"{text}:Q", format=".0f"))
        layers.append(label.encode(color=ink))
    chart = alt.layer(*layers, data=alt.NamedData(style.ROWS))
    chart = chart.properties(width=alt.Step(64), height=alt.Step(28))
    own = {"filter": "!isValid(datum.other_treebank)"}
    return style.part_of(chart, *style.filters(), own, title="within one configuration")


def _across(table: pl.DataFrame, varied: str, same: str, most: float) -> alt.FacetChart:
    other = f"other_{varied}"
    names = sorted({*table[varied].unique(), *table[other].unique()})
    rankings = [name for name in ORDER if name in table["rankings"].unique()]
    key = [*CONFIGURATION, "rankings", "other_treebank", "other_attribute"]
    mirrored = table.rename({varied: other, other: varied}).select(key)
    twice = len(table.select(key).join(mirrored, on=key, nulls_equal=True)) > 0
    base = style.with_transforms(alt.Chart(), style.mean(MEANS, [varied, other, "rankings"]), MORE)
    tooltip = ["rankings:N", f"{varied}:N", f"{other}:N", *TOOLTIP]
    layers = []
    for x, y in [(varied, other)] if twice else [(varied, other), (other, varied)]:
        placed = base.encode(
            x=alt.X(f"{x}:N", title=None, scale=alt.Scale(domain=names)),
            y=alt.Y(f"{y}:N", title=None, scale=alt.Scale(domain=names)),
            tooltip=tooltip,
        )
        layers.append(placed.mark_rect(stroke="white").encode(color=_colour(most)))
        label = placed.mark_text(fontSize=12).encode(text=alt.Text("shared:Q", format=".0f"))
        layers.append(label.encode(color=_text(most)))
    size = max(34 * len(names), 68)
    faceted = (
        alt.layer(*layers)
        .properties(width=size, height=size)
        .facet(
            data=alt.NamedData(style.ROWS),
            column=alt.Column("rankings:N", title=None, sort=rankings),
        )
    )
    pairs = f"isValid(datum.{other}) && datum.{same} == datum.other_{same}"
    both = {name: (name, f"other_{name}") for name in ("treebank", "attribute")}
    title = f"one {same}, two {varied}s"
    return style.part_of(faceted, *style.filters(both), {"filter": pairs}, title=title)
