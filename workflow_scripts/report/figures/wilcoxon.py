"""Wilcoxon: which probe on which ranking is reliably better than which other."""

import altair as alt
import polars as pl

from workflow_scripts.report.figures import style
from workflow_scripts.report.verdicts import SIGNIFICANT
from workflow_scripts.report.wording import configurations

USES = ("wilcoxon",)
TITLE = "Which probe and ranking is reliably better"
LEAD = (
    "Over many configurations, which probe with which ranking is reliably better than which other?"
)
CAPTION = (
    "A dark cell says that the setting of its column (probe, then ranking) has a higher test "
    "accuracy than that of its row, over all configurations: one-sided Wilcoxon signed-rank tests, "
    "Holm-adjusted over all pairs of one k. Read down a column for all that a setting beats; a "
    "dark row is beaten by many. Light grey is no significant difference, an empty cell no test "
    "(all differences are 0). With few configurations nothing can be significant: with n of them "
    "no p is below 1/2ⁿ before it is adjusted. Panels are the reported k."
)
MISSING = "fewer than two settings of probe and ranking to compare, or no test word"

LEVELS = ["p < 0.001", "p < 0.01", "p < 0.05", "not significant"]
SHADES = ["#08306B", "#2171B5", "#85BCDB", "#E8E8E8"]


def build(tables: dict[str, pl.DataFrame]) -> alt.FacetChart | str | None:
    """Return a matrix of settings for each k; the group over all configurations."""
    table = tables["wilcoxon"].filter(
        (pl.col("group") == "overall") & pl.col("p_holm").is_not_null()
    )
    if table.is_empty():
        return None
    n, tests = int(table["pairs"].max()), table.group_by("k").len()["len"].min()
    if tests * 0.5**n > SIGNIFICANT:  # the least p that the test can give of n pairs
        return (
            f"{configurations(n)} {'is' if n == 1 else 'are'} too few: adjusted for {tests} "
            "comparisons, no signed-rank test can be significant"
        )
    rows = style.rows_of(
        table, ["k", "probe", "ranking", "other_probe", "other_ranking", "p", "p_holm", "pairs"]
    )
    found = set(table.select("probe", "ranking").rows())
    found |= set(table.select("other_probe", "other_ranking").rows())
    others = table.select(pl.col("^other_.*$").name.map(lambda name: name.removeprefix("other_")))
    names_of_both = ("ranking", "ranker", "direction")
    both = pl.concat([table.select(names_of_both), others.select(names_of_both)])
    rankings = style.rankings(both)
    probes = sorted({probe for probe, _ in found}, reverse=True)
    names = [f"{p} · {r}" for p in probes for r in rankings if (p, r) in found]
    base = style.with_transforms(
        alt.Chart(),
        {"calculate": "datum.probe + ' · ' + datum.ranking", "as": "lower"},
        {"calculate": "datum.other_probe + ' · ' + datum.other_ranking", "as": "higher"},
        {
            "calculate": "datum.p_holm < 0.001 ? 'p < 0.001' : datum.p_holm < 0.01 ? 'p < 0.01'"
            " : datum.p_holm < 0.05 ? 'p < 0.05' : 'not significant'",
            "as": "level",
        },
    )
    cells = base.mark_rect(stroke="white", strokeWidth=1).encode(
        x=alt.X("higher:N", sort=names, title="higher accuracy", axis=alt.Axis(labelAngle=-90)),
        y=alt.Y("lower:N", sort=names, title="lower accuracy"),
        color=alt.Color(
            "level:N",
            title="Holm-adjusted",
            scale=alt.Scale(domain=LEVELS, range=SHADES),
            legend=alt.Legend(columns=2, symbolType="square", symbolStrokeWidth=0),
        ),
        tooltip=[
            alt.Tooltip("higher:N", title="higher accuracy"),
            alt.Tooltip("lower:N", title="lower accuracy"),
            "k:Q",
            style.number("p", "p", ".3~g"),
            style.number("p_holm", "p, Holm-adjusted", ".3~g"),
            alt.Tooltip("pairs:Q", title="configurations"),
        ],
    )
    size = max(min(24 * len(names), 400), 60)
    faceted = cells.properties(width=size, height=size).facet(
        data=alt.NamedData(style.ROWS),
        facet=alt.Facet("k:O", title=None, header=style.named("k ="), sort="descending"),
        columns=1,
    )
    return style.finished(faceted, rows, TITLE, filtered=False)
