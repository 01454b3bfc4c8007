"""Layer profiles: where in the model an attribute is encoded, and where it is used."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("probing", "saturation")
TITLE = "Layer by layer: encoded and used"
LEAD = (
    "At which layer can a probe read the attribute best, and at which does the model use it most?"
)
CAPTION = (
    "Above, the test accuracy of each probe on the first k neurons of a ranking, k the largest "
    "that is reported, at each layer (0 is the embeddings). Below, the CLWV of each intervention "
    "at its saturation point, the k from which changing more neurons adds little (the last k where "
    "the curve still rises; the table says which): the share of "
    "words that come out as another form of the same lemma. A layer may encode an attribute well "
    "and be used little, and the reverse. Points are means over all configurations chosen; where "
    "one is chosen, bars are 95% intervals."
)
MISSING = "no configuration has a test word with its attribute"


AXIS = alt.Axis(tickCount=5, format=style.PERCENT)


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | str | None:
    """Return accuracy and CLWV by layer; panels by probe and by method."""
    parts = [part for part in (_encoded(tables["probing"]), _used(tables["saturation"])) if part]
    if not parts:
        return None
    if all(part["layer"].n_unique() < 2 for part, _ in parts):
        return "the study has one layer, so there is no profile of layers"
    long = pl.concat([rows for rows, _ in parts], how="diagonal")
    rows = style.rows_of(long, long.columns[:9], ["value_low", "value_high"])
    interval = style.has(rows, "value_low", "value_high")
    rankings = style.rankings(long)
    charts = [_panels(part, title, rankings, interval) for part, title in parts]
    return style.finished(alt.vconcat(*charts), rows, TITLE)


def _long(table: pl.DataFrame, measure: str, of: str, k: str) -> pl.DataFrame:
    ends = [end for end in ("low", "high") if f"{measure}_{end}" in table.columns]
    return table.select(
        *CONFIGURATION,
        "ranking",
        measure=pl.lit(measure),
        panel=pl.col(of),
        k=pl.col(k),
        value=pl.col(measure),
        **{f"value_{end}": pl.col(f"{measure}_{end}") for end in ends},
        **{name: pl.col(name) for name in ("ranker", "direction")},
    ).filter(pl.col("value").is_not_null())


def _encoded(probing: pl.DataFrame) -> tuple[pl.DataFrame, str] | None:
    test = probing.filter((pl.col("split") == "test") & (pl.col("ranking") != ALL))
    table = _long(
        test.filter(pl.col("k") == pl.col("k").max().over(CONFIGURATION)), "accuracy", "probe", "k"
    )
    return None if table.is_empty() else (table, f"accuracy, k = {table['k'].max()}")


def _used(saturation: pl.DataFrame) -> tuple[pl.DataFrame, str] | None:
    table = _long(saturation, "clwv", "method", "saturation_k")
    return None if table.is_empty() else (table, "CLWV at saturation")


def _panels(table: pl.DataFrame, title: str, rankings: style.Rankings, interval: bool):
    measure = table["measure"][0]
    ends = {"low": "value_low", "high": "value_high"} if interval else {}
    base = style.with_transforms(
        alt.Chart(),
        style.mean({"value": "value", "k": "k"} | ends, ["panel", "layer", "ranking"]),
    )
    x = alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=AXIS)
    several = table["layer"].n_unique() > 1
    side = alt.XOffset("ranking:N", scale=alt.Scale(domain=list(rankings)))
    place = {"x": x} if several else {"x": x, "xOffset": side}
    layers = []
    if interval:
        bars = style.painted(base, rankings).transform_filter(style.one_configuration("low"))
        ends = {"y": alt.Y("low:Q", title=title), "y2": "high:Q"}
        layers.append(
            bars.mark_rule(strokeOpacity=0.5).encode(**place, **ends, stroke=style.STROKE)
        )
    tooltip = [
        *("ranking:N", "layer:O"),
        style.number("value", title),
        style.number("k", "mean k", "~g"),
        style.CONFIGURATIONS,
    ]
    if several:
        lines = base.mark_line(strokeWidth=1.4)
        layers.append(
            lines.encode(x=x, y=y, color=style.colour(rankings), strokeDash=style.dash(rankings))
        )
        base, paint = style.painted(base, rankings), {"stroke": style.STROKE, "fill": style.FILL}
    else:
        paint = style.points(rankings)
    points = base.mark_point(size=50, strokeWidth=1.4, opacity=1)
    layers.append(points.encode(**place, y=y, tooltip=tooltip, **paint))
    size = {"width": style.width(table["panel"].n_unique()), "height": 170}
    kind = "probe" if measure == "accuracy" else ""
    faceted = (
        alt.layer(*layers)
        .properties(**size)
        .facet(
            data=alt.NamedData(style.ROWS),
            column=alt.Column(
                "panel:N",
                title=None,
                sort="descending" if kind else "ascending",
                header=style.named(kind, before=False),
            ),
        )
    )
    return style.with_transforms(
        faceted, *style.filters(), {"filter": {"field": "measure", "equal": measure}}
    )
