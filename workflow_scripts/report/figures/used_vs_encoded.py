"""Used against encoded: one point a ranking, its probe accuracy beside its intervention."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style
from workflow_scripts.report.verdicts import Comparisons, clearly

USES = ("used_vs_encoded", "contrasts")
TITLE = "What is encoded, and what is used"
LEAD = "Are the neurons that a probe reads best also those that the model uses most?"
CAPTION = (
    "A point is one ranking: to the right, the better a probe reads the attribute from its first k "
    "neurons (encoded); upwards, the more words change their value and keep their lemma when "
    "these neurons are changed in the model (used; CLTV where the method has a target value, CLWV "
    "otherwise). Columns are k, rows methods of intervention, shapes probes; rankings from the "
    "bottom are hollow. Were the encoded the used, points would rise from left to right. Points "
    "far right and low are neurons that a probe reads and the model does not use; the ranking "
    "furthest right is often not the highest (the second pitfall). A grey ring: within noise of "
    "the ranking that moves most at that k, in at least half of the configurations chosen; a "
    "ranking from the top without one moves clearly fewer words in most of them. Points are means "
    "over all configurations chosen; where one is chosen, bars are 95% intervals."
)
MISSING = (
    "no k of a probe is also a k of an intervention, no word has a lemma, or no test word has the "
    "attribute"
)

AXIS = alt.Axis(tickCount=4, format=style.PERCENT)
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return a point for each ranking and probe; panels by method and reported k."""
    table = tables["used_vs_encoded"].filter(
        (pl.col("point") == "report") & pl.col("accuracy").is_not_null()
    )
    if table.is_empty():
        return None
    table = table.join(
        within_noise(tables["contrasts"]),
        on=[*CONFIGURATION, "method", "k", "ranking"],
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("within_noise").fill_null(value=False).cast(pl.Int8))
    rows = style.rows_of(
        table,
        [
            *(*CONFIGURATION, "method", "ranking", "probe", "k"),
            *("accuracy", "clwv", "cltv", "within_noise"),
        ],
        [f"{name}_{end}" for name in ("accuracy", "clwv", "cltv") for end in ("low", "high")],
    )
    methods = sorted(table["method"].unique())
    parts = [_panels(table.filter(pl.col("method") == name), rows, name) for name in methods]
    return style.finished(alt.vconcat(*parts), rows, TITLE)


def _panels(table: pl.DataFrame, rows: list[dict], method: str) -> alt.FacetChart:
    measure = "cltv" if table["cltv"].count() else "clwv"
    rankings = style.rankings(table)
    ends = [f"{name}_{end}" for name in ("accuracy", measure) for end in ("low", "high")]
    with_ends = [end for end in ends if style.has(rows, end)]
    width = style.width(table["k"].n_unique())
    base = style.with_transforms(
        alt.Chart(),
        style.mean(
            {name: name for name in ("accuracy", measure, "within_noise", *with_ends)},
            ["k", "ranking", "probe"],
        ),
    )
    near = alt.Scale(zero=False, nice=True, padding=8)
    x = alt.X("accuracy:Q", title="probe accuracy", scale=near, axis=AXIS)
    title = f"{measure.upper()}, {method}"
    y = alt.Y(f"{measure}:Q", title=title, axis=AXIS)
    tooltip = [
        *("ranking:N", "probe:N", "k:Q"),
        style.number("accuracy", "accuracy"),
        style.number(measure, measure.upper()),
        style.CONFIGURATIONS,
    ]
    layers = []
    for name, low, high in (("accuracy", *ends[:2]), (measure, *ends[2:])):
        if not style.has(rows, low, high):
            continue
        bars = (
            style.painted(base, rankings)
            .transform_filter(style.one_configuration(low))
            .mark_rule(strokeOpacity=0.5)
        )
        across = (
            {"x": alt.X(f"{low}:Q", title="probe accuracy"), "x2": f"{high}:Q", "y": y}
            if name == "accuracy"
            else {"x": x, "y": alt.Y(f"{low}:Q", title=title), "y2": f"{high}:Q"}
        )
        layers.append(bars.encode(**across, stroke=style.STROKE))
    rings = base.transform_filter("datum.within_noise >= 0.5").mark_point(
        size=190, strokeWidth=1, stroke="#AAAAAA", fill=None, opacity=1
    )
    layers.append(rings.encode(x=x, y=y))
    points = base.mark_point(size=80, strokeWidth=1.6, opacity=1).encode(
        x=x,
        y=y,
        **style.points(rankings),
        shape=alt.Shape(
            "probe:N",
            title="probe",
            scale=alt.Scale(range=list(SHAPES)),
        ),
        tooltip=tooltip,
    )
    chart = alt.layer(*layers, points).properties(width=width, height=210)
    faceted = chart.facet(
        data=alt.NamedData(style.ROWS),
        column=alt.Column("k:O", title=None, header=style.named("k =")),
    )
    return style.with_transforms(
        faceted, *style.filters(), {"filter": {"field": "method", "equal": method}}
    )


def within_noise(contrasts: pl.DataFrame) -> pl.DataFrame:
    """Return the rankings that are not clearly below the one that moves most, at each k.

    Rankings from the top and random; columns name the configuration, method, k and ranking.
    """
    keys = [*CONFIGURATION, "method", "k"]
    limit = clearly(contrasts)
    pairs = contrasts.filter(
        pl.col("measure").is_in(["clwv", "cltv"]),
        pl.col("k").is_not_null() & pl.col("other_ranking").is_not_null(),
    )
    points: dict[tuple, Comparisons] = {}
    for *key, one, other, difference, p in pairs.select(
        *keys, "ranking", "other_ranking", "difference", "p_adjusted"
    ).rows():
        points.setdefault(tuple(key), Comparisons(limit)).add(one, other, difference, p)
    rows = [
        (*key, ranking, True)
        for key, compared in points.items()
        for most in compared.best[:1]
        for ranking in compared.compared
        if ranking == most or not compared.better(most, ranking)
    ]
    schema = {name: contrasts.schema[name] for name in (*keys, "ranking")}
    return pl.DataFrame(rows, schema | {"within_noise": pl.Boolean}, orient="row")
