"""Gaussian probe: a multivariate normal per value and Bayes' rule (Torroba Hennigen et al. 2020).

The normals are fitted once on all d neurons; on the first k neurons of a ranking the probe is
their marginal, so one sweep over the words gives every k.
"""

from workflow_scripts.kernels.gaussian import map_parameters, nested_losses
from workflow_scripts.probes import Losses, ProbingTask

USES = ("statistics",)


def evaluate(task: ProbingTask) -> dict[str, Losses]:
    """Evaluate the probe on every split, at k = 1..K."""
    classes = map_parameters(task.statistics)
    return {
        split: Losses(*nested_losses(classes, task.neurons, words.x, words.y, task.threads))
        for split, words in task.words.items()
    }
