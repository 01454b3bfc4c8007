"""LCA ranking: as `linear`, with both norms of the weights in equal parts (Fan et al. 2023).

    loss of a batch = mean cross-entropy + 0.1 ‖W‖₁ + 0.1 ‖W‖_F

Linguistic correlation analysis is the name of Dalvi et al. (2019) for a ranking by the weights of a
probe with such a penalty. Score: the mean over classes of |weight|, of the epoch with the lowest
training loss.
"""

from workflow_scripts.kernels.softmax_regression import Penalty
from workflow_scripts.rankings.by_weights import rank_by_weights
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    return rank_by_weights(task, Penalty(l1=0.1, frobenius=0.1))
