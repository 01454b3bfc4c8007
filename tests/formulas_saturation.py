"""The saturation point of a curve, word for word as the methods say."""


def saturation_by_hand(curve):
    """The index of the first k that saturates."""
    for i, value in enumerate(curve):
        if i + 2 >= len(curve):
            break
        one_step, two_steps, last = curve[i + 1], curve[i + 2], curve[-1]
        if one_step < 1.05 * value and two_steps < 1.05 * value and last - value <= 0.1:
            return i
    return len(curve) - 1
