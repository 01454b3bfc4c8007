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
    *("above_majority_low", "above_majority_high", "seen_accuracy"),
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
    "cltv_strict",
    "no_value",
)
"""The counts of an intervention, of each k and sentence; `clwv` holds those of `cltv` too, and that
those of `cltv_strict`, which is empty for the word class. `no_value` are of `clwv` and
`wrong_lemma_wrong_value`."""
WATCHED = ("unedited", "side_effects", "unedited_errors")
"""The counts of watched words that an intervention leaves: all, those that are no longer what they
are at k = 0, and those that are not what the model read."""
SHARES = ("error_rate", "clwv", "cltv", "cltv_strict", "side_effect_rate")
"""The shares of words that have an interval."""
INTERVALS = tuple(f"{share}_{end}" for share in SHARES for end in ("low", "high"))
"""The ends of those intervals, by their column; `cltv`'s are empty without a target."""

CONTROLLER, OTHER = EDITED = ("controller", "other")
"""Which word a pair's concord is measured with a change of."""
CONCORD = ("concord", "margin", "drop")
"""The shares of pairs of words that agree, and how far; each has an interval."""
CONCORD_INTERVALS = tuple(f"{share}_{end}" for share in CONCORD for end in ("low", "high"))

BIN_COLUMNS = tuple(f"bin_{i}" for i in range(1, 25))
"""How many training words of a value lie in each bin of a neuron."""

RESERVED = {
    *(*IDENTITY, "probe", "method", "has_target", "position", "neuron", "score", "n_neurons"),
    "control",
    *("k", "split", "sentence", "word", "words", "saturation_k", "saturated", "point"),
    *("value", "target", "form", "predicted", "text", "change"),
    *("error_rate_0", "unedited_error_rate"),
    *SCORES,
    *COUNTS,
    *WATCHED,
    *SHARES,
    *INTERVALS,
    *("words_of", "ranking_of", "means_of"),
    *("relation", "attractor", "edited", "pairs", "concordant", "others_use"),
    *CONCORD,
    *CONCORD_INTERVALS,
}
"""Names that no option of a ranker or a method may have: they are columns of files or tables."""
