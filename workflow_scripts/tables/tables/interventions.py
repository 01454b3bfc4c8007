"""Interventions: what became of the words, at every k, as fractions of all words intervened on.

`error_rate`, `clwv` and `cltv` have 95 % intervals from resampling sentences.
"""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, COUNTS, INTERVALS

USES = ("interventions",)

_MEASURED = (
    *(*CONFIGURATION, "method", "ranking", "beta", "scaled", "has_target", "k", "words"),
    *COUNTS,
    *INTERVALS,
)
FRACTIONS = [name for name in COUNTS if name != "correct"]


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
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
            **{name: pl.col(name) for name in more(frames["interventions"])},
        )
        .select(
            *CONFIGURATION,
            *("method", "ranking", "beta", "scaled", "k", "words", "error_rate"),
            *FRACTIONS,
            *INTERVALS,
            *more(frames["interventions"]),
        )
    )


def more(collected: pl.DataFrame) -> list[str]:
    """Return the last columns: the ranker, the direction, and options of rankers and methods."""
    return [name for name in collected.columns if name not in _MEASURED]
