"""Overlap: how many neurons the tops of rankings share, beside what chance gives.

In one configuration, of two and of all three rankings; and of two configurations of one model and
layer, by the same ranking. `p` is the chance that tops drawn at random share so many neurons or
more; `p_holm` is adjusted (Holm 1979) over all comparisons of its kind: pairs of rankings, all
three, or pairs of configurations.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.holm import holm
from workflow_scripts.tables.meanings import NEURONS, P

USES = ("rankings",)

RANKINGS = ("linear-ttb", "gaussian-ttb", "probeless-ttb")
TOP, PART = 100, 4
"""The top of a ranking is its first n = min(TOP, ⌊d / PART⌋) neurons: of all, all are shared."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "other_treebank": pl.String,
    "other_attribute": pl.String,
    "rankings": pl.String,
    "n": pl.Int32,
    "shared": pl.Int32,
    "chance": pl.Float64,
    "p": pl.Float64,
    "p_holm": pl.Float64,
}

COLUMNS = {
    "other_treebank": Meaning(
        None, "The second configuration's treebank; empty where rankings of one are compared."
    ),
    "other_attribute": Meaning(
        None, "The second configuration's attribute; empty where rankings of one are compared."
    ),
    "rankings": Meaning(
        None, "The rankings that are compared, joined by `+`; of two configurations the one."
    ),
    "n": Meaning(NEURONS, "How many neurons are the top of a ranking: min(100, ⌊d/4⌋)."),
    "shared": Meaning(NEURONS, "How many neurons are in all the tops."),
    "chance": Meaning(NEURONS, "How many would be in all of so many sets drawn at random."),
    "p": Meaning(P, "The chance that tops drawn at random share so many neurons or more."),
    "p_holm": Meaning(P, "`p` adjusted over all comparisons of its kind (Holm)."),
}


Tops = dict[str, frozenset[int]]
"""The top neurons of each ranking of a configuration."""


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row for each set of rankings, and one for each two configurations and ranking."""
    size = pl.min_horizontal(pl.lit(TOP), pl.col("n_neurons") // PART)
    top = frames["rankings"].filter(pl.col("ranking").is_in(RANKINGS), pl.col("position") < size)
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
    columns = {name: kind for name, kind in SCHEMA.items() if name != "p_holm"}
    table = adjusted(pl.DataFrame(rows, schema=columns, orient="row"))
    return table.sort(*CONFIGURATION, "other_treebank", "other_attribute", maintain_order=True)


def adjusted(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with `p_holm`, adjusted within each kind of comparison."""
    kind = pl.struct(
        pl.col("other_treebank").is_not_null(),
        pl.col("rankings").str.count_matches("+", literal=True),
    )
    parts = [
        of.with_columns(p_holm=pl.Series(holm(of["p"].to_list()), dtype=pl.Float64))
        for _, of in table.group_by(kind.alias("kind"), maintain_order=True)
    ]
    return pl.concat(parts) if parts else table.with_columns(p_holm=pl.lit(None, pl.Float64))


def within(tops: Tops, width: int) -> list[tuple[str, int, int, float, float]]:
    """Return what the rankings of one configuration share, in twos and all three."""
    there = [ranking for ranking in RANKINGS if ranking in tops]
    return [
        ("+".join(rankings), *shared([tops[ranking] for ranking in rankings], width))
        for size in (2, 3)
        for rankings in combinations(there, size)
    ]


def between(tops: Tops, others: Tops, width: int) -> list[tuple[str, int, int, float, float]]:
    """Return what two configurations share, by each ranking that both have."""
    return [
        (ranking, *shared([tops[ranking], others[ranking]], width))
        for ranking in RANKINGS
        if ranking in tops and ranking in others
    ]


def shared(tops: Sequence[frozenset[int]], width: int) -> tuple[int, int, float, float]:
    """Return n, how many neurons all tops share, how many sets of n drawn from d would, and p.

    A neuron is in all of m drawn sets with (n/d)^m: n²/d for two, n³/d² for three.
    """
    n, found = len(tops[0]), len(frozenset.intersection(*tops))
    chance = n ** len(tops) / width ** (len(tops) - 1)
    return n, found, chance, p_of_shared(found, n, len(tops), width)


def p_of_shared(found: int, n: int, m: int, width: int) -> float:
    """Return the chance that m sets of n neurons, drawn from d, share `found` or more.

    Of two by the hypergeometric law, P(X ≥ x), X ~ Hyp(d, n, n). A third set meets the j neurons
    that the first two share: Σ_j Hyp(j; d, n, n) · P(Y ≥ x), Y ~ Hyp(d, j, n).
    """
    from scipy.stats import hypergeom

    if m == 2:
        return float(hypergeom.sf(found - 1, width, n, n))
    j = np.arange(n + 1)
    return float(hypergeom.pmf(j, width, n, n) @ hypergeom.sf(found - 1, width, j, n))
