"""Intervention curves: what happens to the words as k neurons are changed."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("interventions",)
TITLE = "What changing k neurons does to the model's words"
LEAD = "What happens to the model's own words when more and more neurons are changed inside it?"
CAPTION = (
    "The first k neurons of a ranking are changed inside the running model, by one method in each "
    "column of panels, and the model reads its own words out. Error rate: the share of words that "
    "come out as another word. CLWV (correct lemma, wrong value): the share that come out as "
    "another form of the same lemma, so that the attribute was moved and the word was kept; CLTV, "
    "where the method has a target: those of them with the value aimed at. A ranking of neurons "
    "that the model uses for the attribute lifts CLWV and CLTV early; a high error rate with a low "
    "CLWV is damage without aim. The diamond and the thin black line are k = 0, the unchanged "
    "model. Lines are means over all configurations chosen; where one is chosen, a band gives its "
    "95% interval. A large study is drawn at some of its k; the table has them all."
)
MISSING = "no word was intervened on: no test word has the attribute"

MEASURES = {"error_rate": "error rate", "clwv": "CLWV", "cltv": "CLTV"}


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | None:
    """Return a line for each ranking; panels by measure and method."""
    table = style.at_most(tables["interventions"])
    if table.is_empty():
        return None
    measures = [name for name in MEASURES if table[name].count()]
    intervals = [f"{name}_{end}" for name in measures for end in ("low", "high")]
    rows = style.rows_of(
        table, [*CONFIGURATION, "method", "ranking", "k", "words", *measures], intervals
    )
    methods = table["method"].unique().sort()
    parts = []
    for measure in measures:
        # A method without a target has no CLTV, and no panel for it: the others say their names.
        having = table.filter(pl.col(measure).is_not_null())["method"].unique().sort()
        named = measure == measures[0] or len(having) < len(methods)
        faceted = _panels(table, rows, measure, len(methods), named)
        has_it = {"filter": {"field": "method", "oneOf": having.to_list()}}
        parts.append(style.part_of(faceted, *style.filters(), has_it))
    return style.finished(alt.vconcat(*parts), rows, TITLE)


def _panels(
    table: pl.DataFrame, rows: list[dict], measure: str, methods: int, named: bool
) -> alt.FacetChart:
    width = style.width(methods)
    lines = style.curves(
        style.rankings(table),
        measure,
        MEASURES[measure],
        interval=style.has(rows, f"{measure}_low", f"{measure}_high"),
        groups=["method"],
        zero=True,
        size=(width, 150),
    )
    base = alt.Chart().transform_filter(f"datum.k == 0 && isValid(datum.{measure})")
    base = style.with_transforms(base, style.mean({"unchanged": measure}, ["method", "k"]))
    tooltip = [style.number("unchanged", f"{MEASURES[measure]} at k = 0"), style.CONFIGURATIONS]
    line = base.mark_rule(color=style.INK, strokeWidth=0.8).encode(y="unchanged:Q", tooltip=tooltip)
    point = base.mark_point(
        shape="diamond", filled=True, size=70, color=style.INK, opacity=1
    ).encode(x="k:Q", y="unchanged:Q", tooltip=tooltip)
    chart = alt.layer(line, lines, point).properties(width=width, height=150)
    header = alt.Header(labels=named)
    return chart.facet(
        data=alt.NamedData(style.ROWS),
        column=alt.Column("method:N", title=None, header=header),
    )
