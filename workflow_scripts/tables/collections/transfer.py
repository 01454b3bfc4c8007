"""Transfer: how many words of a treebank move by the ranking and the means of another.

Counts summed over sentences, with 95 % intervals from resampling them. What moves by the treebank's
own ranking and means is of the interventions themselves.
"""

from collections.abc import Iterator

import polars as pl

from workflow_scripts.files.columns import COUNTS, WATCHED
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("transfer", "interventions", "report")

SCHEMA = (
    CONFIGURATION_SCHEMA
    | dict.fromkeys(("method", "ranking", "words_of", "ranking_of", "means_of"), pl.String)
    | {"k": pl.Int32, "words": pl.Int64}
    | dict.fromkeys(("cltv", "cltv_low", "cltv_high"), pl.Float64)
)
_CURVE = ["model", "treebank", "attribute", "layer", "method", "ranking"]


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return a row for each k, of each curve that another treebank's was measured beside."""
    report = [0, *task.report()]
    borrowed = [read_frame(path) for path in task.files("transfer")]
    wanted = {frame.select(_CURVE).row(0) for frame in borrowed if len(frame)}

    def frames() -> Iterator[pl.DataFrame]:
        for path in task.files("interventions"):
            own = read_frame(path)
            if len(own) and own.select(_CURVE).row(0) in wanted:
                own = own.filter(pl.col("k").is_in(report))
                treebank = pl.col("treebank")
                yield shares(own.with_columns(ranking_of=treebank, means_of=treebank))
        for frame in borrowed:
            yield shares(frame)

    return put_together(
        frames(), SCHEMA, own=["sentence", "has_target", "split", *COUNTS, *WATCHED]
    )


def shares(counts: pl.DataFrame) -> pl.DataFrame:
    """Return counts (a row for each k and sentence) as a row for each k and each loan."""
    loans = ["ranking_of", "means_of"]
    parts = []
    for _, of in counts.filter(pl.col("words") > 0).group_by(loans, maintain_order=True):
        of = of.sort("k", "sentence")
        ks = of["k"].unique().sort().to_list()
        words, moved = (of[name].to_numpy().reshape(len(ks), -1).T for name in ("words", "cltv"))
        low, high = ratio_interval(moved, words[:, 0])
        first = of.unique("k", keep="first", maintain_order=True)
        parts.append(
            first.with_columns(
                words_of=pl.col("treebank"),
                words=pl.lit(int(words[:, 0].sum()), pl.Int64),
                cltv=pl.Series(moved.sum(axis=0) / words[:, 0].sum(), dtype=pl.Float64),
                cltv_low=pl.Series(low, dtype=pl.Float64),
                cltv_high=pl.Series(high, dtype=pl.Float64),
            )
        )
    none = counts.clear().with_columns(words_of=pl.col("treebank"))
    return pl.concat(parts) if parts else none.drop("cltv").cast({"words": pl.Int64})
