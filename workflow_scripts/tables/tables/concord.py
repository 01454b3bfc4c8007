"""Concord: does a change of a word move the words that agree with it?

A row for each relation and `all` of them, at every k of each curve: the share of pairs in which the
model finds the agreeing form of the masked word likelier than its counterpart (`concord`), by how
many nats (`margin`), and how much less often than at k = 0 (`drop`). `edited` says which word is
changed, the `controller` or, for comparison, an `other` one of the same sentences.
"""

import polars as pl

USES = ("concord",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the curves as they were collected."""
    return frames["concord"]
