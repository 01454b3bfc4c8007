"""Probes: each module predicts an attribute from the first k neurons of a ranking, for many k.

A probe is one file here, named in the configuration by its file name. It has

* `USES`: what of the task, besides words and neurons, its result depends on, of `"statistics"` and
  `"seed"` (it draws from `stream`); what it does not name, it is refused;
* `evaluate(task: ProbingTask) -> dict[str, Losses]`: how well it does on each split.

The same function serves control labels: the task then carries those. Nothing here reads or
writes a file: `probe_rankings` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import LabelledWords


@dataclass(frozen=True)
class ProbingTask:
    """One ranking's first K neurons and the labelled words of every split."""

    neurons: np.ndarray
    """(K,) int32: the first K neurons of the ranking, best first."""
    ks: Sequence[int]
    """The k to probe at, ascending; the last is K."""
    n_values: int
    """|Z|."""
    words: dict[str, LabelledWords]
    """A split's words; `x` is (n, K): column i is neuron `neurons[i]`."""
    statistics: Callable[[], ClassStatistics]
    """Class statistics of the training words over all d neurons, for the labels of this task."""
    stream: Callable[..., np.random.Generator]
    """`stream("linear", k)`: the random stream of that name in this configuration."""
    threads: int = 1
    """How many threads may work; they change no byte of the result."""


@dataclass(frozen=True)
class Losses:
    """A probe's result on one split at each of n_k values of k."""

    accuracy: np.ndarray
    """(n_k,) float64, share of words whose most probable value is the true one (ties: the lower
    value index)."""
    conditional_entropy: np.ndarray
    """(n_k,) float64, mean -log2 p(true value | h), in bits."""
    correct: np.ndarray
    """(n_k, n) bool: the words whose most probable value is the true one."""
