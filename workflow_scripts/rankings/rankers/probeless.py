"""Probeless ranking: a neuron is relevant as far as the values' mean vectors are apart in it.

    score(n) = Σ over unordered pairs z ≠ z' of |q_z[n] - q_z'[n]|

No training and no hyperparameters (Antverg & Belinkov 2022, section 3.1). Bottom to top is the
exact reverse.
"""

from itertools import combinations

import numpy as np

from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("statistics",)


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by the distances between the means of the training words' values."""
    ranking = order_by_score(distance_between_means(task.statistics().means))
    return {"ttb": ranking, "btt": reverse(ranking)}


def distance_between_means(q: np.ndarray) -> np.ndarray:
    """Return (d,) float64, Σ_{z<z'} |q_z - q_z'| in each neuron, from the means `q` (Z, d)."""
    score = np.zeros(q.shape[1])
    for q_z, q_other in combinations(q, 2):
        score += np.abs(q_z - q_other)
    return score
