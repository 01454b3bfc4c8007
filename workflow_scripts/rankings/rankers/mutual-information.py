"""Mutual information ranking: what a neuron alone, cut into 20 parts, tells of the value.

    score(n) = Σ_{z,b} p(z, b) log₂ [p(z, b) / (p(z) p(b))]        in bits

with the shares of training words for probabilities (the plug-in estimate). b is the part of the
neuron between its 5 %, 10 %, … 95 % quantiles over the training words: equal edges are one, and
what lies on an edge belongs to the part right of it. Unlike distances of means, it sees any
dependence on the value.
"""

import numpy as np

from workflow_scripts.kernels.information import plug_in_information
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("words",)

BLOCK = 16  # neurons that are copied side by side at a time
QUANTILES = np.arange(1, 20) / 20


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by their information on the value; `btt` is the exact reverse of `ttb`."""
    words = task.words("train")
    ttb = order_by_score(information(words.x, words.y, task.n_values()))
    return {"ttb": ttb, "btt": reverse(ttb)}


def information(x: np.ndarray, y: np.ndarray, n_values: int) -> np.ndarray:
    """Return (d,) float64, in bits, of the words x (n, d) with values y (n,) int of 0..Z-1."""
    d = x.shape[1]
    n_parts = len(QUANTILES) + 1
    score = np.empty(d)
    for start in range(0, d, BLOCK):
        block = np.ascontiguousarray(x[:, start : start + BLOCK].T, np.float64)  # (≤ BLOCK, n)
        edges = np.quantile(block, QUANTILES, axis=1)  # (19, ≤ BLOCK)
        for i, h in enumerate(block):
            part = np.searchsorted(np.unique(edges[:, i]), h, side="right")
            cell = y * n_parts + part
            counts = np.bincount(cell, minlength=n_values * n_parts).reshape(n_values, n_parts)
            score[start + i] = plug_in_information(counts)
    return score
