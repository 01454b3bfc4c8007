"""Gaussian ranking: greedily add the neuron from which the Gaussian probe learns most.

Starting from no neuron, each step adds the one with which the probe, fitted on the training
words, has the highest mutual information with the value on the dev words (Torroba Hennigen et
al. 2020, section 3). Bottom to top is a second search that adds the one with the *lowest*.
"""

import logging

import numpy as np

from workflow_scripts.kernels.gaussian import greedy_selection, map_parameters
from workflow_scripts.rankers import Ranking, RankingTask

DIRECTIONS = ("ttb", "btt")
USES = ("statistics", "words", "select")

BESIDE_RESIDUALS_MB = 300
"""What a search needs besides its residuals: libraries, words, covariances."""

log = logging.getLogger("gaussian")


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Rank the neurons by two greedy searches; a score is a mutual information in bits."""
    classes = map_parameters(task.statistics())
    dev = task.words("dev")
    residuals = dev.x.size * task.n_values / 1e6 * np.dtype(np.float64).itemsize  # MB
    kind = np.float64
    if residuals + BESIDE_RESIDUALS_MB > task.memory_mb:
        kind = np.float32
        log.warning(
            "residuals of %.0f MB do not fit mem_mb, %.0f: float32 is used, and close choices may "
            "differ; give the rule ranking more mem_mb",
            residuals,
            task.memory_mb,
        )

    def search(highest: bool) -> Ranking:
        found = greedy_selection(
            classes, dev.x, dev.y, task.n_select, highest, task.threads, residuals=kind
        )
        return Ranking(*found)

    return {"ttb": search(highest=True), "btt": search(highest=False)}
