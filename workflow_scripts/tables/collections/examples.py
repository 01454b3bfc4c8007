"""Examples: a few words of each curve that an intervention changed as meant, in their sentence.

Spread over the corpus.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.files.words import sentences
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("examples", "words")

EXAMPLES = 10
"""How many examples of a curve are kept."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "method": pl.String,
    "ranking": pl.String,
    "k": pl.Int32,
    "sentence": pl.Int32,
    "word": pl.Int32,
    "value": pl.String,
    "target": pl.String,
    "form": pl.String,
    "predicted": pl.String,
    "text": pl.String,
    "change": pl.String,
}


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return at most EXAMPLES rows of each file."""
    text = {s.number: s.columns["form"] for s in sentences(task.words(), ["form"])}

    def examples() -> Iterator[pl.DataFrame]:
        for path in task.files("examples"):
            found = read_frame(path)
            if "split" in found.columns:  # the words of test alone are at hand
                found = found.filter(pl.col("split") == "test")
            yield in_sentence(spread(found), text)

    return put_together(examples(), SCHEMA, own=["has_target"])


def spread(rows: pl.DataFrame) -> pl.DataFrame:
    """Return at most EXAMPLES rows, evenly spaced."""
    n = min(EXAMPLES, len(rows))
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(int).tolist()] if n else rows


def in_sentence(rows: pl.DataFrame, text: dict[int, list[str]]) -> pl.DataFrame:
    """Return rows with `text`, their sentence, and `change`, what became of it."""
    changes = []
    for row in rows.iter_rows(named=True):
        words = list(text[row["sentence"]])
        words[row["word"]] = f"[{words[row['word']]} → {row['predicted']}]"
        changes.append(" ".join(words))
    return rows.with_columns(
        pl.Series("text", [" ".join(text[n]) for n in rows["sentence"].to_list()], pl.String),
        pl.Series("change", changes, pl.String),
    )
