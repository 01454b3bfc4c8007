"""Mean: the neurons become their mean over all training words that have a kept value.

It asks, as ablation does, whether the model can do without what tells words apart there, and
leaves the neurons at a value that is usual for them. The mean is over words, not over values: a
rare value counts for less.
"""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

USES = ("means",)
OPTIONS = {}
TARGET = None


def edit(task: EditTask) -> Edit:
    """Return the edit that sets neurons to their mean."""
    mean = np.average(task.means(), axis=0, weights=task.counts())
    shift = np.tile(mean, (len(task.values), 1)).astype(np.float32)
    return Edit(scale=np.zeros(len(task.neurons), np.float32), shift=shift)
