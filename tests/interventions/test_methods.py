"""Facts about methods: what becomes of a neuron."""

import numpy as np
import pytest

from tests.support.formulas_interventions import (
    METHODS,
    alpha,
    change_by_hand,
    donors_by_hand,
)
from workflow_scripts.interventions.edits import draw_donors
from workflow_scripts.interventions.methods import EditTask, aims
from workflow_scripts.interventions.translating import alphas
from workflow_scripts.kernels.words import target


@pytest.mark.parametrize("d", [2, 16, 160, 768])
@pytest.mark.parametrize("beta", [8.0, 0.5])
def test_scaled_alpha_falls_geometrically_from_beta_to_a_thousandth_over_the_models_width(d, beta):
    found = alphas(d, beta, scaled=True)
    np.testing.assert_allclose(found, [alpha(i, d, beta, True) for i in range(d)], rtol=1e-12)
    assert found[0] == beta
    assert found[-1] == pytest.approx(0.001)
    np.testing.assert_allclose(found[1:] / found[:-1], found[1] / found[0], rtol=1e-9)


def test_unscaled_alpha_is_beta():
    assert alphas(5, 8, scaled=False).tolist() == [8.0] * 5


def test_translation_goes_to_the_next_value_and_from_the_last_to_the_first():
    assert [target(value, 3) for value in range(3)] == [1, 2, 0]
    assert [target(value, 2) for value in range(2)] == [1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_an_edit_is_the_formula_neuron_by_neuron(method):
    stream = np.random.default_rng(5)
    d, values = 7, ["DU", "PL", "SG"]
    neurons, means = stream.permutation(d), stream.normal(size=(len(values), d))
    counts, donors = np.array([3, 60, 200]), stream.normal(size=(2, len(values), d))
    task = EditTask(
        *(neurons, values, lambda: means, lambda: counts),
        donors=lambda same: donors[int(same)],
    )
    module, options = METHODS[method]
    edit = module.edit(task, **options)
    h = stream.normal(size=d)
    for value in range(len(values)):  # by word, that of word `value`
        donor = donors[int(method == "same")][value]
        expected = change_by_hand(h, value, d, neurons, means, method, counts, donor, to=1)
        np.testing.assert_allclose(edit.scale * h + edit.shift[value], expected, atol=1e-5)
    assert edit.by_word == (method in ("resample", "same"))


@pytest.mark.parametrize("same", [True, False])
def test_donors_are_drawn_uniformly_among_the_training_words_of_the_value_or_of_the_others(same):
    stream = np.random.default_rng(3)
    train, words = stream.integers(0, 3, 50), stream.integers(0, 3, 4000)
    found = draw_donors(train, words, same, np.random.default_rng(8))
    expected = donors_by_hand(train.tolist(), words.tolist(), same, np.random.default_rng(8))
    assert found.tolist() == expected
    for value in range(3):
        drawn = np.bincount(found[words == value], minlength=50)
        possible = (train == value) == same
        assert not drawn[~possible].any()
        mean = drawn[possible].mean()
        assert (abs(drawn[possible] - mean) < 5 * mean**0.5).all()


def test_words_are_moved_to_the_next_value_or_to_the_one_that_is_named_or_to_none():
    values = ("DU", "PL", "SG")
    assert aims(values, None, {}) == {"DU": None, "PL": None, "SG": None}
    assert aims(values, "next", {}) == {"DU": "PL", "PL": "SG", "SG": "DU"}
    assert aims(values, "to", {"to": "PL"}) == {"DU": "PL", "SG": "PL"}
