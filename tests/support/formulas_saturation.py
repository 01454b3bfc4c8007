"""The saturation point of a curve, word for word as the methods say, in exact numbers."""

from fractions import Fraction


def saturation_by_hand(curve):
    """The index of the first k that saturates."""
    curve = [Fraction(value).limit_denominator(10**7) for value in curve]
    for i, value in enumerate(curve):
        if i + 2 >= len(curve):
            break
        one_step, two_steps, last = curve[i + 1], curve[i + 2], curve[-1]
        rise = Fraction(105, 100) * value
        if one_step < rise and two_steps < rise and last - value <= Fraction(1, 10):
            return i
    return len(curve) - 1
