"""Class statistics: count, mean and scatter of the words of each value, gathered in one pass.

Touches no file and imports only numpy. Blocks of labelled vectors go in, float64 sums come out:

    running = RunningClassStatistics(n_values, n_neurons)
    for x, y in blocks:              # x (n, d) float32, y (n,) int
        running.add(x, y)
    statistics = running.read()      # ClassStatistics

Means are what Probeless ranks by and what translation moves along; means and scatters are what
the Gaussian probe and ranking are made of.
"""

from dataclasses import dataclass

import numpy as np

_ROWS = 1024  # words of one value that are summed at a time; more would only cost memory


@dataclass(frozen=True)
class ClassStatistics:
    """Count, mean and scatter of the vectors of each value z; a value without words has zeros."""

    counts: np.ndarray
    """(Z,) int64, n_z, how many words have the value."""
    means: np.ndarray
    """(Z, d) float64, q_z = (1/n_z) Σ h."""
    scatters: np.ndarray
    """(Z, d, d) float64, S_z = Σ (h - q_z)(h - q_z)ᵀ, not divided by anything."""


class RunningClassStatistics:
    """Class statistics of a stream of labelled words, in memory that does not grow with it.

    Words wait, value by value, until `_ROWS` of them are there. These are centred on their own
    mean and merged with what came before (Chan, Golub & LeVeque 1979):

        δ = q_b - q,   n' = n + n_b,   q' = q + δ·n_b/n',   S' = S + S_b + δδᵀ·n·n_b/n'

    which loses no digits to a large mean, as Σh² - n·q² would. As groups are cut by count and not
    by call, the result is the same to the byte however the stream is cut into blocks.
    """

    def __init__(self, n_values: int, n_neurons: int) -> None:
        self._counts = np.zeros(n_values, np.int64)
        self._means = np.zeros((n_values, n_neurons))
        self._scatters = np.zeros((n_values, n_neurons, n_neurons))
        self._waiting = np.empty((n_values, _ROWS, n_neurons), np.float32)
        self._n_waiting = np.zeros(n_values, np.int64)

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add a block of words: `x` (n, d) float32 vectors, `y` (n,) int value indices."""
        n_values, _, n_neurons = self._waiting.shape
        if x.shape != (len(y), n_neurons):
            raise ValueError(f"expected vectors of shape {(len(y), n_neurons)}, got {x.shape}")
        if len(y) and not 0 <= y.min() <= y.max() < n_values:
            raise ValueError(f"a value index is outside 0..{n_values - 1}")
        for z in np.unique(y):
            rows = np.flatnonzero(y == z)
            while len(rows):
                start = self._n_waiting[z]
                taken, rows = rows[: _ROWS - start], rows[_ROWS - start :]
                # "safe": float64 vectors would lose digits here, so they are refused.
                space = self._waiting[z, start : start + len(taken)]
                np.copyto(space, x[taken], casting="safe")
                self._n_waiting[z] += len(taken)
                if self._n_waiting[z] == _ROWS:
                    self._counts[z], self._means[z] = _merge(
                        self._counts[z], self._means[z], self._scatters[z], self._waiting[z]
                    )
                    self._n_waiting[z] = 0

    def read(self) -> ClassStatistics:
        """Return the statistics of all words added so far; more can be added afterwards."""
        counts, means = self._counts.copy(), self._means.copy()
        scatters = self._scatters.copy()
        for z in np.flatnonzero(self._n_waiting):
            waiting = self._waiting[z, : self._n_waiting[z]]
            counts[z], means[z] = _merge(counts[z], means[z], scatters[z], waiting)
        return ClassStatistics(counts, means, scatters)


def _merge(n: int, mean: np.ndarray, scatter: np.ndarray, x: np.ndarray) -> tuple[int, np.ndarray]:
    """Merge the words `x` (n_b, d) into count, mean (d,) and, in place, scatter (d, d)."""
    n_b = len(x)
    mean_b = x.mean(axis=0, dtype=np.float64)
    centred = x - mean_b
    delta = mean_b - mean
    scatter += centred.T @ centred
    if n:
        scaled = delta * np.sqrt(n * n_b / (n + n_b))  # both factors alike: S stays symmetric
        scatter += np.multiply.outer(scaled, scaled)
    return n + n_b, mean + delta * (n_b / (n + n_b))
