"""Retrieval: how early in a ranking the neurons stand that are to be found.

Touches no file; the order alone counts, ties were broken when it was made.
"""

import numpy as np


def average_precision(neurons: np.ndarray, relevant: np.ndarray) -> float:
    """Return the mean, over the relevant neurons, of the share of relevant ones up to each.

    Args:
        neurons: (d,) int, a permutation of 0..d-1, best first.
        relevant: (r,) int, the neurons to find; NaN without any.
    """
    found = np.isin(neurons, relevant)
    if not found.any():
        return float("nan")
    positions = np.flatnonzero(found) + 1
    return float((np.arange(1, len(positions) + 1) / positions).mean())


def area_under_roc(neurons: np.ndarray, relevant: np.ndarray) -> float:
    """Return the share of pairs of a relevant and another neuron in which the relevant is earlier.

    Arguments as in `average_precision`; NaN where one of the two kinds has no neuron.
    """
    found = np.isin(neurons, relevant)
    n_relevant, n_others = int(found.sum()), int((~found).sum())
    if not n_relevant or not n_others:
        return float("nan")
    others_before = np.cumsum(~found)[found]
    return float(1 - others_before.sum() / (n_relevant * n_others))
