"""Sign-flip tests of paired differences, adjusted by the largest of a family.

Touches no file. Were two rankings equal, the difference D_s of their counts in a sentence would be
as likely as −D_s. So flip the signs of all sentences at random, again and again, and ask how often
the largest |t| of a family of comparisons is at least the one observed (Westfall & Young 1993,
single step): then the chance that any of the family is called different, though none is, is that p.

    t = Σ_s D_s / √Σ_s D_s²          (0 where every D_s is 0)

    p = adjusted_p(values, pairs, families, stream)
"""

import numpy as np

DRAWS = 9999
TOLERANCE = 1e-9
"""Numbers that differ by less than this are equal: areas and their sums are not exact."""

_AT_ONCE = 512
"""How many draws of signs are in memory; fixed, because the stream is cut by it."""

UNCHANGED = -1
"""In place of a second column: compare with 0."""


def studentised(values: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return t (P,) and √Σ D² (P,) of each pair of columns of `values` (S, V)."""
    differences = paired_differences(values, pairs)
    norms = np.sqrt((differences**2).sum(axis=0))
    return _over(differences.sum(axis=0), norms), norms


def paired_differences(values: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return D (S, P) float64, first less second column; `pairs` is (P, 2), UNCHANGED for 0.

    Columns are counts, or areas of counts: a difference below TOLERANCE is rounding, and 0.
    """
    values = np.column_stack([values, np.zeros(len(values))]).astype(np.float64)
    differences = values[:, pairs[:, 0]] - values[:, pairs[:, 1]]  # column −1 is the zeros
    differences[np.abs(differences) < TOLERANCE] = 0
    return differences


def adjusted_p(
    values: np.ndarray,
    pairs: np.ndarray,
    families: np.ndarray,
    stream: np.random.Generator,
    draws: int = DRAWS,
) -> np.ndarray:
    """Return p (P,) of each pair, adjusted within its family.

    p = (1 + draws whose largest |t| of the family is at least this |t|) / (1 + draws); the signs
    of a draw are the same for all pairs and families.

    Args:
        values: (S, V) numbers of each sentence.
        pairs: (P, 2) int, the two columns compared; UNCHANGED as the second compares with 0.
        families: (P,) int, ascending, the family of each pair.
        stream: where the signs are drawn from.
        draws: how many.
    """
    if not len(pairs):
        return np.empty(0)
    t, norms = studentised(values, pairs)
    observed = np.abs(t) - TOLERANCE
    values = np.column_stack([values, np.zeros(len(values))]).astype(np.float64)
    starts = np.flatnonzero(np.diff(families, prepend=families[0] - 1))
    of_family = np.cumsum(np.diff(families, prepend=families[0]) != 0)
    reached = np.zeros(len(pairs), np.int64)
    for first in range(0, draws, _AT_ONCE):
        n = min(_AT_ONCE, draws - first)
        signs = stream.integers(0, 2, (n, len(values)), np.int8)
        sums = (2.0 * signs - 1) @ values
        flipped = np.abs(_over(sums[:, pairs[:, 0]] - sums[:, pairs[:, 1]], norms))
        largest = np.maximum.reduceat(flipped, starts, axis=1)
        reached += (largest[:, of_family] >= observed).sum(axis=0)
    return (1 + reached) / (1 + draws)


def _over(sums: np.ndarray, norms: np.ndarray) -> np.ndarray:
    return np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
