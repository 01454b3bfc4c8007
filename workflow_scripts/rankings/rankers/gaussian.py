"""Gaussian ranking: greedily add the neuron from which the Gaussian probe learns most.

Starting from no neuron, each step adds the one with which the probe, fitted on the training
words, has the highest mutual information with the value on the dev words (Torroba Hennigen et
al. 2020, section 3). Bottom to top is a second search that adds the one with the *lowest*.
"""

from workflow_scripts.kernels.gaussian import map_parameters
from workflow_scripts.kernels.gaussian_selection import greedy_selection
from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("statistics", "words", "select")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by two greedy searches; a score is a mutual information in bits."""
    classes = map_parameters(task.statistics())
    dev = task.words("dev")

    def search(highest: bool) -> Ranking:
        found = greedy_selection(classes, dev.x, dev.y, task.select(), highest, task.threads)
        return Ranking(*found)

    return {"ttb": search(highest=True), "btt": search(highest=False)}
