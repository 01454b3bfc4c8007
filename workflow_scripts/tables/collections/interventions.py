"""Interventions: the outcome counts of every curve, summed over sentences.

With 95 % intervals of their shares from resampling sentences.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from workflow_scripts.files.columns import COUNTS, INTERVALS, SHARES, WATCHED
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("interventions",)

SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"method": pl.String, "ranking": pl.String}
    | {"beta": pl.Float64, "scaled": pl.Boolean, "has_target": pl.Boolean}
    | {"k": pl.Int32, "words": pl.Int64}
    | dict.fromkeys((*COUNTS, *WATCHED), pl.Int64)
    | dict.fromkeys(INTERVALS, pl.Float64)
)
MEASURED = ("words", *COUNTS, *WATCHED)


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return a row for each k of each curve; without a word to intervene on there is none."""

    def curves() -> Iterator[pl.DataFrame]:
        for path in task.files("interventions"):
            yield curve(read_frame(path).sort("k", "sentence"))

    return put_together(curves(), SCHEMA, own=["sentence"])


def curve(counts: pl.DataFrame) -> pl.DataFrame:
    """Return counts (a row for each k and sentence) summed over sentences, with intervals."""
    names = [name for name in counts.columns if name not in ("k", "sentence", *MEASURED)]
    sums = counts.group_by("k", maintain_order=True).agg(
        *(pl.col(name).first() for name in names),
        # What no sentence has, which is not counted there, is nothing and not 0.
        *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in MEASURED),
    )
    return sums.with_columns(**intervals(counts, len(sums)))


def intervals(counts: pl.DataFrame, n_points: int) -> dict[str, pl.Series]:
    """Return the columns INTERVALS of a curve; `counts` has the same sentences at each k."""

    def by_sentence(name: str) -> np.ndarray:  # (S, K)
        found = counts[name].fill_null(0)
        return found.to_numpy().reshape(n_points, -1).T if n_points else np.empty((0, 0))

    words, unedited = by_sentence("words"), by_sentence("unedited")
    hits = [words - by_sentence("correct"), *map(by_sentence, ("clwv", "cltv", "cltv_strict"))]
    first = slice(0, 1 if n_points else 0)
    ends = [
        np.concatenate(both)
        for both in zip(
            ratio_interval(np.hstack(hits), words[:, first].sum(axis=1)),
            ratio_interval(by_sentence("side_effects"), unedited[:, first].sum(axis=1)),
            strict=True,
        )
    ]
    without = set()
    if n_points:
        without |= set() if counts["has_target"][0] else {"cltv", "cltv_strict"}
        without |= {name for name in ("clwv", "cltv", "cltv_strict") if not counts[name].count()}
    for name in without:
        at = SHARES.index(name) * n_points
        for end in ends:
            end[at : at + n_points] = np.nan
    columns = [end.reshape(len(SHARES), n_points)[i] for i in range(len(SHARES)) for end in ends]
    return {
        name: pl.Series(values, dtype=pl.Float64).fill_nan(None)
        for name, values in zip(INTERVALS, columns, strict=True)
    }
