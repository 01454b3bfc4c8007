"""Translation: neurons move from the mean of a word's value to that of the next value.

h[n] += alpha_n * (q_z'[n] - q_z[n])  (Antverg & Belinkov 2022, §4). Scaled, alpha falls
geometrically along the ranking from beta at the first neuron to 0.001 at the last.
"""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask
from workflow_scripts.kernels.words import target

USES = ("means",)
OPTIONS = {"beta": "number", "scaled": "boolean"}
HAS_TARGET = True

LAST_ALPHA = 0.001


def alphas(n_neurons: int, beta: float, scaled: bool) -> np.ndarray:
    """Return alpha (d,) float64 by position in the ranking: beta * (0.001 / beta)^(i / (d-1))."""
    if not scaled:
        return np.full(n_neurons, float(beta))
    positions = np.arange(n_neurons)
    return beta * (LAST_ALPHA / beta) ** (positions / max(1, n_neurons - 1))


def edit(task: EditTask, beta: float, scaled: bool) -> Edit:
    """Return the edit that moves neurons towards the next value."""
    means = task.means()
    n_values, n_neurons = means.shape
    alpha = np.empty(n_neurons)
    alpha[task.neurons] = alphas(n_neurons, beta, scaled)
    targets = [target(value, n_values) for value in range(n_values)]
    shift = alpha * (means[targets] - means)
    return Edit(scale=np.ones(n_neurons, np.float32), shift=shift.astype(np.float32))
