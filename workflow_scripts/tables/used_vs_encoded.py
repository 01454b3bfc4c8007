"""Used against encoded: what a probe reads from k neurons, beside what changing them does.

The paper's second pitfall in one table: a row for each configuration, method, ranking and probe, at
each k of `neurons.report` that was intervened at (`point` is `report`) and at the saturation
point (`saturation`). Accuracy and selectivity are empty where the probe was not run at that k. Each
share has its 95 % interval from resampling sentences.
"""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.analyzers import INTERVALS
from workflow_scripts.tables import CONFIGURATION, interventions, saturation

READS = ("probes", "interventions")
USES_REPORT = True
USES_SEED = False

ENCODED = ["accuracy", "selectivity"]
ENCODED_INTERVAL = ["accuracy_low", "accuracy_high"]
USED = ["clwv", "cltv", "error_rate"]


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return test accuracy and selectivity beside CLWV, CLTV and error rate."""
    curves = interventions.build(frames, report)
    curve = [*CONFIGURATION, "method", "ranking"]
    reported = curves.filter(pl.col("k").is_in(list(report)) & (pl.col("k") > 0))
    saturated = saturation.build(frames, report).select(*curve, k=pl.col("saturation_k"))
    points = pl.concat(
        [
            reported.select(*curve, "k", point=pl.lit("report")),
            saturated.select(*curve, "k", point=pl.lit("saturation")),
        ]
    )
    probes = frames["probes"].filter(pl.col("split") == "test")
    names = probes.select("probe").unique(maintain_order=True)
    return (
        points.join(names, how="cross", maintain_order="left_right")
        .join(
            probes.select(*CONFIGURATION, "ranking", "probe", "k", *ENCODED, *ENCODED_INTERVAL),
            on=[*CONFIGURATION, "ranking", "probe", "k"],
            how="left",
            maintain_order="left",
        )
        .join(
            curves.select(*curve, "k", *USED, *INTERVALS),
            on=[*curve, "k"],
            how="left",
            maintain_order="left",
        )
        .select(
            *CONFIGURATION,
            *("method", "ranking", "probe", "point", "k"),
            *(*ENCODED, *USED, *ENCODED_INTERVAL, *INTERVALS),
        )
    )
