"""Integrated: as `attribution`, with the gradient's mean along the translation.

It is taken at h + α (q_z' - q_z), α = β (j - 1/2) / 4 for j = 1 to 4, on all edited subtokens:
the midpoint rule of integrated gradients (Sundararajan et al. 2017) from the unedited states to
those that translation by β makes. β is that of the study's first translation that is not scaled,
else 1.
"""

from workflow_scripts.rankings.effects import effects
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("model", "statistics", "seed", "beta")
BY_LEMMA = True

STEPS = 4


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by their effect along the translation; `btt` is the reverse of `ttb`."""
    beta = task.beta()
    ttb = order_by_score(effects(task, [beta * (j + 0.5) / STEPS for j in range(STEPS)]))
    return {"ttb": ttb, "btt": reverse(ttb)}
