"""Attribution: neurons by what translating them would do to the model's own output.

The score of a neuron is the first-order effect (`rankings/effects.py`) of moving it, in all words
with a value, from the mean of that value to the mean of the next: how much closer it brings the dev
words to their counterparts, in nats a word (attribution patching, Nanda 2023; Kramár et al. 2024).
A ranking of what the model uses, and no probe. Signed: at the top stand neurons that push towards
the counterpart, at the bottom those that push away, in between those that are not used.
"""

from workflow_scripts.rankings.effects import effects
from workflow_scripts.rankings.rankers import Ranking, RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("model", "statistics", "seed")
BY_LEMMA = True


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by their first-order effect; `btt` is the exact reverse of `ttb`."""
    ttb = order_by_score(effects(task, alphas=[0.0]))
    return {"ttb": ttb, "btt": reverse(ttb)}
