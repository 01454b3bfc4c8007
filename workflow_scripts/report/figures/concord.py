"""Concord: how often a word is still expected to agree with one whose neurons are changed."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION, CONTROLLER, OTHER
from workflow_scripts.report.figures import style
from workflow_scripts.report.verdicts import FEW

USES = ("concord",)
TITLE = "Do other words use these neurons?"
LEAD = (
    "When a word's neurons are changed, do the words that must agree with it follow? Then "
    "they use its neurons too."
)
CAPTION = (
    "In a pair of words that agree, a subject and its verb, or a noun and its determiner or "
    "adjective, the second is masked and the first k neurons of the first are changed inside the "
    "model. Concord: the share of pairs in which the model still finds the form that agrees "
    "likelier than the one that would not. Above, the word that governs the other is changed: a "
    "line that falls says that other words use its neurons. Below are two controls: the same "
    "change of another word of the same sentence, and, dashed and grey, random neurons. Columns "
    "are relations, and all of them together. Lines are means over all configurations chosen; "
    "where one is chosen, a band gives its 95% interval. What rests on fewer than "
    f"{FEW} pairs is in the table alone."
)
MISSING = (
    "no pair of words that agree was found: it takes arcs in the treebank, two words with the same "
    "kept value, and a lexicon that has the second word's other form"
)

CHANGED = {CONTROLLER: "the word that governs is changed", OTHER: "another word is changed"}


def build(tables: dict[str, pl.DataFrame]) -> alt.VConcatChart | str | None:
    """Return a line for each ranking; panels by relation, method and what is changed."""
    table = style.at_most(tables["concord"].filter(pl.col("attractor").is_null()))
    if table.is_empty():
        return None
    if table.filter(pl.col("pairs") >= FEW).is_empty():
        return (
            f"no configuration has {FEW} pairs of words that agree; the table concord has "
            "what there is"
        )
    rows = style.rows_of(
        table,
        [*CONFIGURATION, "method", "ranking", "relation", "edited", "k", "pairs", "concord"],
        ["concord_low", "concord_high"],
    )
    parts = [
        _panels(table, rows, method, edited)
        for method in table["method"].unique(maintain_order=True)
        for edited in CHANGED
    ]
    return style.finished(alt.vconcat(*parts), rows, TITLE)


def _panels(table: pl.DataFrame, rows: list[dict], method: str, edited: str) -> alt.TopLevelMixin:
    relations = [name for name in sorted(table["relation"].unique()) if name != ALL]
    lines = style.curves(
        style.rankings(table),
        "concord",
        "concord",
        interval=style.has(rows, "concord_low", "concord_high"),
        groups=["relation"],
        size=(style.width(len(relations) + 1), 150),
    )
    faceted = lines.facet(
        data=alt.NamedData(style.ROWS),
        column=alt.Column("relation:N", title=None, sort=[ALL, *relations]),
    )
    own = [{"filter": {"field": "method", "equal": method}}]
    own.append({"filter": {"field": "edited", "equal": edited}})
    own.append({"filter": {"field": "pairs", "gte": FEW}})
    return style.part_of(faceted, *style.filters(), *own, title=f"{method}: {CHANGED[edited]}")
