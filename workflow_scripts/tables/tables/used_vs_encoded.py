"""Used against encoded: what a probe reads from k neurons, beside what changing them does.

The paper's second pitfall in one table: a row for each configuration, method, ranking and probe, at
each k of `neurons.report` that was intervened at (`point` is `report`) and at the saturation
point (`saturation`). Accuracy and selectivity are empty where the probe was not run at that k.
Where concord was measured, `others_use` is how much less often than at k = 0 other words agree with
the changed one. Each share has its 95 % interval from resampling sentences.
"""

import logging
from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION, CONTROLLER, INTERVALS
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.meanings import SHARE
from workflow_scripts.tables.tables import interventions, saturation

USES = ("probes", "interventions", "report", "concord")
OPTIONAL = ("concord",)

ENCODED = ["accuracy", "selectivity"]
ENCODED_INTERVAL = ["accuracy_low", "accuracy_high"]
log = logging.getLogger("used_vs_encoded")
RANKER = ["ranker", "direction"]
USED = ["clwv", "cltv", "error_rate", "cltv_strict", "side_effect_rate"]

COLUMNS = {
    "point": Meaning(
        None, "Where k is from: `report`, a k of `neurons.report`, or `saturation`, that point."
    ),
    "accuracy": Meaning(
        SHARE, "Share of the test words whose value the probe predicts; empty where it was not run."
    ),
    "others_use": Meaning(
        SHARE,
        "How much less often than at k = 0 other words are expected to agree with a changed one; "
        "empty where that is not measured (concord).",
    ),
}


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return test accuracy and selectivity beside what became of the words."""
    curves = interventions.build(frames)
    if "split" in curves.columns:
        curves = curves.filter(pl.col("split") == "test")  # as the probes' words are
    curve = [*CONFIGURATION, "method", "ranking"]
    reported = curves.filter(pl.col("k").is_in(list(report)) & (pl.col("k") > 0))
    saturated = saturation.of(curves).select(*curve, k=pl.col("saturation_k"))
    points = pl.concat(
        [
            reported.select(*curve, "k", point=pl.lit("report")),
            saturated.select(*curve, "k", point=pl.lit("saturation")),
        ]
    )
    probes = frames["probes"].filter(pl.col("split") == "test")
    names = probes.select("probe").unique(maintain_order=True)
    table = (
        points.join(names, how="cross", maintain_order="left_right")
        .join(
            probes.select(*CONFIGURATION, "ranking", "probe", "k", *ENCODED, *ENCODED_INTERVAL),
            on=[*CONFIGURATION, "ranking", "probe", "k"],
            how="left",
            maintain_order="left",
        )
        .join(
            curves.select(*curve, "k", *USED, *INTERVALS, *RANKER),
            on=[*curve, "k"],
            how="left",
            maintain_order="left",
        )
        .select(
            *CONFIGURATION,
            *("method", "ranking", "probe", "point", "k"),
            *(*ENCODED, *USED, *ENCODED_INTERVAL, *INTERVALS, *RANKER),
        )
    )
    if "concord" in frames:
        table = with_others_use(table, frames["concord"])
    if len(curves) and reported.is_empty():
        log.warning(
            "no k of neurons.report is on the grid of an intervention: the saturation points alone "
            "are in the table; choose reported k that are multiples of step"
        )
    unread = table.filter((pl.col("k") > 0) & pl.col("accuracy").is_null())
    if len(unread):
        log.warning(
            "%d of %d rows have no accuracy: no probe was trained at their k, which lies beyond "
            "neurons.max, or the test split has no word of the attribute",
            *(len(unread), len(table)),
        )
    return table


def with_others_use(table: pl.DataFrame, concord: pl.DataFrame) -> pl.DataFrame:
    """Return the table with `others_use` and its interval, of all pairs at the same k."""
    on = [*CONFIGURATION, "method", "ranking", "k"]
    ends = {f"drop_{end}": f"others_use_{end}" for end in ("low", "high")}
    names = {"drop": "others_use"} | ends
    use = concord.filter(
        pl.col("relation") == ALL, pl.col("attractor").is_null(), pl.col("edited") == CONTROLLER
    )
    with_use = table.join(
        use.select(*on, *names).rename(names),
        on=on,
        how="left",
        maintain_order="left",
    )
    last = [*ENCODED_INTERVAL, *INTERVALS]
    order = [name for name in table.columns if name not in (*last, *RANKER)]
    return with_use.select(*order, "others_use", *last, *ends.values(), *RANKER)
