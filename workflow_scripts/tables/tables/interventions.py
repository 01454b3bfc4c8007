"""Interventions: what became of the words, at every k, as fractions of all words intervened on.

`cltv`, `cltv_strict` and `no_value` are parts of others; the rest adds up to `error_rate`.
`side_effect_rate` and `unedited_error_rate` are fractions of `unedited`, the words beside them that
were watched.
`error_rate`, `clwv`, `cltv`, `cltv_strict` and `side_effect_rate` have 95 % intervals from
resampling sentences.
"""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, COUNTS, INTERVALS, WATCHED

USES = ("interventions",)

_MEASURED = (
    *(*CONFIGURATION, "method", "ranking", "beta", "scaled", "has_target", "k", "words"),
    *COUNTS,
    *WATCHED,
    *INTERVALS,
)
FRACTIONS = [name for name in COUNTS if name != "correct"]
OF_TARGET = ("cltv", "cltv_strict")


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return every curve; what is `cltv` is empty where the method has no target."""
    words, unedited = pl.col("words"), pl.col("unedited")
    return (
        frames["interventions"]
        .filter(words > 0)
        .select(
            *CONFIGURATION,
            *("method", "ranking", "beta", "scaled", "k", "words"),
            error_rate=(words - pl.col("correct")) / words,
            **{
                name: pl.when(pl.col("has_target") | (name not in OF_TARGET)).then(
                    pl.col(name) / words
                )
                for name in FRACTIONS
            },
            side_effect_rate=pl.when(unedited > 0).then(pl.col("side_effects") / unedited),
            unedited=unedited,
            unedited_error_rate=pl.when(unedited > 0).then(pl.col("unedited_errors") / unedited),
            **{name: pl.col(name) for name in (*INTERVALS, *more(frames["interventions"]))},
        )
    )


def more(collected: pl.DataFrame) -> list[str]:
    """Return the last columns: the ranker, the direction, and options of rankers and methods."""
    return [name for name in collected.columns if name not in _MEASURED]
