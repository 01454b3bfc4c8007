"""Ridge ranking: as `linear`, with a penalty of the weights' norm alone (Fan et al. 2023).

    loss of a batch = mean cross-entropy + 0.1 ‖W‖_F

The norm and not its square, as in their code. It shares weights out among neurons that say the
same. Score: the mean over classes of |weight|, of the epoch with the lowest training loss.
"""

from workflow_scripts.kernels.softmax_regression import Penalty
from workflow_scripts.rankings.by_weights import rank_by_weights
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("words", "seed")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank all d neurons; `btt` is the exact reverse of `ttb`."""
    return rank_by_weights(task, Penalty(l1=0, frobenius=0.1))
