"""Lasso ranking: as `linear`, with a penalty of the absolute weights alone (Fan et al. 2023).

    loss of a batch = mean cross-entropy + 0.1 ‖W‖₁

It keeps weights near 0 but those of few neurons. Score: the mean over classes of |weight|, of the
epoch with the lowest training loss.
"""

from workflow_scripts.kernels.softmax_regression import Penalty
from workflow_scripts.rankings.by_weights import rank_by_weights
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    return rank_by_weights(task, Penalty(l1=0.1, frobenius=0))
