"""Linear ranking: neurons by the weights of a linear probe on all of them (Dalvi et al. 2019).

The probe is the softmax regression with elastic penalty of `kernels/softmax_regression.py`, trained
on all d neurons of the training words. A neuron's score is the mean over classes of its absolute
weight, of the epoch with the lowest training loss.
"""

import numpy as np

from workflow_scripts.kernels.softmax_regression import initial_weights, train_one
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    d = task.n_neurons
    words = task.words("train")
    initial = initial_weights(task.stream("linear", d), d, task.n_values())
    trained = train_one(words.x, words.y, initial)
    ttb = order_by_score(np.abs(trained.weights).mean(axis=0, dtype=np.float64))
    return {"ttb": ttb, "btt": reverse(ttb)}
