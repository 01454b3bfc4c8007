"""Single neurons: how each is spread over the words of a value, how far apart, and where it peaks.

Touches no file; each neuron is looked at alone, so any part of them gives what all would.
"""

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics

BINS = 24
ENDS = (0.005, 0.995)
"""The quantiles between which a neuron's bins lie."""
EXTREMES = 5
"""How many words there are of each end."""


def histograms(x: np.ndarray, y: np.ndarray, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where a neuron's bins begin and end, (d, 2) float64, and its words in each.

    Those are counts (d, Z, BINS) int32, of the words x (n, d) with values y (n,) int of 0..Z-1.
    BINS of one width lie between the 0.5 % and the 99.5 % quantile of all words, the same for every
    value; what lies beyond is in the first and the last. Where the two quantiles are one, the bins
    lie between the least and the most; where these are one too, all words are in the first bin.
    """
    d = x.shape[1]
    ends = np.empty((d, 2))
    counts = np.empty((d, n_values, BINS), np.int32)
    for i in range(d):
        h = x[:, i].astype(np.float64)
        low, high = np.quantile(h, ENDS)
        if low == high:
            low, high = h.min(), h.max()
        share = (h - low) / (high - low) if low < high else np.zeros_like(h)
        place = np.clip(np.floor(share * BINS), 0, BINS - 1).astype(np.int64)
        found = np.bincount(y * BINS + place, minlength=n_values * BINS)
        ends[i], counts[i] = (low, high), found.reshape(n_values, BINS)
    return ends, counts


def cohens_d(statistics: ClassStatistics) -> np.ndarray:
    """Return (d,) float64, how far apart a neuron's class means are, in standard deviations.

        d(n) = (max_z q_z[n] - min_z q_z[n]) / s[n],  s[n]² = Σ_z S_z[n, n] / (N - Z)

    Of two values the size of Cohen's d, of more his range of standardized means (Cohen 1988,
    §2.2, §8.2). 0/0 is 0: a neuron that never changes; x/0 is ∞: one that only the value changes.
    """
    spread = np.ptp(statistics.means, axis=0)
    within = np.diagonal(statistics.scatters, axis1=1, axis2=2).sum(axis=0)
    degrees = statistics.counts.sum() - len(statistics.counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread == 0, 0.0, spread / np.sqrt(within / degrees))


def deviations(statistics: ClassStatistics) -> np.ndarray:
    """Return (Z, d) float64, each neuron's standard deviation among the words of a value.

    NaN for a value of one word.
    """
    squares = np.diagonal(statistics.scatters, axis1=1, axis2=2)  # (Z, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(squares / (statistics.counts[:, None] - 1))


def lowest(h: np.ndarray, forms: np.ndarray) -> np.ndarray:
    """Return the (≤ EXTREMES,) int64 words in which a neuron h (n,) is lowest, the lowest first.

    At most one of each form: `forms` (n,) int has the same number for the same form. Ties go to the
    earlier word. The highest words are the lowest of -h.
    """
    found: dict[int, int] = {}
    order = np.argsort(h, kind="stable")
    for start in range(0, len(order), _PIECE):
        for word in order[start : start + _PIECE].tolist():
            found.setdefault(int(forms[word]), word)
            if len(found) == EXTREMES:
                return np.array(list(found.values()), np.int64)
    return np.array(list(found.values()), np.int64)


_PIECE = 64
