"""Neurons: those that stand first in a ranking from the top, and their place in every other.

A row for each such neuron and each ranking from the top of its configuration: `position` (0 is the
first of `n_neurons`), the ranking's own `score`, and, the same in each row of a neuron, what it
tells alone: `information` on the value in bits, and `cohens_d`, how far its class means are apart.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.collections import NAMES
from workflow_scripts.tables.collections.neurons import FIRST, OF_PLACE, PLACE

USES = ("neurons",)
COLUMNS = {
    "neuron": Meaning(None, "The neuron's index in the hidden state, from 0."),
    "position": Meaning(None, "The neuron's place in the ranking; 0 is the first."),
    "n_neurons": Meaning("neurons", "How many neurons the ranking has: the model's width."),
    "score": Meaning(None, "What the ranking orders by; its unit is the ranker's own."),
    "information": Meaning(
        "bits",
        "What the neuron alone tells of the value: mutual information of the value and the neuron, "
        "cut at its 5 %, 10 %, ... 95 % quantiles of training words.",
    ),
    "cohens_d": Meaning(
        "standard deviations",
        "How far the outermost means of the values are apart, over the pooled standard deviation "
        "of training words.",
    ),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the places as they were collected."""
    places = frames["neurons"].filter(pl.col("kind") == PLACE)
    return places.select(*FIRST, *OF_PLACE, *NAMES)
