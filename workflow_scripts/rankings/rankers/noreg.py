"""Ranking without regularisation: as `linear`, with no penalty (Fan et al. 2023).

    loss of a batch = mean cross-entropy

Score: the mean over classes of |weight|, of the epoch with the lowest training loss.
"""

from workflow_scripts.kernels.softmax_regression import Penalty
from workflow_scripts.rankings.by_weights import rank_by_weights
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    return rank_by_weights(task, Penalty(l1=0, frobenius=0))
