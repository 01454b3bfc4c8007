"""Neuron words: the test words in which the neurons of table `neurons` are highest and lowest.

A row for each neuron, `end` (`highest`, `lowest`) and `place` (1 is the outermost), of words with a
value, at most one of a form: the word in its `context`, its `value`, and the `activation`.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.collections.neurons import FIRST, OF_WORD, WORD

USES = ("neurons",)
COLUMNS = {
    "neuron": Meaning(None, "The neuron's index in the hidden state, from 0."),
    "end": Meaning(None, "Whether the neuron is `highest` or `lowest` in the word."),
    "place": Meaning(None, "The word's place from that end; 1 is the outermost."),
    "sentence": Meaning(None, "The sentence's number in the test split, from 0."),
    "word": Meaning(None, "The word's place in the sentence, from 0."),
    "form": Meaning(None, "The word as it stands there."),
    "value": Meaning(None, "The word's value of the attribute."),
    "activation": Meaning("activation", "The neuron's activation in the word."),
    "context": Meaning(None, "The word in brackets, with the words of its sentence around it."),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the words as they were collected."""
    return frames["neurons"].filter(pl.col("kind") == WORD).select(*FIRST, *OF_WORD)
