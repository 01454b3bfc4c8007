"""Examples: words that an intervention changed as meant, in their sentence.

Taken at the saturation point of each curve: words with the target value (CLTV) for a method that
has one, words with another value than their own (CLWV) for one that has not.
"""

import polars as pl

USES = ("examples",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the examples as they were collected."""
    return frames["examples"]
