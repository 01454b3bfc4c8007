"""Entropies are in bits and equal their formulas."""

import numpy as np
import pytest

from tests.support import formulas_gaussian as formulas
from workflow_scripts.kernels.information import (
    entropy,
    majority,
    mutual_information,
    normalised,
)


def test_two_equally_frequent_values_have_one_bit():
    assert entropy(np.array([0, 1, 0, 1]), 2) == 1.0


def test_entropy_equals_its_formula_and_ignores_values_that_do_not_occur():
    y = np.random.default_rng(0).choice(5, 300, p=[0.5, 0.3, 0.15, 0.05, 0])
    assert entropy(y, 5) == pytest.approx(formulas.entropy(y), abs=1e-12)


def test_one_value_has_no_entropy_and_no_normalised_information():
    H = entropy(np.zeros(4, int), 3)
    assert H == 0
    assert not np.signbit(H)
    assert np.isnan(normalised(np.array([0.1, -0.2]), H)).all()
    assert np.isnan(normalised(0.1, H))


def test_mutual_information_may_be_negative_and_is_normalised_by_bits():
    mi = mutual_information(2.0, np.array([0.5, 2.0, 3.0]))
    np.testing.assert_array_equal(mi, [1.5, 0.0, -1.0])
    np.testing.assert_array_equal(normalised(mi, 2.0), [0.75, 0.0, -0.5])


def test_majority_is_the_share_of_the_most_frequent_value():
    assert majority(np.array([2, 1, 1, 0]), 3) == 0.5


def test_no_labels_have_neither():
    assert np.isnan(entropy(np.array([], int), 2))
    assert np.isnan(majority(np.array([], int), 2))
