"""Fisher ranking: how far the values' means are apart, by the spread within the values.

    score(n) = Σ_z n_z (q_z[n] - q[n])² / Σ_z Σ_{h of z} (h[n] - q_z[n])²

with q the mean of all training words (Fisher 1936, of each neuron alone). 0/0 is 0: a neuron that
never changes; x/0 is ∞: one that only the value changes. The upper sum is taken as

    (1/n) Σ_{z<z'} n_z n_z' (q_z[n] - q_z'[n])²

which is the same, and exactly 0 where the means are equal.
"""

from itertools import combinations

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("statistics",)


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by Fisher's criterion; `btt` is the exact reverse of `ttb`."""
    ttb = order_by_score(between_by_within(task.statistics()))
    return {"ttb": ttb, "btt": reverse(ttb)}


def between_by_within(statistics: ClassStatistics) -> np.ndarray:
    """Return (d,) float64, the scatter between values by that within them, in each neuron."""
    shares = statistics.counts / statistics.counts.sum()
    within = np.diagonal(statistics.scatters, axis1=1, axis2=2).sum(axis=0)
    between = np.zeros(len(within))
    for z, other in combinations(range(len(shares)), 2):
        difference = statistics.means[z] - statistics.means[other]
        between += statistics.counts[z] * shares[other] * difference**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(between == 0, 0.0, between / within)
