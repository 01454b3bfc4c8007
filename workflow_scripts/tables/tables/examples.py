"""Examples: words that an intervention changed as meant, in their sentence.

Taken at the saturation point of each curve: words with the target value (CLTV) for a method that
has one, words with another value than their own (CLWV) for one that has not.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.meanings import NEURONS

USES = ("examples",)

COLUMNS = {
    "k": Meaning(NEURONS, "How many neurons were changed: the saturation point of the curve."),
    "sentence": Meaning(None, "The sentence's number in its split, from 0."),
    "word": Meaning(None, "The word's place in the sentence, from 0."),
    "value": Meaning(None, "The word's own value of the attribute."),
    "target": Meaning(None, "The value it was to get; empty for a method without a target."),
    "form": Meaning(None, "The word that the model read."),
    "predicted": Meaning(None, "The word that the model predicted in its place."),
    "text": Meaning(None, "The sentence."),
    "change": Meaning(None, "The sentence with the change, as `[form → predicted]`."),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the examples as they were collected."""
    return frames["examples"]
