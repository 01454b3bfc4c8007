"""Transfer: do the neurons and the means of one treebank move the words of another?

A row for each two treebanks of a model that keep the same values: `cltv` of the words of
`words_of`, changed with the ranking that was made from `ranking_of` and the class means of
`means_of`, at the k of `neurons.report`. Where all three are one treebank it is its own
intervention.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning

USES = ("transfer",)

FIRST = ("model", "attribute", "layer", "method", "ranking", "words_of", "ranking_of", "means_of")

COLUMNS = {
    "words_of": Meaning(None, "The treebank whose test words are changed."),
    "ranking_of": Meaning(None, "The treebank that the ranking was made from."),
    "means_of": Meaning(None, "The treebank that the class means are of."),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the rows as they were collected, without k = 0."""
    rows = frames["transfer"].filter(pl.col("k") > 0).drop("treebank")
    return rows.select(*FIRST, pl.all().exclude(FIRST))
