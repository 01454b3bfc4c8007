"""Selectivity ranking: how far each value's mean is from the others', by the neuron's range.

    score(n) = Σ_z |mean of the words of z - mean of the rest| / (max - min)

over the training words; a neuron that never changes has 0. As the class selectivity of neurons of
vision models (Morcos et al. 2018; Leavitt & Morcos 2020), which Fan et al. (2023) rank by in
language models.
"""

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("statistics", "words")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by the distances of values from the rest; `btt` is the exact reverse."""
    x = task.words("train").x
    ttb = order_by_score(selectivity(task.statistics(), x.min(axis=0), x.max(axis=0)))
    return {"ttb": ttb, "btt": reverse(ttb)}


def selectivity(statistics: ClassStatistics, lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Return (d,) float64; `lowest` and `highest` (d,) are the ends of each neuron's range."""
    means, counts = statistics.means, statistics.counts.astype(np.float64)
    width = highest.astype(np.float64) - lowest
    distances = np.zeros(len(width))
    for z in range(len(counts)):
        others = counts.copy()
        others[z] = 0
        rest = (others[:, None] * means).sum(axis=0) / others.sum()
        distances += np.abs(means[z] - rest)
    return np.divide(distances, width, out=np.zeros(len(width)), where=width > 0)
