"""Steer: neurons move from the mean of a word's value to that of a named value.

Translation (`translating.py`) to one value for all words; those that have it stay as they are, and
are not counted. It asks whether the model can be made to say one value, the plural say, whatever a
word's own is.
"""

from workflow_scripts.interventions.methods import Edit, EditTask
from workflow_scripts.interventions.translating import translated

USES = ("means",)
OPTIONS = {"to": "text", "beta": "number", "scaled": "boolean"}
TARGET = "to"


def edit(task: EditTask, to: str, beta: float, scaled: bool) -> Edit:
    """Return the edit that moves neurons towards value `to`."""
    return translated(task, [list(task.values).index(to)] * len(task.values), beta, scaled)
