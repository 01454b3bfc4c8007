"""Mutual information ranking: what a neuron alone, cut into 20 parts, tells of the value.

    score(n) = Σ_{z,b} p(z, b) log₂ [p(z, b) / (p(z) p(b))]        in bits

with the shares of training words for probabilities (the plug-in estimate). b is the part of the
neuron between its 5 %, 10 %, … 95 % quantiles over the training words: equal edges are one, and
what lies on an edge belongs to the part right of it. Unlike distances of means, it sees any
dependence on the value.
"""

from workflow_scripts.kernels.information import information_of_neurons
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("words",)


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by their information on the value; `btt` is the exact reverse of `ttb`."""
    words = task.words("train")
    ttb = order_by_score(information_of_neurons(words.x, words.y, task.n_values()))
    return {"ttb": ttb, "btt": reverse(ttb)}
