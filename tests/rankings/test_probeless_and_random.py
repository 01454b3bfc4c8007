"""Probeless follows its formula, random its stream alone; neither needs a compiler or torch."""

import subprocess
import sys

import numpy as np
import pytest

from tests.support import formulas_gaussian as formulas
from workflow_scripts.command.seeds import generator
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.rankings.rankers import RankingTask, probeless, random


def never(*_):
    raise AssertionError("this ranker must not look here")


def task_with_means(means):
    n_values, d = means.shape
    statistics = ClassStatistics(
        np.full(n_values, 2), means.astype(np.float64), np.zeros((n_values, d, d))
    )
    return RankingTask(
        n_neurons=d,
        n_values=lambda: n_values,
        select=lambda: d,
        threads=1,
        statistics=lambda: statistics,
        words=never,
        stream=never,
    )


def random_task(seed, d=40, n_values=2, n_select=10):
    def stream(*names):
        return generator(seed, "model", "treebank", "Number", 2, *names)

    return RankingTask(
        n_neurons=d,
        n_values=lambda: n_values,
        select=lambda: n_select,
        threads=1,
        statistics=never,
        words=never,
        stream=stream,
    )


@pytest.mark.parametrize("n_values", [2, 3, 5])
def test_probeless_equals_its_formula(n_values):
    means = np.random.default_rng(n_values).normal(size=(n_values, 12))
    ranking = probeless.rank(task_with_means(means))["ttb"]
    scores = formulas.probeless(means)
    np.testing.assert_array_equal(ranking.neurons, np.argsort(-scores, kind="stable"))
    np.testing.assert_allclose(ranking.scores, scores[ranking.neurons], rtol=1e-12)
    assert ranking.neurons.dtype == np.int32


def test_probeless_gives_ties_to_the_lower_neuron():
    means = np.array([[0, 0, 0, 0, 0], [1, 2, 1, 2, 1]])
    assert probeless.rank(task_with_means(means))["ttb"].neurons.tolist() == [1, 3, 0, 2, 4]


def test_probeless_bottom_to_top_is_the_exact_reverse_ties_included():
    means = np.array([[0, 0, 0, 0, 0], [1, 2, 1, 2, 1]])
    rankings = probeless.rank(task_with_means(means))
    assert tuple(rankings) == probeless.DIRECTIONS
    np.testing.assert_array_equal(rankings["btt"].neurons, rankings["ttb"].neurons[::-1])
    np.testing.assert_array_equal(rankings["btt"].scores, rankings["ttb"].scores[::-1])


def test_probeless_finds_planted_neurons_first():
    noise = np.random.default_rng(0)
    means = 0.01 * noise.normal(size=(2, 30))
    means[1, [4, 17, 22]] += 1
    assert set(probeless.rank(task_with_means(means))["ttb"].neurons[:3]) == {4, 17, 22}


def test_random_is_one_permutation():
    rankings = random.rank(random_task(seed=1))
    assert tuple(rankings) == random.DIRECTIONS
    assert sorted(rankings[""].neurons) == list(range(40))
    assert rankings[""].neurons.dtype == np.int32
    assert (np.diff(rankings[""].scores) < 0).all()


def test_random_depends_on_its_stream_alone():
    order = random.rank(random_task(seed=1))[""].neurons
    same_stream = random.rank(random_task(seed=1, n_values=7, n_select=3))[""].neurons
    other_stream = random.rank(random_task(seed=2))[""].neurons
    np.testing.assert_array_equal(order, same_stream)
    assert (order != other_stream).any()


def test_light_rankers_import_neither_compiler_nor_torch_nor_scipy():
    code = (
        "import sys\n"
        "from workflow_scripts.rankings.rankers import probeless, random\n"
        "print([name for name in ('numba', 'torch', 'scipy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
