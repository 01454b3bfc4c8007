"""Facts about the saturation point of a curve."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from tests.support.formulas_saturation import saturation_by_hand
from workflow_scripts.kernels.saturation import saturates, saturation_index


@pytest.mark.parametrize(
    ("curve", "index"),
    [
        ([0.0, 0.2, 0.4, 0.41, 0.41], 2),
        ([0.3, 0.3, 0.3], 0),  # k = 0 counts
        ([0.0, 0.0, 0.0, 0.0], 3),  # 0 never saturates
        ([0.0, 0.0, 0.0, 0.2, 0.2, 0.2], 3),
        ([0.1, 0.2, 0.3, 0.4], 3),  # no saturation: the last k
        ([0.2, 0.2, 0.2, 0.31, 0.4], 4),  # a later rise of more than 0.1
        ([0.2, 0.2, 0.2, 0.25, 0.29], 0),  # a later rise of less
        ([0.4, 0.3, 0.1, 0.0], 0),  # a fall
        ([0.2, 0.2, 0.3, 0.3, 0.3], 2),  # flat for one step only
        ([0.2, 0.2101, 0.2101, 0.2101], 1),  # more than 5 % more is a rise
        ([0.2, 0.2099, 0.2099, 0.2099], 0),
        ([0.7, 0.7, 0.7, 0.8], 0),  # exactly 0.1 above, which in floats is more
        ([0.2, 0.21, 0.21], 2),  # exactly 1.05 times, which in floats is less
        ([0.4, 0.42, 0.42], 2),
        ([0.5], 0),
        ([0.5, 0.6], 1),
    ],
)
def test_saturation_point(curve, index):
    assert saturation_index(curve) == saturation_by_hand(curve) == index


@pytest.mark.parametrize("words", [20, 100, 1000, 999_999])
def test_just_at_a_limit_the_counts_decide(words):
    """Of words in whole numbers, also where a share is no number of the machine."""
    stream = np.random.default_rng(words)
    for _ in range(300):
        first = int(stream.integers(1, words))
        limits = (first, 21 * first // 20, -(-21 * first // 20), first + words // 10)
        counts = [first, *stream.choice(limits, size=4).tolist()]
        by_hand = saturation_by_hand([Fraction(count, words) for count in counts])
        assert saturation_index([count / words for count in counts]) == by_hand, counts


def test_saturation_point_equals_the_definition_on_random_curves():
    """In 128ths: never just at a limit, where rounding would decide."""
    stream = np.random.default_rng(6)
    found = Counter()
    for _ in range(2000):
        steps = stream.choice([0, 0, 1, 6, 25, -6], size=stream.integers(1, 12))
        curve = (np.clip(np.cumsum(steps), 0, 128) / 128).tolist()
        index = saturation_index(curve)
        assert index == saturation_by_hand(curve)
        assert curve[index] > 0 or index == len(curve) - 1
        # Two more values must follow a saturation point.
        assert saturates(curve) == (index < len(curve) - 2)
        found[index] += 1
    assert len(found) > 5
