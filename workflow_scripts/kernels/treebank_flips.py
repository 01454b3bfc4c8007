"""Sign-flip tests over treebanks: is one ranking better than another, whatever the treebank?

Touches no file. Configurations of one treebank share its sentences and are not independent; the
unit is the treebank, d_t the mean over its configurations of first − second. Were two rankings
equal, d_t would be as likely as −d_t. p is the share of sign flips whose |t| is at least the
observed one; the adjusted p compares that with the largest |t| of all pairs (Westfall & Young
1993, single step).
"""

import numpy as np

EXACT = 16
"""The most treebanks for which all 2^T flips are gone through."""
DRAWS = 100_000
"""How many flips are drawn where there are more."""
TOLERANCE = 1e-9
"""|t| that differ by less than this part are equal."""
_AT_ONCE = 4096

LEAST = 6
"""The fewest treebanks that can give a p below 0.05: the least is 2^-(T - 1)."""


def mean_interval(d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high, (P,) each, of `d` (T, P): Student's 95 % interval, T − 1 degrees.

    The ends are NaN where T = 1.
    """
    from scipy.stats import t as student

    T = len(d)
    mean = d.mean(axis=0)
    if T == 1:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = student.ppf(0.975, T - 1) * d.std(axis=0, ddof=1) / np.sqrt(T)
    return mean, mean - half, mean + half


def flip_p(d: np.ndarray, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return p and adjusted p, (P,) each, of `d` (T, P), the treebanks' differences of P pairs.

    Up to EXACT treebanks all flips count, the identity among them; beyond, (1 + n) / (1 + DRAWS) of
    flips drawn from `stream`, the same for all pairs. Where all d_t are 0, p = 1.

    |t| grows with r = |Σ d| / √(T Σ d²), which is 1 where all d_t are equal (|t| = ∞): so r stands
    in its place.
    """
    T, P = d.shape
    norms = np.sqrt(T * (d**2).sum(axis=0))
    observed = _over(np.abs(d.sum(axis=0)), norms) * (1 - TOLERANCE)
    reached, largest_reached = np.zeros(P), np.zeros(P)
    exact = T <= EXACT
    n_flips = 2**T if exact else DRAWS
    for first in range(0, n_flips, _AT_ONCE):
        rows = min(_AT_ONCE, n_flips - first)
        if exact:
            bits = (np.arange(first, first + rows)[:, None] >> np.arange(T)) & 1
        else:
            bits = stream.integers(0, 2, (rows, T), np.int8)
        r = _over(np.abs((1 - 2.0 * bits) @ d), norms)
        reached += (r >= observed).sum(axis=0)
        largest_reached += (r.max(axis=1, keepdims=True) >= observed).sum(axis=0)
    if exact:
        return reached / n_flips, largest_reached / n_flips
    return (1 + reached) / (1 + n_flips), (1 + largest_reached) / (1 + n_flips)


def _over(sums: np.ndarray, norms: np.ndarray) -> np.ndarray:
    return np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
