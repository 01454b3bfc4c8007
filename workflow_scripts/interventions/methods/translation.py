"""Translation: neurons move from the mean of a word's value to that of the next value.

`beta` says how far, and `scaled` whether later neurons of the ranking move less (`translating.py`;
Antverg & Belinkov 2022, §4). It asks whether the model takes the word for one of the other value.
"""

from workflow_scripts.interventions.methods import Edit, EditTask
from workflow_scripts.interventions.translating import translated
from workflow_scripts.kernels.words import target

USES = ("means",)
OPTIONS = {"beta": "number", "scaled": "boolean"}
TARGET = "next"


def edit(task: EditTask, beta: float, scaled: bool) -> Edit:
    """Return the edit that moves neurons towards the next value."""
    n_values = len(task.values)
    return translated(task, [target(z, n_values) for z in range(n_values)], beta, scaled)
