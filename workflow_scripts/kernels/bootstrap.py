"""Bootstrap intervals of shares: how far a share of words would move with other sentences.

Touches no file; counts of each sentence in, the two ends of a 95 % interval out. Words of one
sentence are not independent, so sentences are drawn, not words (Efron & Tibshirani 1993, §13.3).

    low, high = ratio_interval(correct, words)   # correct (S, K), words (S,)
"""

import numpy as np

RESAMPLES = 1000
STREAM = 2022
"""The seed of the resamples. Not the study's: an interval says something of the sentences, and
another seed of the study is to change only what draws."""

_PERCENTILES = (2.5, 97.5)
_BLOCK = 1 << 22
"""How many counts of drawn sentences are in memory at a time, 8 bytes each."""


def ratio_interval(
    hits: np.ndarray, totals: np.ndarray, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % percentile interval, (K,) and (K,), of Σ_s hits[s] / Σ_s totals[s].

    A resample draws S of the S sentences with replacement, the same for every column, so that
    points of one curve, and curves over the same sentences, move together.

    Args:
        hits: (S, K) counts of each sentence, or differences of two counts.
        totals: (S,) words of each sentence; one without words takes no part.
        resamples: how many.

    Both ends are NaN where fewer than two sentences have words: drawn from one, all resamples are
    the same, and an interval without width would say that nothing is uncertain.
    """
    spoken = totals > 0
    hits, totals = hits[spoken].astype(np.float64), totals[spoken].astype(np.float64)
    S, K = hits.shape
    if S < 2:
        return np.full(K, np.nan), np.full(K, np.nan)
    stream = np.random.Generator(np.random.PCG64(STREAM))
    columns = np.column_stack([hits, totals])  # (S, K + 1)
    rows = max(1, _BLOCK // S)
    sums = np.concatenate(
        [
            # How often each sentence is drawn (a multinomial count) times the sentences' counts:
            # sums of whole numbers, so they are exact in whatever order they are taken.
            _drawn(stream, min(rows, resamples - first), S) @ columns
            for first in range(0, resamples, rows)
        ]
    )
    low, high = np.percentile(sums[:, :K] / sums[:, K:], _PERCENTILES, axis=0)
    return low, high


def _drawn(stream: np.random.Generator, n: int, S: int) -> np.ndarray:
    """Return how often each of S sentences is drawn in `n` resamples, (n, S) float64."""
    counts = np.empty((n, S))
    for row in counts:
        row[:] = np.bincount(stream.integers(S, size=S), minlength=S)
    return counts
