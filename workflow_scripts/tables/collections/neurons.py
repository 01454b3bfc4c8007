"""Neurons: those that stand first in a ranking from the top, with all that is known of each alone.

Rows are of three kinds: `place`, of a neuron and a ranking; `value`, of a neuron and a value; and
`word`, of a neuron and a word at one of its ends, in its context. A table of its own has each.
"""

from collections.abc import Iterator

import polars as pl

from workflow_scripts.files.columns import BIN_COLUMNS, CONFIGURATION
from workflow_scripts.files.contexts import in_context
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.files.words import sentences
from workflow_scripts.tables.collections import NAMES, CollectionTask

USES = ("rankings", "neurons", "words", "describe")

PLACE, VALUE, WORD = "place", "value", "word"
FIRST = CONFIGURATION_SCHEMA | {"neuron": pl.Int32}
_RANKED = {"ranking": pl.String, "position": pl.Int32, "n_neurons": pl.Int32, "score": pl.Float64}
OF_PLACE = _RANKED | dict.fromkeys(("information", "cohens_d"), pl.Float64)
OF_VALUE = (
    {"value": pl.String, "words": pl.Int64}
    | dict.fromkeys(("mean", "sd", "low", "high"), pl.Float64)
    | dict.fromkeys(BIN_COLUMNS, pl.Int32)
)
OF_WORD = {"end": pl.String, "place": pl.Int32, "sentence": pl.Int32, "word": pl.Int32} | {
    "form": pl.String,
    "value": pl.String,
    "activation": pl.Float32,
    "context": pl.String,
}
SCHEMA = FIRST | {"kind": pl.String} | OF_PLACE | OF_VALUE | OF_WORD


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return the rows of the neurons that are among the first of any ranking."""
    text = {s.number: s.columns["form"] for s in sentences(task.words(), ["form"])}
    rankings: dict[tuple, list[pl.DataFrame]] = {}
    for path in task.files("rankings"):
        ranked = read_frame(path)
        if len(ranked):  # none of a ranker that had nothing to rank by
            rankings.setdefault(_of(ranked), []).append(ranked)

    def parts() -> Iterator[pl.DataFrame]:
        files = task.files("neurons")
        for neurons, values, words in zip(files[::3], files[1::3], files[2::3], strict=True):
            facts = read_frame(neurons)
            ranked = rankings.get(_of(facts))
            if not ranked:
                continue
            places = placed(ranked)
            first = places.filter(pl.col("position") < task.describe())["neuron"].unique().to_list()
            chosen = pl.col("neuron").is_in(first)
            yield (
                places.filter(chosen)
                .join(facts.drop(CONFIGURATION), on="neuron")
                .with_columns(kind=pl.lit(PLACE))
            )
            yield read_frame(values).filter(chosen).with_columns(kind=pl.lit(VALUE))
            peaks = read_frame(words).filter(chosen)
            found = [
                in_context(text[n], word)
                for n, word in peaks.select("sentence", "word").iter_rows()
            ]
            context = pl.Series(found, dtype=pl.String)
            yield peaks.with_columns(kind=pl.lit(WORD), context=context)

    schema: dict = SCHEMA | NAMES
    return pl.concat([pl.DataFrame(schema=schema), *parts()], how="diagonal").cast(schema)


def _of(rows: pl.DataFrame) -> tuple:
    """Return the configuration that a file says it is of."""
    return rows.select(CONFIGURATION).row(0)


def placed(rankings: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the place of every neuron in each ranking, neuron by neuron."""
    width = pl.len().cast(pl.Int32).alias("n_neurons")
    rows = pl.concat([one.with_columns(width).select(*FIRST, *_RANKED, *NAMES) for one in rankings])
    return rows.sort("neuron", maintain_order=True)
