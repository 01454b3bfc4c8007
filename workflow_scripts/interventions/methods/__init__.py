"""Interventions: each module says how the neurons of a word are changed inside the model.

A method is one file here, named in the configuration by its file name. It has

* `OPTIONS`: the options of its entry in the configuration (besides `step`), each with its type,
  `"number"` (above 0), `"boolean"` or `"text"`; they are columns of its files, and of the tables;
* `DEFAULTS`: what those are that an entry may leave out;
* `USES`: what of the task, besides the ranking and the seed, its result depends on: `"means"` of
  the training words, or training `"words"` themselves; what it does not name, it is refused;
* `TARGET`: which value of the attribute it moves a word to: None, `"next"` (in sorted order,
  cyclically), or the name of the option that names the value: words that have it stay out, and
  attributes without it are not intervened on;
* `edit(task: EditTask, **options) -> Edit`: what becomes of each neuron.

Every method is a map of one neuron at a time, h[n] := scale[n] * h[n] + shift[·, n], with a shift
for each value or for each word; the first k neurons of a ranking are changed and the rest left as
they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from workflow_scripts.kernels.words import target


def _not_given(*_: Any) -> NoReturn:
    raise TypeError("an edit without training words has none of these")


@dataclass(frozen=True)
class EditTask:
    """What a method may look at."""

    neurons: np.ndarray
    """(d,) int32, the ranking, best first."""
    values: Sequence[str]
    """Z, the attribute's kept values, sorted."""
    means: Callable[[], np.ndarray] = _not_given
    """(Z, d) float64, q_z: the mean training vector of each value."""
    counts: Callable[[], np.ndarray] = _not_given
    """(Z,) int64: how many training words have each value."""
    donors: Callable[[bool], np.ndarray] = _not_given
    """(W, d) float32: of each word that is edited the vector of one training word, drawn among
    those of its own value (True) or among those of the others; the same for every ranking."""


@dataclass(frozen=True)
class Edit:
    """What becomes of neuron n of a word: scale[n] * h[n] + shift[row, n]."""

    scale: np.ndarray
    """(d,) float32."""
    shift: np.ndarray
    """(Z, d) float32, row z for a word with value z; or, `by_word`, (W, d), a row a word."""
    by_word: bool = False


def aims(
    values: Sequence[str], kind: str | None, options: Mapping[str, Any]
) -> dict[str, str | None]:
    """Return the values whose words are edited, each with the value that they are moved to.

    `kind` is the method's `TARGET`; without one, a word is moved to None.
    """
    if kind is None:
        return dict.fromkeys(values)
    if kind == "next":
        return {value: values[target(i, len(values))] for i, value in enumerate(values)}
    return {value: options[kind] for value in values if value != options[kind]}
