"""Columns: the names that files of several stages, and the tables made of them, share."""

CONFIGURATION = ["model", "treebank", "attribute", "layer"]
"""The columns that name a configuration, first in every table and collected file."""

RANKING = ["ranking", "ranker", "direction"]
"""The columns that name a ranking: its name, its ranker's, and `ttb`, `btt` or nothing."""

IDENTITY = [*CONFIGURATION, *RANKING]
"""The first columns of a ranking's file, and of what is made of one."""

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

RESERVED = {
    *(*IDENTITY, "probe", "method", "has_target", "position", "neuron", "score", "n_neurons"),
    *("k", "split", "sentence", "word", "words", "saturation_k", "saturated", "point"),
    *("value", "target", "form", "predicted", "text", "change", "error_rate_0"),
    *SCORES,
    *COUNTS,
    *SHARES,
    *INTERVALS,
}
"""Names that no option of a ranker or a method may have: they are columns of files or tables."""
