"""Facts about methods: what becomes of a neuron."""

import numpy as np
import pytest

from tests.support.formulas_interventions import (
    METHODS,
    alpha,
    change_by_hand,
)
from workflow_scripts.interventions.methods import EditTask, translation
from workflow_scripts.kernels.words import target


@pytest.mark.parametrize("d", [2, 16, 160, 768])
@pytest.mark.parametrize("beta", [8.0, 0.5])
def test_scaled_alpha_falls_geometrically_from_beta_to_a_thousandth_over_the_models_width(d, beta):
    found = translation.alphas(d, beta, scaled=True)
    np.testing.assert_allclose(found, [alpha(i, d, beta, True) for i in range(d)], rtol=1e-12)
    assert found[0] == beta
    assert found[-1] == pytest.approx(0.001)
    np.testing.assert_allclose(found[1:] / found[:-1], found[1] / found[0], rtol=1e-9)


def test_unscaled_alpha_is_beta():
    assert translation.alphas(5, 8, scaled=False).tolist() == [8.0] * 5


def test_translation_goes_to_the_next_value_and_from_the_last_to_the_first():
    assert [target(value, 3) for value in range(3)] == [1, 2, 0]
    assert [target(value, 2) for value in range(2)] == [1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_an_edit_is_the_formula_neuron_by_neuron(method):
    stream = np.random.default_rng(5)
    d, n_values = 7, 3
    neurons, means = stream.permutation(d), stream.normal(size=(n_values, d))
    module, options = METHODS[method]
    edit = module.edit(EditTask(neurons, len(means), lambda: means), **options)
    h = stream.normal(size=d)
    for value in range(n_values):
        expected = change_by_hand(h, value, d, neurons, means, method)
        np.testing.assert_allclose(edit.scale * h + edit.shift[value], expected, atol=1e-5)
