"""Resample: the neurons become those of another word, of the training split.

Each word has one donor, drawn by the study's seed among the training words of the other values; its
subtokens all take the neurons of the donor's vector. It asks what the model makes of the
information as words really have it, with all that differs between two words; with `same: true` the
donor has the word's own value, and what changes then is not the attribute: it is the control.
"""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

USES = ("words",)
OPTIONS = {"same": "boolean"}
DEFAULTS = {"same": False}
TARGET = None


def edit(task: EditTask, same: bool) -> Edit:
    """Return the edit that gives each word the neurons of its donor."""
    scale = np.zeros(len(task.neurons), np.float32)
    return Edit(scale, task.donors(same), by_word=True)
