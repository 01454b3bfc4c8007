"""Interventions: what became of the words, at every k, as fractions of all words intervened on.

`cltv`, `cltv_strict` and `no_value` are parts of others; the rest adds up to `error_rate`.
`side_effect_rate` and `unedited_error_rate` are fractions of `unedited`, the words beside them that
were watched.
`error_rate`, `clwv`, `cltv`, `cltv_strict` and `side_effect_rate` have 95 % intervals from
resampling sentences.
"""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, COUNTS, INTERVALS, WATCHED
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.meanings import SHARE, WORDS

USES = ("interventions",)

_MEASURED = (
    *(*CONFIGURATION, "method", "ranking", "beta", "scaled", "has_target", "k", "words"),
    *COUNTS,
    *WATCHED,
    *INTERVALS,
)
FRACTIONS = [name for name in COUNTS if name != "correct"]
OF_TARGET = ("cltv", "cltv_strict")

COLUMNS = {
    "correct_lemma_correct_value": Meaning(
        SHARE,
        "Share of the words intervened on that are predicted as another word of the same lemma "
        "and value.",
    ),
    "wrong_lemma_correct_value": Meaning(
        SHARE,
        "Share of the words intervened on that are predicted as a word of another lemma, with the "
        "same value.",
    ),
    "wrong_lemma_wrong_value": Meaning(
        SHARE,
        "Share of the words intervened on that are predicted as a word of another lemma, with "
        "another value or none.",
    ),
    "no_analysis": Meaning(
        SHARE,
        "Share of the words intervened on that are predicted as something the analyzer has no "
        "analysis for, or that changed and have no lemma to compare.",
    ),
    "no_value": Meaning(
        SHARE,
        "Share of the words intervened on that are predicted as another word without a value of "
        "the attribute; they are in `clwv` or `wrong_lemma_wrong_value` too.",
    ),
    "unedited": Meaning(
        WORDS, "How many words of the same sentences are watched, which nobody changed."
    ),
    "unedited_error_rate": Meaning(
        SHARE, "Share of the watched words that are predicted as another word than was read."
    ),
}


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
