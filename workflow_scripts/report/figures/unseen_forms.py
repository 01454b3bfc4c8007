"""Unseen forms: test accuracy on words whose form training has, and has not, over k."""

import altair as alt
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.report.figures import style

USES = ("probing_curves",)
TITLE = "Accuracy on forms that training has, and on others"
LEAD = "Does a probe know the attribute, or only the word forms that it saw in training?"
CAPTION = (
    "Test accuracy of a probe that sees only the first k neurons of a ranking, left on words whose "
    "form is in training with the attribute, right on those whose form is not; rows are probes, "
    "lines rankings as in the accuracy curves. A probe that knows the attribute reads both alike; "
    "one that remembers forms is better on the left, and where it falls at large k on the right "
    "alone, more neurons help memory and not the attribute. New forms may also be harder in "
    "themselves (rarer, cut into more pieces), and that is the same for every probe: compare the "
    "rows. Lines are means over all configurations chosen, of all layers, in which test has words "
    "of both kinds. A large study is drawn at some of its k; the table has them all."
)
MISSING = "no probe was run, or no test split has words of both kinds"

SEEN, UNSEEN = "seen_accuracy", "unseen_accuracy"


def build(tables: dict[str, pl.DataFrame]) -> alt.FacetChart | None:
    """Return a line for each ranking; a row of panels for each probe, seen forms on the left."""
    both = tables["probing_curves"].filter(pl.all_horizontal(pl.col(SEEN, UNSEEN).is_not_null()))
    table = style.at_most(both)
    if table.is_empty():
        return None
    rows = style.rows_of(table, [*CONFIGURATION, "probe", "ranking", "k", SEEN, UNSEEN])
    lines = style.curves(
        style.rankings(table),
        "accuracy",
        "accuracy",
        interval=False,
        groups=["probe", "forms"],
        size=(style.width(2), 170),
    )
    labels = f"(datum.label) == '{SEEN}' ? 'forms in training' : 'forms not in training'"
    chart = lines.facet(
        data=alt.NamedData(style.ROWS),
        row=alt.Row(
            "probe:N",
            title=None,
            sort="descending",
            header=style.named("probe", before=False),
        ),
        column=alt.Column(
            "forms:N", title=None, sort=[SEEN, UNSEEN], header=alt.Header(labelExpr=labels)
        ),
    )
    fold = {"fold": [SEEN, UNSEEN], "as": ["forms", "accuracy"]}
    return style.finished(style.with_transforms(chart, fold), rows, TITLE)
