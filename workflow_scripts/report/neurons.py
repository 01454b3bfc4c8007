"""Neurons of the report: the first of each ranking, and a card of what is known of each alone.

A section with its own style, data and behaviour (`neurons.html`, `.css`, `.js`), so that the rest
of the page knows nothing of it.
"""

import math
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

import polars as pl

from workflow_scripts.files.columns import BIN_COLUMNS, CONFIGURATION, RANKING
from workflow_scripts.files.contexts import parted
from workflow_scripts.kernels.information import QUANTILES
from workflow_scripts.report.carried import embedded, part
from workflow_scripts.report.figures.style import in_words

CARDS = 4000
"""The most neurons of which the page carries densities and words: about 1 MB of it."""
NOT_ASKED = (
    "This study describes no neuron: neurons: {describe: 20} in its configuration does, of the "
    "first 20 of each ranking."
)
OF_NO_MODEL = "This study has no model, so there is no neuron to describe."
NOT_RANKED = "This study ranks no neuron, so none is first: name rankings under `rankings`."
OF_TRUTH_ALONE = (
    "Every model of this study is compiled and has `truth_only: true`: its neurons are ranked, to "
    "be held against what is known of them, and not described."
)
NONE = "No ranking of this study has a neuron."
PARTS = len(QUANTILES) + 1
"""How many parts a neuron is cut into, to tell its information."""
_OF = [*CONFIGURATION, "neuron"]


def section(tables: Mapping[str, pl.DataFrame], configuration: Mapping[str, Any]) -> str:
    """Return the section of a study with this configuration as HTML."""
    if "neurons" not in tables:
        return _without(_why_none(configuration))
    if tables["neurons"].is_empty():
        return _without(NONE)
    first = configuration["neurons"]["describe"]
    data = data_of(tables["neurons"], tables["neuron_values"], tables["neuron_words"], first)
    return Template(part("neurons.html")).substitute(
        first=first,
        parts=PARTS,
        css=part("neurons.css"),
        data=embedded(data),
        script=part("carried.js", "neurons.js"),
    )


def _why_none(configuration: Mapping[str, Any]) -> str:
    if not configuration["neurons"]["describe"]:
        return NOT_ASKED
    if not configuration["models"]:
        return OF_NO_MODEL
    return OF_TRUTH_ALONE if configuration["rankings"] else NOT_RANKED


def _without(why: str) -> str:
    return f'<section id="neurons"><h2>Neurons</h2><p class="missing">{why}</p></section>'


def data_of(
    neurons: pl.DataFrame, values: pl.DataFrame, words: pl.DataFrame, first: int
) -> dict[str, Any]:
    """Return what the section's script reads: numbers short, texts that repeat once.

    `rankings` are names in words with their rankers, `contexts` `[before, word, after]`. Each of
    `configurations` has what a neuron that tells nothing is expected to show (`by_chance`, bits),
    the first neurons of each ranking (`first`, by the ranking's index), and its `neurons`:
    `[information, d, places, scores]`, places and scores by ranking, and, of at most
    CARDS, `[low, high, bins of each value, highest words, lowest words]`, a word being
    `[context, value, activation]`.
    """
    rankings = neurons.select(RANKING).unique(maintain_order=True).rows()
    index = {name: i for i, (name, _, _) in enumerate(rankings)}
    contexts: dict[tuple[str, str, str], int] = {}
    densities = values.rows_by_key(_OF, named=True)
    ends = words.rows_by_key(_OF, named=True)
    carried = set(_most(neurons).rows())
    configurations = []
    for of, rows in neurons.group_by(CONFIGURATION, maintain_order=True):
        tops: dict[int, list[int]] = {}
        cards: dict[int, list] = {}
        for row in rows.sort("position", maintain_order=True).iter_rows(named=True):
            ranking, neuron = index[row["ranking"]], row["neuron"]
            if row["position"] < first:
                tops.setdefault(ranking, []).append(neuron)
            facts = [_short(row["information"]), _short(row["cohens_d"])]
            places, scores = cards.setdefault(neuron, [*facts, {}, {}])[2:]
            places[ranking], scores[ranking] = row["position"] + 1, _short(row["score"])
        of_values = next(densities[(*of, n)] for n in cards if (*of, n) in densities)
        names = [row["value"] for row in of_values]
        for neuron, card in cards.items():
            if (*of, neuron) in carried:
                found = ends.get((*of, neuron), [])
                spread = densities[*of, neuron]
                card.append([_short(spread[0]["low"]), _short(spread[0]["high"])])
                card[-1].append([[row[name] for name in BIN_COLUMNS] for row in spread])
                card[-1].append([[_short(row["mean"]), _short(row["sd"])] for row in spread])
                card[-1] += [list(_words(found, end, names, contexts)) for end in _ENDS]
        counts = [row["words"] for row in of_values]
        configurations.append(
            {"of": of, "width": rows["n_neurons"][0], "values": names, "words": counts}
            | {"entropy": _entropy(counts), "by_chance": _short(by_chance(counts))}
            | {"first": tops, "neurons": cards}
        )
    return {
        "first": first,
        "rankings": [[in_words(name, way), ranker] for name, ranker, way in rankings],
        "contexts": list(contexts),
        "configurations": configurations,
    }


_ENDS = ("highest", "lowest")


def _most(neurons: pl.DataFrame) -> pl.DataFrame:
    """Return the neurons with a whole card: of all configurations as many places as CARDS hold."""
    best = neurons.group_by(_OF).agg(pl.col("position").min())
    counts = best.group_by("position").len().sort("position")
    within = counts.filter(pl.col("len").cum_sum() <= CARDS)["position"]
    return best.filter(pl.col("position").is_in(within.to_list())).select(_OF)


def _words(
    rows: list[dict[str, Any]], end: str, values: list[str], contexts: dict[tuple, int]
) -> Iterator[list]:
    for row in rows:
        if row["end"] == end:
            around = parted(row["context"], row["form"], row["word"])
            context = contexts.setdefault(around, len(contexts))
            yield [context, values.index(row["value"]), _short(row["activation"])]


def by_chance(counts: list[int]) -> float:
    """Return the bits that a neuron which tells nothing is expected to show, of so many words.

    The plug-in estimate is above the truth by (A − 1)(B − 1) / (2 n ln 2) bits for a table of A
    parts and B values of n words (Miller 1955; Madow 1948).
    """
    n_values = sum(count > 0 for count in counts)
    return (PARTS - 1) * (n_values - 1) / (2 * sum(counts) * math.log(2))


def _short(number: float | None) -> float | str | None:
    """Return a number with three digits; ∞ as a text, which JSON has no number for."""
    if number is None or math.isfinite(number):
        return None if number is None else float(f"{number:.3g}")
    return "∞" if number > 0 else "−∞"


def _entropy(counts: list[int]) -> float:
    """Return the entropy of the value among so many words of each, in bits."""
    shares = [count / sum(counts) for count in counts if count]
    return float(f"{-sum(share * math.log2(share) for share in shares):.3g}")
