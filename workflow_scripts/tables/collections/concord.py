"""Concord: how often a word is still expected to agree with one that is changed inside the model.

Counts of each curve summed over sentences, for each relation and for `all` of them, with a word of
another value between the two (`attractor`), without one, and, where that is empty, with both; with
95 % intervals from resampling sentences. `drop` is the concord at k = 0 less that at k.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import polars as pl

from workflow_scripts.files.columns import ALL, CONCORD_INTERVALS
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("concord",)

SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"method": pl.String, "ranking": pl.String, "relation": pl.String, "attractor": pl.Boolean}
    | {"edited": pl.String, "k": pl.Int32, "pairs": pl.Int64}
    | {"concord": pl.Float64, "margin": pl.Float64, "drop": pl.Float64}
    | dict.fromkeys(CONCORD_INTERVALS, pl.Float64)
)
MEASURED = ("k", "sentence", "relation", "attractor", "edited", "pairs", "concordant", "margin")


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return a row for each k of each curve; without a pair there is none."""

    def curves() -> Iterator[pl.DataFrame]:
        for path in task.files("concord"):
            yield curve(read_frame(path))

    return put_together(curves(), SCHEMA, own=["has_target"])


def curve(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of one file, which counts pairs of each sentence and kind at each k."""
    names = [name for name in counts.columns if name not in MEASURED]
    rows = [pl.DataFrame(schema={name: SCHEMA[name] for name in _OWN})]
    relations = counts["relation"].unique(maintain_order=True).sort().to_list()
    for relation, attractor, edited in product(
        [*relations, ALL], [None, False, True], counts["edited"].unique(maintain_order=True)
    ):
        kind = counts.filter(
            pl.col("edited") == edited,
            (pl.col("relation") == relation) | (relation == ALL),
            pl.lit(attractor is None) | (pl.col("attractor") == (attractor or False)),
        )
        if len(kind):
            of_kind = {"relation": relation, "attractor": attractor, "edited": edited}
            points = [pl.lit(v, SCHEMA[name]).alias(name) for name, v in of_kind.items()]
            rows.append(_summed(kind).with_columns(*points).select(_OWN))
    found = pl.concat(rows)
    first = counts.row(0, named=True) if len(counts) else dict.fromkeys(names)
    own = [pl.lit(first[name], counts.schema[name]).alias(name) for name in names]
    return found.with_columns(*own)


_OWN = [name for name in SCHEMA if name not in (*CONFIGURATION_SCHEMA, "method", "ranking")]


def _summed(kind: pl.DataFrame) -> pl.DataFrame:
    """Return sums and shares over sentences at each k, with intervals."""
    by_sentence = kind.group_by("k", "sentence").agg(pl.col("pairs", "concordant", "margin").sum())
    by_sentence = by_sentence.sort("k", "sentence")
    ks = by_sentence["k"].unique().sort().to_list()

    def columns(name: str) -> np.ndarray:  # (S, K)
        return by_sentence[name].to_numpy().reshape(len(ks), -1).T.astype(np.float64)

    pairs, concordant = columns("pairs")[:, 0], columns("concordant")
    dropped = concordant[:, :1] - concordant
    hits = {"concord": concordant, "margin": columns("margin"), "drop": dropped}
    low, high = ratio_interval(np.hstack(list(hits.values())), pairs)
    found: dict[str, object] = {"k": ks, "pairs": [int(pairs.sum())] * len(ks)}
    for i, (name, of) in enumerate(hits.items()):
        at = slice(i * len(ks), (i + 1) * len(ks))
        found[name] = of.sum(axis=0) / pairs.sum()
        found |= {f"{name}_low": low[at], f"{name}_high": high[at]}
    return pl.DataFrame(found).cast({"k": pl.Int32})
