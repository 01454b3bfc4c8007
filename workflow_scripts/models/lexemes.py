"""Lexemes: what one form is taken for, where it must be one thing, in every form of a treebank.

A compiled model knows a form by its most frequent analysis in training (else in all splits).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.words import compared_attributes
from workflow_scripts.kernels.planted import NO_VALUE, Forms

NO_LEMMA = "a lemma of its own"


@dataclass(frozen=True)
class Lexemes:
    """The forms of a treebank, the more frequent in training the earlier, and how each is coded."""

    forms: list[str]
    coded: Forms
    counts: np.ndarray
    """(V, v) int64: how many training words of each form have each value."""
    n_other: int
    """How many training words have another analysis than the one by which their form is coded."""
    n_words: int
    """Of how many."""


def read_lexemes(
    training: Path, others: Sequence[Path], attribute: str, values: Sequence[str]
) -> Lexemes:
    """Read the words files of a treebank; of the attribute, only `values` are values."""
    attributes = [n for n in compared_attributes(training, attribute) if n != attribute]
    words = pl.concat(
        _words(path, attribute, attributes, path == training) for path in (training, *others)
    )
    analysis = ["lemma", "upos", "others", "value"]
    index = {value: i for i, value in enumerate(values)}
    of_forms = (
        words.with_columns(
            value=pl.col("value").replace_strict(index, default=NO_VALUE, return_dtype=pl.Int64),
            # An unspecified lemma equals no other.
            lemma=pl.when(pl.col("lemma").is_null())
            .then(pl.concat_str(pl.lit(f"{NO_LEMMA}\t"), "form"))
            .otherwise("lemma"),
        )
        .group_by("form", *analysis)
        .agg(pl.col("train").sum(), pl.len().alias("all"))
        .sort("train", "all", *analysis, descending=[True, True, *[False] * len(analysis)])
    )
    taken = of_forms.group_by("form", maintain_order=True).agg(
        *(pl.col(name).first() for name in analysis),
        pl.col("train").sum(),
        pl.col("all").sum(),
        pl.col("train").first().alias("as_coded"),
    )
    taken = taken.sort("train", "all", "form", descending=[True, True, False])
    # Of the same lexeme and value, the more frequent form is the first.
    taken = taken.with_columns(
        valued=pl.col("value") != NO_VALUE, rank=pl.int_range(pl.len()).over(analysis)
    )
    cells = taken.select(pl.struct("lemma", "upos", "others", "valued", "rank").rank("dense") - 1)
    number = {form: i for i, form in enumerate(taken["form"])}
    counts = np.zeros((len(number), len(values)), np.int64)
    labelled = of_forms.filter(pl.col("value") != NO_VALUE)
    rows = labelled["form"].replace_strict(number, return_dtype=pl.Int64).to_numpy()
    np.add.at(counts, (rows, labelled["value"].to_numpy()), labelled["train"].to_numpy())
    n_words = int(taken["train"].sum())
    return Lexemes(
        forms=taken["form"].to_list(),
        coded=Forms(
            cells.to_series().to_numpy().astype(np.int64), taken["value"].to_numpy(), len(values)
        ),
        counts=counts,
        n_other=n_words - int(taken["as_coded"].sum()),
        n_words=n_words,
    )


def _words(path: Path, attribute: str, attributes: list[str], training: bool) -> pl.DataFrame:
    """Return form, lemma, upos, the other attributes as one text, value, and whether it trains."""
    words = read_frame(path, ["form", "lemma", "upos", *attributes, attribute])
    return words.select(
        "form",
        "lemma",
        "upos",
        others=pl.concat_str(
            [pl.lit("")] + [pl.col(name).cast(pl.String).fill_null("") for name in attributes],
            separator="\t",
        ),
        value=pl.col(attribute).cast(pl.String),
        train=pl.lit(int(training)),
    )
