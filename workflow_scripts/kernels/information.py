"""Information: entropies and mutual information in bits, and the share of the majority value.

Touches no file; small functions of labels and of a probe's conditional entropies.
"""

import numpy as np


def frequencies(y: np.ndarray, n_values: int) -> np.ndarray:
    """Return the (Z,) float64 share of each value among the labels `y` (n,); NaN without labels."""
    if len(y) == 0:
        return np.full(n_values, np.nan)
    return np.bincount(y, minlength=n_values) / len(y)


def entropy(y: np.ndarray, n_values: int) -> float:
    """Return H = -Σ_z p(z) log₂ p(z), in bits, p(z) the frequencies of the labels `y` (n,).

    NaN without labels.
    """
    return entropy_of(np.bincount(y, minlength=n_values)) if len(y) else float("nan")


def entropy_of(counts: np.ndarray) -> float:
    """Return H in bits of how often each of some things was counted, (n,), not all 0."""
    p = counts[counts != 0] / counts.sum()
    return float(-(p * np.log2(p)).sum()) + 0.0  # + 0.0: one value has entropy 0, not -0


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
