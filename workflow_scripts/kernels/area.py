"""The area under a curve over k: one number for a whole ranking.

Touches no file. The axis is ln(1 + k), on which the first ten neurons count as much as the next
hundred, and the area is divided by the axis's range: so it is a mean of the curve, in its unit.
"""

import numpy as np


def area_weights(ks: np.ndarray) -> np.ndarray:
    """Return w (K,) float64, with which Σ_k w_k · curve_k is the area; they sum to 1.

        ∫ by trapezoids of the curve over x = ln(1 + k), divided by x_K − x_1

    Args:
        ks: (K,) the curve's k, ascending. Of a single k the area is the curve's value.
    """
    x = np.log1p(np.asarray(ks, np.float64))
    if len(x) == 1:
        return np.ones(1)
    steps = np.diff(x)
    return (np.append(0, steps) + np.append(steps, 0)) / (2 * (x[-1] - x[0]))
