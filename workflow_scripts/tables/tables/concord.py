"""Concord: does a change of a word move the words that agree with it?

A row for each relation and `all` of them, at every k of each curve: the share of pairs in which the
model finds the agreeing form of the masked word likelier than its counterpart (`concord`), by how
many nats (`margin`), and how much less often than at k = 0 (`drop`). `edited` says which word is
changed, the `controller` or, for comparison, an `other` one of the same sentences.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.meanings import SHARE

USES = ("concord",)

COLUMNS = {
    "relation": Meaning(
        None, "The relation of the two words, `nsubj`, `det` or `amod`, or `all` of them."
    ),
    "attractor": Meaning(
        None, "Whether a word between the two has another value; empty: with and without."
    ),
    "edited": Meaning(
        None,
        "Whose neurons are changed: those of the `controller`, or, as a control, of an `other` "
        "word of the sentence.",
    ),
    "pairs": Meaning("pairs", "How many pairs of words that agree there are."),
    "concord": Meaning(
        SHARE,
        "Share of the pairs in which the model finds the agreeing form of the masked word "
        "likelier than its counterpart.",
    ),
    "margin": Meaning(
        "nats", "Mean log probability of the agreeing form less that of its counterpart."
    ),
    "drop": Meaning(SHARE, "`concord` at k = 0 less that at k."),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the curves as they were collected."""
    return frames["concord"]
