"""Probing curves: every probe on every ranking, at every k, on the test split."""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import ALL

READS = ("probes",)
USES_REPORT = False
USES_SEED = False


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return the test scores at every k."""
    return frames["probes"].filter((pl.col("split") == "test") & (pl.col("ranking") != ALL))
