"""Information: entropies and mutual information in bits, and the share of the majority value.

Touches no file; functions of labels, of activations, and of a probe's conditional entropies.
"""

import numpy as np

QUANTILES = np.arange(1, 20) / 20
"""Where a neuron is cut into parts, to tell its information."""
_BLOCK = 16  # neurons that are copied side by side at a time


def frequencies(y: np.ndarray, n_values: int) -> np.ndarray:
    """Return the (Z,) float64 share of each value among the labels `y` (n,); NaN without labels."""
    if len(y) == 0:
        return np.full(n_values, np.nan)
    return np.bincount(y, minlength=n_values) / len(y)


def entropy(y: np.ndarray, n_values: int) -> float:
    """Return H = -Σ_z p(z) log₂ p(z), in bits, p(z) the frequencies of the labels `y` (n,).

    NaN without labels.
    """
    p = frequencies(y, n_values)
    p = p[p != 0]
    return float(-(p * np.log2(p)).sum()) + 0.0  # + 0.0: one value has entropy 0, not -0


def plug_in_information(counts: np.ndarray) -> float:
    """Return the mutual information, in bits, of the rows and columns of counts (A, B), not all 0.

        Σ_{a,b} p(a, b) log₂ [p(a, b) / (p(a) p(b))]

    with shares for probabilities (the plug-in estimate). Of whole numbers it is exactly 0 where one
    of the two has one value.
    """
    n = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0)  # n² times p(a) p(b)
    there = counts > 0
    c = counts[there]
    return float((c * np.log2(c * n / expected[there])).sum() / n)


def information_of_neurons(x: np.ndarray, y: np.ndarray, n_values: int) -> np.ndarray:
    """Return (d,) float64, what each neuron alone tells of the value, in bits.

    Of the words x (n, d) with values y (n,) int of 0..Z-1: the plug-in information of value and
    part. A neuron's parts lie between its 5 %, 10 %, … 95 % quantiles over the words: equal edges
    are one, and what lies on an edge belongs to the part right of it.
    """
    d = x.shape[1]
    n_parts = len(QUANTILES) + 1
    found = np.empty(d)
    for start in range(0, d, _BLOCK):
        block = np.ascontiguousarray(x[:, start : start + _BLOCK].T, np.float64)  # (≤ _BLOCK, n)
        edges = np.quantile(block, QUANTILES, axis=1)  # (19, ≤ _BLOCK)
        for i, h in enumerate(block):
            part = np.searchsorted(np.unique(edges[:, i]), h, side="right")
            cell = y * n_parts + part
            counts = np.bincount(cell, minlength=n_values * n_parts).reshape(n_values, n_parts)
            found[start + i] = plug_in_information(counts)
    return found


def mutual_information(H: float, conditional_entropy: np.ndarray) -> np.ndarray:
    """Return MI = H - H(z|h) in bits, of any shape. Below 0 where a probe is worse than no probe.

    `conditional_entropy` is the mean -log₂ p(true value), in bits.
    """
    return H - np.asarray(conditional_entropy, np.float64)


def normalised(mi: np.ndarray, H: float) -> np.ndarray:
    """Return NMI = MI / H, both in bits, in the shape of `mi`; NaN where H = 0."""
    mi = np.asarray(mi, np.float64)
    return mi / H if H != 0 else np.full_like(mi, np.nan)


def majority(y: np.ndarray, n_values: int) -> float:
    """Return the share of the most frequent value among the labels `y` (n,)."""
    return float(frequencies(y, n_values).max())
