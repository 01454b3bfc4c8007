"""Used against encoded: what a probe reads from k neurons, beside what changing them does.

The paper's second pitfall in one table: a row for each configuration, method, ranking and probe, at
each k of `neurons.report` that was intervened at (`point` is `report`) and at the saturation
point (`saturation`). Accuracy and selectivity are empty where the probe was not run at that k. Each
share has its 95 % interval from resampling sentences.
"""

import logging
from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, INTERVALS
from workflow_scripts.tables.tables import interventions, saturation

USES = ("probes", "interventions", "report")

ENCODED = ["accuracy", "selectivity"]
ENCODED_INTERVAL = ["accuracy_low", "accuracy_high"]
log = logging.getLogger("used_vs_encoded")
RANKER = ["ranker", "direction"]
USED = ["clwv", "cltv", "error_rate"]


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return test accuracy and selectivity beside CLWV, CLTV and error rate."""
    curves = interventions.build(frames)
    curve = [*CONFIGURATION, "method", "ranking"]
    reported = curves.filter(pl.col("k").is_in(list(report)) & (pl.col("k") > 0))
    saturated = saturation.build(frames).select(*curve, k=pl.col("saturation_k"))
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
