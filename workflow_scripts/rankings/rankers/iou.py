"""IoU ranking: how well a neuron alone, as a score, finds the words of each value.

    score(n) = (1/Z) Σ_z max(AP_z(h[n]), AP_z(-h[n]))
    AP = Σ_i (R_i - R_{i-1}) P_i

with precision P_i and recall R_i of the words at or above the i-th highest of the distinct
activations (scikit-learn's average precision). Fan et al. (2023) rank so after Mu & Andreas (2020),
who compare the words that a neuron and a concept choose by intersection over union.

Recall rises at i by the words of the value that have exactly that activation, so AP is the mean
over the value's words of the precision at their own activation.
"""

import numpy as np

from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("words",)

BLOCK = 16  # neurons that are copied side by side at a time


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by their mean average precision; `btt` is the exact reverse of `ttb`."""
    words = task.words("train")
    ttb = order_by_score(mean_average_precision(words.x, words.y, task.n_values()))
    return {"ttb": ttb, "btt": reverse(ttb)}


def mean_average_precision(x: np.ndarray, y: np.ndarray, n_values: int) -> np.ndarray:
    """Return (d,) float64, of the words x (n, d) with values y (n,) int; every value has words.

    A neuron is sorted once: read from above it is h, from below -h.
    """
    n, d = x.shape
    counts = np.bincount(y, minlength=n_values)
    score = np.zeros(d)
    for start in range(0, d, BLOCK):
        for neuron, h in enumerate(np.ascontiguousarray(x[:, start : start + BLOCK].T), start):
            order = np.argsort(h)
            h, values = h[order], y[order]
            first = np.flatnonzero(np.append(True, h[1:] != h[:-1]))  # of each distinct activation
            last = np.append(first[1:], n)
            for z in range(n_values):
                hits = np.add.reduceat(values == z, first, dtype=np.float64)
                at_or_below = np.cumsum(hits)
                at_or_above = counts[z] - at_or_below + hits
                # Not as products of vectors: their last digits depend on the number of threads.
                of_h = (hits * (at_or_above / (n - first))).sum()
                of_negated = (hits * (at_or_below / last)).sum()
                score[neuron] += max(of_h, of_negated) / (counts[z] * n_values)
    return score
