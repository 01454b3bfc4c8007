"""Ablation: the neurons become 0 (Antverg & Belinkov 2022, §4)."""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

OPTIONS = {}
HAS_TARGET = False


def edit(task: EditTask) -> Edit:
    """Return the edit that sets neurons to 0."""
    n_values, n_neurons = task.means.shape
    return Edit(
        scale=np.zeros(n_neurons, np.float32), shift=np.zeros((n_values, n_neurons), np.float32)
    )
