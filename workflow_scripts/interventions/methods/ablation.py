"""Ablation: the neurons become 0 (Antverg & Belinkov 2022, §4).

It asks whether the model can do without them. 0 may be far from what a neuron ever is: see `mean`.
"""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

USES = ()
OPTIONS = {}
TARGET = None


def edit(task: EditTask) -> Edit:
    """Return the edit that sets neurons to 0."""
    d = len(task.neurons)
    return Edit(scale=np.zeros(d, np.float32), shift=np.zeros((len(task.values), d), np.float32))
