"""Rank neurons by the weights of one softmax regression on all of them, whatever its penalty.

The rankers `linear`, `lca`, `lasso`, `ridge` and `noreg` differ in the penalty alone: the same
initial weights, training and choice of the epoch (`kernels/softmax_regression.py`).
"""

import numpy as np

from workflow_scripts.kernels.softmax_regression import Penalty, initial_weights, train_one
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse


def rank_by_weights(task: RankingTask, penalty: Penalty) -> dict[str, Ranking]:
    """Rank all d neurons by the mean over classes of |weight|; `btt` is the reverse of `ttb`.

    The weights are those of the epoch with the lowest training loss. Uses `"words"` and `"seed"`.
    """
    d = task.n_neurons
    words = task.words("train")
    initial = initial_weights(task.stream("linear", d), d, task.n_values())
    trained = train_one(words.x, words.y, initial, penalty=penalty)
    ttb = order_by_score(np.abs(trained.weights).mean(axis=0, dtype=np.float64))
    return {"ttb": ttb, "btt": reverse(ttb)}
