"""Neuron values: how the neurons of table `neurons` are spread over the words of each value.

A row for each neuron and value: its training `words`, their `mean` and `sd`, and how many of them
lie in each of 24 bins of one width between `low` and `high` (`bin_1` ...), the same for all values
of the neuron. What lies beyond is in the first and the last.
"""

import polars as pl

from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.collections.neurons import FIRST, OF_VALUE, VALUE

USES = ("neurons",)
COLUMNS = {
    "neuron": Meaning(None, "The neuron's index in the hidden state, from 0."),
    "value": Meaning(None, "The value of the attribute whose words are counted."),
    "words": Meaning("words", "How many training words have the value."),
    "mean": Meaning("activation", "Mean activation of the neuron over these words."),
    "sd": Meaning("activation", "Standard deviation of the neuron over these words."),
    "low": Meaning("activation", "Where the first bin begins: the 0.5 % quantile of all words."),
    "high": Meaning("activation", "Where the last bin ends: the 99.5 % quantile of all words."),
} | {
    name: Meaning("words", f"How many of these words lie in bin {i} of {len(BIN_COLUMNS)}.")
    for i, name in enumerate(BIN_COLUMNS, start=1)
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the values as they were collected."""
    return frames["neurons"].filter(pl.col("kind") == VALUE).select(*FIRST, *OF_VALUE)
