"""Neuron words: the test words in which the neurons of table `neurons` are highest and lowest.

A row for each neuron, `end` (`highest`, `lowest`) and `place` (1 is the outermost), of words with a
value, at most one of a form: the word in its `context`, its `value`, and the `activation`.
"""

import polars as pl

from workflow_scripts.tables.collections.neurons import FIRST, OF_WORD, WORD

USES = ("neurons",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the words as they were collected."""
    return frames["neurons"].filter(pl.col("kind") == WORD).select(*FIRST, *OF_WORD)
