"""Overlap: how many neurons the tops of rankings share, beside what chance gives.

In one configuration, of two and of all three rankings; and of two configurations of one model and
layer, by the same ranking.
"""

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from workflow_scripts.tables import CONFIGURATION, CONFIGURATION_SCHEMA

READS = ("rankings",)
USES_REPORT = False
USES_SEED = False

RANKINGS = ("linear-ttb", "gaussian-ttb", "probeless-ttb")
TOP = 100
"""The top of a ranking is its first n = min(TOP, d) neurons."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "other_treebank": pl.String,
    "other_attribute": pl.String,
    "rankings": pl.String,
    "n": pl.Int32,
    "shared": pl.Int32,
    "chance": pl.Float64,
}

Tops = dict[str, frozenset[int]]
"""The top neurons of each ranking of a configuration."""


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return one row for each set of rankings, and one for each two configurations and ranking."""
    top = frames["rankings"].filter(pl.col("ranking").is_in(RANKINGS), pl.col("position") < TOP)
    rows = []
    for (model, layer), of in top.sort(CONFIGURATION).group_by(
        "model", "layer", maintain_order=True
    ):
        width = of["n_neurons"][0]
        tops: dict[tuple[str, str], Tops] = {}
        for (*names, ranking), neurons in of.group_by(
            "treebank", "attribute", "ranking", maintain_order=True
        ):
            tops.setdefault(tuple(names), {})[ranking] = frozenset(neurons["neuron"].to_list())
        for (treebank, attribute), mine in tops.items():
            name = (model, treebank, attribute, layer)
            rows += [(*name, None, None, *shared) for shared in within(mine, width)]
        for ((treebank, attribute), mine), (other, others) in combinations(tops.items(), 2):
            name = (model, treebank, attribute, layer)
            rows += [(*name, *other, *shared) for shared in between(mine, others, width)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return table.sort(*CONFIGURATION, "other_treebank", "other_attribute", maintain_order=True)


def within(tops: Tops, width: int) -> list[tuple[str, int, int, float]]:
    """Return what the rankings of one configuration share, in twos and all three."""
    there = [ranking for ranking in RANKINGS if ranking in tops]
    return [
        ("+".join(rankings), *shared([tops[ranking] for ranking in rankings], width))
        for size in (2, 3)
        for rankings in combinations(there, size)
    ]


def between(tops: Tops, others: Tops, width: int) -> list[tuple[str, int, int, float]]:
    """Return what two configurations share, by each ranking that both have."""
    return [
        (ranking, *shared([tops[ranking], others[ranking]], width))
        for ranking in RANKINGS
        if ranking in tops and ranking in others
    ]


def shared(tops: Sequence[frozenset[int]], width: int) -> tuple[int, int, float]:
    """Return n, how many neurons all tops share, and how many sets of n drawn from d would.

    A neuron is in all of m drawn sets with (n/d)^m: n²/d for two, n³/d² for three.
    """
    n = min(TOP, width)
    return n, len(frozenset.intersection(*tops)), n ** len(tops) / width ** (len(tops) - 1)
