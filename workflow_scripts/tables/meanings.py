"""Meanings: what the columns of the tables say, each in one sentence, and in which unit.

A column that several tables have with one meaning is declared here; one of a single table, or
one that means something else there, in the `COLUMNS` of that table's module. The ends of an
interval follow from what it is of. The methods behind the sentences are in docs/methods.md.
"""

from collections.abc import Mapping, Sequence

from workflow_scripts.files.dictionary import Meaning

SHARE, NEURONS, WORDS = "share", "neurons", "words"
P = "p"
BETWEEN_RESAMPLES = "over resamples of the sentences"
NO_INTERVAL = "empty where no interval is made: of other splits, of one sentence, without a number"
ENDS = {"low": "Lower", "high": "Upper"}

SHARED = {
    "model": Meaning(None, "The model, by its name in the study's configuration."),
    "treebank": Meaning(None, "The treebank, by its name in the study's configuration."),
    "attribute": Meaning(None, "The grammatical attribute, as the schema names it."),
    "layer": Meaning(None, "The layer whose neurons are meant; 0 is the embeddings."),
    "ranking": Meaning(
        None,
        "The ranking of the neurons: its ranker, with the direction where it has two; `all`: all "
        "neurons of the layer, in no order.",
    ),
    "ranker": Meaning(None, "The ranker that made the ranking; empty for `all`."),
    "direction": Meaning(
        None,
        "`ttb`: the best neuron first, `btt`: the worst; empty for a ranker with one order, and "
        "for `all`.",
    ),
    "k": Meaning(NEURONS, "How many neurons are read or changed, from the start of the ranking."),
    "probe": Meaning(None, "The probe that predicts the attribute from the neurons."),
    "method": Meaning(None, "The intervention, by its name in the study's configuration."),
    "split": Meaning(None, "The split that the words are of: train, dev or test."),
    "accuracy": Meaning(SHARE, "Share of the words whose value the probe predicts."),
    "mi": Meaning(
        "bits",
        "Mutual information of attribute and neurons as the probe estimates it, H − H(z|h); that "
        "of a poor probe is below 0.",
    ),
    "nmi": Meaning(
        "ratio",
        "`mi` divided by H, the entropy of the split's values: 1 is all of it, and that of a poor "
        "probe is below 0; empty where H is 0.",
    ),
    "control_accuracy": Meaning(
        SHARE,
        "Accuracy of the same probe when it is trained and tested on control labels; empty without "
        "a control task.",
    ),
    "selectivity": Meaning(
        SHARE, "`accuracy` less the accuracy on control labels; empty without a control task."
    ),
    "majority": Meaning(SHARE, "Share of the split's most frequent value."),
    "control_majority": Meaning(
        SHARE, "Share of the split's most frequent control label; empty without a control task."
    ),
    "unseen": Meaning(
        WORDS, "How many words have a form that no training word with the attribute has."
    ),
    "unseen_accuracy": Meaning(
        SHARE, "Accuracy on words whose form training has not; empty where there is none."
    ),
    "seen_accuracy": Meaning(
        SHARE, "Accuracy on words whose form training has; empty where there is none."
    ),
    "words": Meaning(WORDS, "How many words were intervened on."),
    "error_rate": Meaning(
        SHARE, "Share of the words intervened on that are predicted as another word."
    ),
    "clwv": Meaning(
        SHARE,
        "Correct lemma, wrong value: share of the words intervened on that are predicted as "
        "another word of the same lemma, with another value or none; empty where words have no "
        "lemma.",
    ),
    "cltv": Meaning(
        SHARE,
        "Correct lemma, target value: share of the words intervened on that are predicted as "
        "another word of the same lemma, with the target value; empty without a target, and where "
        "words have no lemma.",
    ),
    "cltv_strict": Meaning(
        SHARE,
        "The part of `cltv` whose every other attribute is as it was; empty as `cltv` is, and for "
        "the word class.",
    ),
    "side_effect_rate": Meaning(
        SHARE,
        "Share of the watched words, which nobody changed, that are no longer predicted as they "
        "are at k = 0.",
    ),
    "measure": Meaning(
        None,
        "What is compared: `accuracy`, `cltv`, `clwv`, `others_use`, or `area`, that under the "
        "curve over ln(1 + k).",
    ),
    "group": Meaning(
        None, "What the row is over: `overall`, or one `treebank`, `layer`, `attribute` or `model`."
    ),
    "other_ranking": Meaning(None, "The ranking that the first is compared with."),
    "other_direction": Meaning(None, "The direction of `other_ranking`; empty where it has none."),
} | {
    f"above_majority_{end}": Meaning(
        SHARE,
        f"{which} end of the 95 % interval of accuracy − majority, {BETWEEN_RESAMPLES}; "
        f"{NO_INTERVAL}.",
    )
    for end, which in ENDS.items()
}

OF_GROUPS = {
    name: Meaning(None, f"The {name} that the group is of; empty in other groups.")
    for name in ("model", "treebank", "attribute", "layer")
}
"""In tables over configurations."""

OPTIONS_OF_METHODS = {
    "beta": Meaning(
        None,
        "β of a translation: how often the difference of two means is added; empty for others.",
    ),
    "scaled": Meaning(
        None,
        "Whether the shift falls along the ranking, from β at the first neuron to 0.001; empty for "
        "methods without a shift.",
    ),
    "to": Meaning(None, "The value that `steer` moves words to; empty for others."),
    "same": Meaning(
        None, "Whether `resample` takes the neurons of a word of the same value; empty for others."
    ),
}
"""Where a table has a method; its options, and those of rankers, are columns of their own."""

OPTION = Meaning(
    None,
    "An option of a ranker or a method, as the study's configuration has it; empty for those "
    "without it.",
)
"""Of what no module of the project declares."""


def meanings(columns: Sequence[str], own: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """Return the meaning of each column of a table, of which `own` are the table's `COLUMNS`."""
    known = {**SHARED, **(OPTIONS_OF_METHODS if "method" in columns else {}), **own}
    return {name: known.get(name) or _end_of_interval(name, known) or OPTION for name in columns}


def _end_of_interval(name: str, known: Mapping[str, Meaning]) -> Meaning | None:
    base, _, end = name.rpartition("_")
    if base not in known or end not in ENDS:
        return None
    return Meaning(
        known[base].unit,
        f"{ENDS[end]} end of the 95 % interval of `{base}`, {BETWEEN_RESAMPLES}; {NO_INTERVAL}.",
    )
