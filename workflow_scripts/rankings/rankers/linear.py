"""Linear ranking: neurons by the weights of a linear probe on all of them (Dalvi et al. 2019).

The probe is the softmax regression with elastic penalty of `kernels/softmax_regression.py`, trained
on all d neurons of the training words. A neuron's score is the mean over classes of its absolute
weight, of the epoch with the lowest training loss.
"""

from workflow_scripts.kernels.softmax_regression import ELASTIC
from workflow_scripts.rankings.by_weights import rank_by_weights
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    return rank_by_weights(task, ELASTIC)
