"""Probing: every probe on every ranking, at each k of `neurons.report`, and on all neurons."""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import ALL

USES = ("probes", "report")


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return the scores of every split at the reported k, and those on all neurons."""
    asked = pl.col("k").is_in(list(report)) | (pl.col("ranking") == ALL)
    return frames["probes"].filter(asked)
