"""Probing curves: every probe on every ranking, at every k, on the test split."""

import polars as pl

from workflow_scripts.files.columns import ALL

USES = ("probes",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the test scores at every k."""
    return frames["probes"].filter((pl.col("split") == "test") & (pl.col("ranking") != ALL))
