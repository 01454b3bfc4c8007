"""Truth: how well each ranking finds the neurons that are known to be used, and to hold it.

In compiled models (`models: {planted: {compile: ...}}`) both are known. A row is a mean over the
models of one entry, which differ in what was drawn; its interval is Student's over them, empty for
one. `vote_…` are of the vote of all other rankings from the top. What the scores are:
`interventions/score_rankings.py`.
"""

from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, RANKING
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.treebank_flips import mean_interval

USES = ("truth",)

SCORES = (
    *("ap_used", "ap_encoded", "auroc_used", "auroc_encoded"),
    *("use_area", "encoded_area", "vote_ap_used", "vote_ap_encoded"),
)
SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"ranking": pl.String}
    | dict.fromkeys(SCORES, pl.Float64)
    | {f"{score}_{end}": pl.Float64 for score in SCORES for end in ("low", "high")}
    | {"seeds": pl.Int32, "ranker": pl.String, "direction": pl.String}
)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row for each configuration and ranking, in the order of the study."""
    scores = frames["truth"].with_columns(model=pl.col("planted"))
    rows = []
    for names, models in scores.group_by([*CONFIGURATION, *RANKING], maintain_order=True):
        row: dict[str, Any] = dict(zip([*CONFIGURATION, *RANKING], names, strict=True))
        row["seeds"] = len(models)
        for score in SCORES:
            found = models[score].drop_nulls().to_numpy()
            if len(found):
                ends = map(float, np.concatenate(mean_interval(found[:, None])))
                row |= zip((score, f"{score}_low", f"{score}_high"), ends, strict=True)
        rows.append(row)
    table = pl.DataFrame(rows, schema=SCHEMA)  # pyright: ignore[reportArgumentType]
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
