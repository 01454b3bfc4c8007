"""Probing: every probe on every ranking, at each k of `neurons.report`, and on all neurons."""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import ALL
from workflow_scripts.files.dictionary import Meaning

USES = ("probes", "report")

COLUMNS = {
    "ranking": Meaning(
        None, "The ranking of the neurons: its ranker, with the direction; `all`: all neurons."
    ),
}


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return the scores of every split at the reported k, and those on all neurons."""
    asked = pl.col("k").is_in(list(report)) | (pl.col("ranking") == ALL)
    return frames["probes"].filter(asked)
