"""Interventions: each module says how the neurons of a word are changed inside the model.

A method is one file here, named in the configuration by its file name. It has

* `OPTIONS`: the options that its entry in the configuration must have (besides `step`), each with
  its type, `"number"` (above 0) or `"boolean"`; they are columns of its files, and of the tables;
* `USES`: what of the task, besides the ranking, its result depends on: `"means"`; what it does not
  name, it is refused;
* `HAS_TARGET`: whether it moves a word towards another value of the attribute;
* `edit(task: EditTask, **options) -> Edit`: what becomes of each neuron.

Every method is a map of one neuron at a time, h[n] := scale[n] * h[n] + shift[z, n] for a word of
value z; the first k neurons of a ranking are changed and the rest left as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EditTask:
    """What a method may look at."""

    neurons: np.ndarray
    """(d,) int32, the ranking, best first."""
    n_values: int
    """Z, how many values the attribute has."""
    means: Callable[[], np.ndarray]
    """(Z, d) float64, q_z: the mean training vector of each value."""


@dataclass(frozen=True)
class Edit:
    """What becomes of neuron n of a word with value z: scale[n] * h[n] + shift[z, n]."""

    scale: np.ndarray
    """(d,) float32."""
    shift: np.ndarray
    """(Z, d) float32."""
