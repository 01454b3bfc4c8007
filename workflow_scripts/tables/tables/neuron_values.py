"""Neuron values: how the neurons of table `neurons` are spread over the words of each value.

A row for each neuron and value: its training `words`, their `mean` and `sd`, and how many of them
lie in each of 24 bins of one width between `low` and `high` (`bin_1` ...), the same for all values
of the neuron. What lies beyond is in the first and the last.
"""

import polars as pl

from workflow_scripts.tables.collections.neurons import FIRST, OF_VALUE, VALUE

USES = ("neurons",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the values as they were collected."""
    return frames["neurons"].filter(pl.col("kind") == VALUE).select(*FIRST, *OF_VALUE)
