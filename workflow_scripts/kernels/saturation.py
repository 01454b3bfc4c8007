"""The saturation point of an intervention curve (Antverg & Belinkov 2022, §4)."""

from collections.abc import Sequence

EQUAL = 1e-12
"""Shares of a million words, or fewer, differ from such a product by more, or are equal to it."""


def saturation_index(curve: Sequence[float]) -> int:
    """Return the index at which a CLWV curve saturates; where it does not, the last index.

    The first index whose next two values are each < 1.05 times its own, and whose value the last
    one exceeds by at most 0.1. Compared as products, so a value of 0 never saturates.
    """
    index = _saturation(curve)
    return len(curve) - 1 if index is None else index


def saturates(curve: Sequence[float]) -> bool:
    """Return whether a CLWV curve has a saturation point, and not only a last value."""
    return _saturation(curve) is not None


def _saturation(curve: Sequence[float]) -> int | None:
    for i in range(len(curve) - 2):
        flat = all(curve[i + step] < 1.05 * curve[i] - EQUAL for step in (1, 2))
        if flat and curve[-1] <= curve[i] + 0.1 + EQUAL:
            return i
    return None
