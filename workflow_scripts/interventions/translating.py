"""Translating: from the mean of a word's value towards that of another, by alpha times as far.

h[n] += alpha_n * (q_z'[n] - q_z[n])  (Antverg & Belinkov 2022, §4). Scaled, alpha falls
geometrically along the ranking from beta at the first neuron to 0.001 at the last.
"""

from collections.abc import Sequence

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

LAST_ALPHA = 0.001


def alphas(n_neurons: int, beta: float, scaled: bool) -> np.ndarray:
    """Return alpha (d,) float64 by position in the ranking: beta * (0.001 / beta)^(i / (d-1))."""
    if not scaled:
        return np.full(n_neurons, float(beta))
    positions = np.arange(n_neurons)
    return beta * (LAST_ALPHA / beta) ** (positions / max(1, n_neurons - 1))


def translated(task: EditTask, targets: Sequence[int], beta: float, scaled: bool) -> Edit:
    """Return the edit that moves words of value z towards value `targets[z]`."""
    means = task.means()
    n_neurons = means.shape[1]
    alpha = np.empty(n_neurons)
    alpha[task.neurons] = alphas(n_neurons, beta, scaled)
    shift = alpha * (means[targets] - means)
    return Edit(scale=np.ones(n_neurons, np.float32), shift=shift.astype(np.float32))
