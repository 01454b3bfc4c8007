"""Gaussian probe: a multivariate normal per value and Bayes' rule (Torroba Hennigen et al. 2020).

The normals are fitted once on all d neurons; on the first k neurons of a ranking the probe is
their marginal, so one sweep over the words gives every k.
"""

import numpy as np

from workflow_scripts.kernels.gaussian import map_parameters, nested_losses
from workflow_scripts.probes.probes import Losses, ProbingTask

USES = ("statistics",)


def evaluate(task: ProbingTask) -> dict[str, Losses]:
    """Evaluate the probe on every split, at each of the task's k."""
    classes = map_parameters(task.statistics())
    asked = np.asarray(task.ks) - 1
    found = {}
    for split, words in task.words.items():
        losses = nested_losses(classes, task.neurons, words.x, words.y)
        found[split] = Losses(*(of_every_k[asked] for of_every_k in losses))
    return found
