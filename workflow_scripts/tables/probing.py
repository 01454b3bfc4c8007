"""Probing: every probe on every ranking, at each k of `neurons.report`, on every split."""

from collections.abc import Sequence

import polars as pl

READS = ("probes",)
USES_REPORT = True
USES_SEED = False


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return the scores at the reported k."""
    return frames["probes"].filter(pl.col("k").is_in(list(report)))
