"""Neurons: those that stand first in a ranking from the top, and their place in every other.

A row for each such neuron and each ranking from the top of its configuration: `position` (0 is the
first of `n_neurons`), the ranking's own `score`, and, the same in each row of a neuron, what it
tells alone: `information` on the value in bits, and `cohens_d`, how far its class means are apart.
"""

import polars as pl

from workflow_scripts.tables.collections import NAMES
from workflow_scripts.tables.collections.neurons import FIRST, OF_PLACE, PLACE

USES = ("neurons",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the places as they were collected."""
    places = frames["neurons"].filter(pl.col("kind") == PLACE)
    return places.select(*FIRST, *OF_PLACE, *NAMES)
