"""Agreement: how much a ranking's first k neurons are those of the others (Fan et al. 2023).

Of the rankings from the top, each against the others of its configuration; any other ranking, as
random is, against all of those, to show what chance gives.
"""

from collections.abc import Sequence

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, RANKING
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.voting import borda
from workflow_scripts.tables.meanings import NEURONS, SHARE

USES = ("rankings",)

KS = (10, 50, 100)
SCHEMA = CONFIGURATION_SCHEMA | {
    "ranking": pl.String,
    "k": pl.Int32,
    "avg_overlap": pl.Float64,
    "neuron_vote": pl.Float64,
    "ranker": pl.String,
    "direction": pl.String,
}

COLUMNS = {
    "k": Meaning(NEURONS, "How many neurons are compared, from the start of each ranking."),
    "avg_overlap": Meaning(
        SHARE, "Mean Jaccard overlap of the first k neurons with those of each other ranking."
    ),
    "neuron_vote": Meaning(
        SHARE, "Jaccard overlap of the first k neurons with those of the others' Borda count."
    ),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return AvgOverlap and NeuronVote of each ranking that has another to agree with."""
    collected = frames["rankings"].sort(*CONFIGURATION, "ranking", "position")
    rows = []
    for names, of in collected.group_by(CONFIGURATION, maintain_order=True):
        n_neurons = of["n_neurons"][0]
        first = {
            name: neurons["neuron"].to_list()
            for name, neurons in of.group_by(RANKING, maintain_order=True)
        }
        for (ranking, *ranker), neurons in first.items():
            others = [
                first[other, *its] for other, *its in first if its[1] == "ttb" and other != ranking
            ]
            voted = borda(others)
            rows += [
                (
                    *(*names, ranking, k),
                    *(avg_overlap(neurons, others, k), jaccard(neurons, voted, k), *ranker),
                )
                for k in KS
                if others and k <= n_neurons
            ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def jaccard(ranking: Sequence[int], other: Sequence[int], k: int) -> float:
    """Return |A ∩ B| / |A ∪ B| of the first k neurons of both."""
    a, b = set(ranking[:k]), set(other[:k])
    return len(a & b) / len(a | b)


def avg_overlap(ranking: Sequence[int], others: Sequence[Sequence[int]], k: int) -> float:
    """Return AvgOverlap: the mean Jaccard overlap with each of the others."""
    return sum(jaccard(ranking, other, k) for other in others) / len(others)
