"""Truth: how well each ranking finds the neurons that are known to be used, and to hold it.

In compiled models (`models: {planted: {compile: ...}}`) both are known. A row is a mean over the
models of one entry, which differ in what was drawn; its interval is Student's over them, empty for
one. What the scores are: `interventions/score_rankings.py`.
"""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, RANKING
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA

USES = ("truth",)

SCORES = (
    *("ap_used", "ap_encoded", "auroc_used", "auroc_encoded"),
    *("use_area", "encoded_area"),
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
    groups = scores.group_by([*CONFIGURATION, *RANKING], maintain_order=True)
    table = groups.agg(
        *(pl.col(score).mean() for score in SCORES),
        *(_end(score, end) for score in SCORES for end in ("low", "high")),
        seeds=pl.len().cast(pl.Int32),
    )
    return table.select(*SCHEMA).cast(SCHEMA)  # pyright: ignore[reportArgumentType]


def _end(score: str, end: str) -> pl.Expr:
    """Return one end of the 95 % interval of a mean over models, by Student's t."""
    from scipy.stats import t

    quantiles = {n: t.ppf(0.975, n - 1) for n in range(2, 1001)}
    n = pl.col(score).count()
    half = pl.col(score).std() / n.sqrt() * n.replace_strict(quantiles, default=None)
    mean = pl.col(score).mean()
    return (mean - half if end == "low" else mean + half).alias(f"{score}_{end}")
