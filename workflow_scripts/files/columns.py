"""Columns: the names that files of several stages, and the tables made of them, share."""

CONFIGURATION = ["model", "treebank", "attribute", "layer"]
"""The columns that name a configuration, first in every table and collected file."""

SCORES = (
    *("accuracy", "mi", "nmi", "control_accuracy", "selectivity", "majority"),
    *("control_majority", "unseen", "unseen_accuracy", "accuracy_low", "accuracy_high"),
    *("above_majority_low", "above_majority_high"),
)
"""The columns of a probe's scores, after `k` and `split`."""
ALL = "all"
"""In place of a ranking's name: all neurons, in index order."""

COUNTS = (
    "correct",
    "clwv",
    "cltv",
    "correct_lemma_correct_value",
    "wrong_lemma_correct_value",
    "wrong_lemma_wrong_value",
    "no_analysis",
)
"""The counts of an intervention, of each k and sentence; `clwv` holds those of `cltv` too."""
SHARES = ("error_rate", "clwv", "cltv")
"""The shares of words that have an interval."""
INTERVALS = tuple(f"{share}_{end}" for share in SHARES for end in ("low", "high"))
"""The ends of those intervals, by their column; `cltv`'s are empty without a target."""
