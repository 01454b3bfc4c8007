"""Overview: every ranking before each of its judges, the probes and the model itself."""

import json

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style
from workflow_scripts.report.verdicts import Comparisons, clearly, readable, telling_method

USES = ("used_vs_encoded", "contrasts", "probing")
TITLE = "Which ranking is best, by each of its judges?"
LEAD = "Each panel is another judge of the same rankings; it puts the shaded one first."
CAPTION = (
    "Each ranking gives its first k neurons, k the same everywhere, to every judge. A probe judges "
    "by its test accuracy (what is encoded). The model judges by the words that come out with the "
    "value aimed at, the lemma kept, when these neurons are changed inside it (CLTV; where no "
    "method has a target value, with any other value, CLWV): what is used. Were a ranking good in "
    "itself, all probes would put it first; were the encoded the used, the model would too. The "
    "shaded row is the highest mean; *clearly* means that it is above each other ranking by the "
    "paired test of the table `contrasts`, which sees differences that intervals side by side do "
    "not; it is not said while rankings are hidden. Points are means over the configurations "
    "chosen in which some probe reads the attribute clearly above its majority, lines 95% "
    "intervals over test sentences; of several configurations the line is the mean of their "
    "intervals, which is at least as wide as that of the mean."
)
MISSING = (
    "no k of a probe is also a k of an intervention, no word has a lemma, or fewer than two "
    "rankings from the top"
)

KS = "k"
"""The parameter that says how many neurons are judged."""
PART = "part"
"""The parameter that says that some rankings are hidden: who is clearly first is of all of them."""
TINT = "#E6EFF8"


def build(tables: dict[str, pl.DataFrame]) -> alt.HConcatChart | str | None:
    """Return a panel for each probe, and one for the model; rows are rankings.

    Of readable configurations alone, as verdicts are.
    """
    contrasts = tables["contrasts"]
    telling = telling_method(contrasts)
    if telling is None:
        return None
    method, measure = telling
    table = tables["used_vs_encoded"].filter(
        pl.col("point") == "report",
        pl.col("method") == method,
        pl.col("direction").fill_null("") != "btt",
        pl.all_horizontal(pl.col("accuracy", measure).is_not_null()),
    )
    if table.filter(pl.col("direction") == "ttb")["ranking"].n_unique() < 2:
        return None
    counted = pl.DataFrame(
        sorted(readable(tables["probing"])),
        {name: table.schema[name] for name in CONFIGURATION},
        orient="row",
    )
    table = table.join(counted, on=CONFIGURATION, how="semi", maintain_order="left")
    if table.is_empty():
        return "no probe reads an attribute clearly above its majority"
    first = clearly_first(contrasts, method, measure)
    of = [*CONFIGURATION, "k", "ranking"]
    table = table.join(
        first.filter(pl.col("probe").is_not_null()).select(*of, "probe", read_first="first"),
        on=[*of, "probe"],
        how="left",
        maintain_order="left",
    ).join(
        first.filter(pl.col("probe").is_null()).select(*of, moved_first="first"),
        on=of,
        how="left",
        maintain_order="left",
    )
    table = table.with_columns(pl.col("read_first", "moved_first").fill_null(value=0))
    rows = style.rows_of(
        table,
        [
            *(*CONFIGURATION, "method", "ranking", "probe", "k", "accuracy", measure),
            *("read_first", "moved_first"),
        ],
        [f"{name}_{end}" for name in ("accuracy", measure) for end in ("low", "high")],
    )
    probes = table["probe"].unique(maintain_order=True).to_list()
    rankings = style.rankings(table)
    panels = [
        _panel(rankings, rows, probe, "accuracy", f"the {probe} probe reads them", "read_first")
        for probe in probes
    ]
    panels.append(
        _panel(rankings, rows, probes[0], measure, f"the model uses them: {method}", "moved_first")
    )
    ks = sorted(table["k"].unique())
    chart = style.finished(alt.hconcat(*panels, spacing=24), rows, TITLE)
    chart.params = [
        *chart.params,
        alt.VariableParameter(name=KS, value=ks[(len(ks) - 1) // 2]),
        alt.VariableParameter(name=PART, value=False),
    ]
    return chart


AXES = {
    "accuracy": "accuracy on test words",
    "cltv": "words turned to the other value (CLTV)",
    "clwv": "words turned to another value (CLWV)",
}


def _panel(
    rankings: style.Rankings, rows: list[dict], probe: str, measure: str, title: str, clear: str
) -> alt.LayerChart:
    names = list(rankings)
    ends = {end: f"{measure}_{end}" for end in ("low", "high")}
    interval = style.has(rows, *ends.values())
    # Names of its own: Vega-Lite makes one of two aggregates by the same groups.
    value, first = f"mean_{measure}", f"first_{measure}"
    low, high = (f"mean_{end}" for end in ends.values())
    means = {value: measure, clear: clear} | (
        {low: ends["low"], high: ends["high"]} if interval else {}
    )
    base = style.with_transforms(
        style.painted(alt.Chart(), rankings),
        style.mean(means, ["ranking", "stroke"]),
        {"joinaggregate": [{"op": "max", "field": value, "as": "most"}]},
        {"calculate": f"datum.{value} == datum.most && datum.most > 0", "as": first},
        {"calculate": label(value, first, clear), "as": "said"},
    )
    bare = {name: name.removesuffix("-ttb") for name in names if rankings[name][1] == "ttb"}
    axis = alt.Axis(
        labelExpr=style.labels(rankings, bare), ticks=False, domain=False, labelFontSize=14
    )
    y = alt.Y("ranking:N", title=None, sort=names, axis=axis)
    near = alt.Scale(zero=measure != "accuracy", nice=True, padding=6)
    at = {
        "title": AXES[measure],
        "scale": near,
        "axis": alt.Axis(tickCount=3, format=style.PERCENT),
    }
    x = alt.X(f"{value}:Q", **at)
    tooltip = [
        alt.Tooltip("ranking:N", title="ranking"),
        style.number(value, AXES[measure]),
        *([style.number(low, "95% from"), style.number(high, "95% to")] if interval else []),
        style.CONFIGURATIONS,
    ]
    band = base.transform_filter(f"datum.{first}").mark_rect(color=TINT).encode(y=y)
    layers = [band]
    if interval:
        lines = base.transform_filter(f"isValid(datum.{low})").mark_rule(strokeWidth=2.5)
        layers.append(
            lines.encode(x=alt.X(f"{low}:Q", **at), x2=f"{high}:Q", y=y, stroke=style.STROKE)
        )
    points = base.mark_point(size=110, opacity=1, filled=True)
    fill = alt.Fill("stroke:N", scale=None)
    layers.append(points.encode(x=x, y=y, fill=fill, tooltip=tooltip))
    said = base.mark_text(
        align="left", baseline="middle", fontSize=13, lineHeight=15, color=style.INK
    )
    layers.append(said.encode(x=alt.value(WIDTH + 8), y=y, text="said:N"))
    chart = alt.layer(*layers).properties(width=WIDTH, height=alt.Step(34))
    return style.part_of(
        chart,
        *style.filters(),
        {"filter": f"datum.probe == {json.dumps(probe)} && datum.{KS} == {KS}"},
        title=title,
    )


WIDTH = 190


def label(value: str, first: str, clear: str) -> str:
    """Return the expression of what stands beside a ranking, from the names of its columns.

    The mean, and of the first one, on a second line, whether it is clearly that.
    """
    mean = f"format(datum.{value}, '.1%')"
    count = f"round(datum.{clear} * datum.configurations)"
    of = f"'clearly in ' + {count} + ' of ' + datum.configurations"
    whether = f"datum.configurations == 1 ? (datum.{clear} ? 'clearly' : 'within noise') : {of}"
    return (
        f"!datum.{first} ? [{mean}] : {PART} ? [{mean} + ' first', 'of those shown'] : "
        f"[{mean} + ' first,', {whether}]"
    )


def clearly_first(contrasts: pl.DataFrame, method: str, measure: str) -> pl.DataFrame:
    """Return the rankings that are clearly above each other one from the top, or random.

    By a probe's accuracy, and by the words that a method moves (then `probe` is empty), at each
    reported k; columns name the configuration, probe, k and ranking, and `first` is 1.
    """
    limit = clearly(contrasts)
    judged = contrasts.filter(
        (pl.col("measure") == "accuracy")
        | ((pl.col("measure") == measure) & (pl.col("method") == method)),
        pl.col("k").is_not_null() & pl.col("other_ranking").is_not_null(),
    )
    keys = [*CONFIGURATION, "probe", "k"]
    points: dict[tuple, Comparisons] = {}
    for *key, one, other, difference, p in judged.select(
        *keys, "ranking", "other_ranking", "difference", "p_adjusted"
    ).rows():
        points.setdefault(tuple(key), Comparisons(limit)).add(one, other, difference, p)
    rows = [(*key, pairs.clearly_best, 1) for key, pairs in points.items() if pairs.clearly_best]
    schema = {name: contrasts.schema[name] for name in (*keys, "ranking")}
    return pl.DataFrame(rows, schema | {"first": pl.Int8}, orient="row")
