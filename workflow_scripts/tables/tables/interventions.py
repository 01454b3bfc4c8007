"""Interventions: what became of the words, at every k, as fractions of all words intervened on.

`error_rate`, `clwv` and `cltv` have 95 % intervals from resampling sentences.
"""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, COUNTS, INTERVALS

READS = ("interventions",)
USES_REPORT = False
USES_SEED = False

FRACTIONS = [name for name in COUNTS if name != "correct"]


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return every curve; `cltv` is empty where the method has no target."""
    words = pl.col("words")
    return (
        frames["interventions"]
        .filter(words > 0)
        .select(
            *CONFIGURATION,
            "method",
            "ranking",
            "beta",
            "scaled",
            "k",
            "words",
            error_rate=(words - pl.col("correct")) / words,
            **{name: pl.col(name) / words for name in FRACTIONS if name != "cltv"},
            cltv=pl.when("has_target").then(pl.col("cltv") / words),
            **{name: pl.col(name) for name in INTERVALS},
        )
        .select(
            *CONFIGURATION,
            *("method", "ranking", "beta", "scaled", "k", "words", "error_rate"),
            *FRACTIONS,
            *INTERVALS,
        )
    )
