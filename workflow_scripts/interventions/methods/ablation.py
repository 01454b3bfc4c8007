"""Ablation: the neurons become 0 (Antverg & Belinkov 2022, §4)."""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

USES = ()
OPTIONS = {}
HAS_TARGET = False


def edit(task: EditTask) -> Edit:
    """Return the edit that sets neurons to 0."""
    d = len(task.neurons)
    return Edit(scale=np.zeros(d, np.float32), shift=np.zeros((task.n_values, d), np.float32))
