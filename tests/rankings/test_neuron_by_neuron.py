"""Rankers that look at one neuron at a time equal their formulas, written out word by word."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from tests.support import formulas_rankings as formulas
from workflow_scripts.command.plugins import declared, load
from workflow_scripts.kernels.class_statistics import ClassStatistics, RunningClassStatistics
from workflow_scripts.kernels.words import LabelledWords
from workflow_scripts.rankings.rankers import RankingTask

FORMULAS = {
    "iou": formulas.iou,
    "selectivity": formulas.selectivity,
    "fisher": formulas.fisher,
    "mutual-information": formulas.mutual_information,
}


def never(*_):
    raise AssertionError("this ranker must not look here")


def task(name, x, y, n_values):
    """What a ranker of that name is given: what it declares, and no more."""
    uses = declared("rankers", name, "USES")
    running = RunningClassStatistics(n_values, x.shape[1])
    running.add(x, y)
    return RankingTask(
        n_neurons=x.shape[1],
        n_values=lambda: n_values,
        select=never,
        statistics=running.read if "statistics" in uses else never,
        words={"train": LabelledWords(x, y)}.__getitem__ if "words" in uses else never,
        stream=never,
    )


def ranked(name, x, y, n_values):
    return load("rankers", name).rank(task(name, x, y, n_values))


def scores(name, x, y, n_values):
    """The score of each neuron, by its index."""
    ttb = ranked(name, x, y, n_values)["ttb"]
    found = np.empty(len(ttb.scores))
    found[ttb.neurons] = ttb.scores
    return found


def some_words(n, n_values, seed=0):
    """Words of 22 neurons: noise, noise with a part of the value, ties, and one that is constant.

    Every value has words, and the last one has a single one.
    """
    random = np.random.default_rng([seed, n, n_values])
    y = random.integers(0, n_values - 1, n).astype(np.int32)
    y[: n_values - 1] = np.arange(n_values - 1)
    y[random.integers(n_values, n)] = n_values - 1
    x = random.normal(size=(n, 22)) + random.normal(0, 0.7, (n_values, 22))[y]
    x[:, 5] = 0.1
    x[:, 6] = np.round(x[:, 6])  # a few values, of either sign
    x[:, 7] = x[:, 7] > 0.5
    x[:, 8] = 1000 + x[:, 8]
    x[:, 9] = 1e-20 * x[:, 9]
    x[:, 10] = np.where(random.random(n) < 0.7, 0.0, x[:, 10])  # most quantiles are one
    x[:, 11] = np.where(x[:, 11] > 0, 0.0, -0.0)
    x[:, 20] = x[:, 0]
    x[:, 21] = y
    return x.astype(np.float32), y


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("n_values", [2, 3, 6])
@pytest.mark.parametrize("n", [12, 19, 20, 333])
def test_scores_equal_the_formula(name, n_values, n):
    x, y = some_words(n, n_values)
    expected = [FORMULAS[name](h, y, n_values) for h in x.T]
    np.testing.assert_allclose(scores(name, x, y, n_values), expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_neurons_are_ordered_by_score_and_btt_is_the_exact_reverse(name):
    x, y = some_words(200, 3)
    rankings = ranked(name, x, y, 3)
    assert tuple(rankings) == load("rankers", name).DIRECTIONS
    ttb, btt = rankings["ttb"], rankings["btt"]
    assert sorted(ttb.neurons) == list(range(22))
    assert ttb.neurons.dtype == np.int32
    assert ttb.scores.dtype == np.float64
    assert (ttb.scores[1:] <= ttb.scores[:-1]).all()
    assert ttb.neurons[0] == 21  # the value itself
    of_equals = ttb.neurons.tolist()
    assert of_equals.index(20) == of_equals.index(0) + 1  # the lower one first
    np.testing.assert_array_equal(btt.neurons, ttb.neurons[::-1])
    np.testing.assert_array_equal(btt.scores, ttb.scores[::-1])


@pytest.mark.parametrize("name", FORMULAS)
def test_the_same_words_give_the_same_bytes_however_they_lie_in_memory(name):
    x, y = some_words(500, 4)
    first = ranked(name, x, y, 4)["ttb"]
    frozen = np.asfortranarray(x)
    frozen.setflags(write=False)
    for words in (x, frozen):
        again = ranked(name, words, y, 4)["ttb"]
        assert again.neurons.tobytes() == first.neurons.tobytes()
        assert again.scores.tobytes() == first.scores.tobytes()


@pytest.mark.parametrize("name", FORMULAS)
def test_a_neuron_s_score_does_not_depend_on_the_other_neurons(name):
    x, y = some_words(150, 3)
    every = scores(name, x, y, 3)
    for neuron in (0, 6, 16, 21):
        alone = scores(name, np.ascontiguousarray(x[:, [neuron]]), y, 3)
        np.testing.assert_allclose(alone, every[neuron], rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_sign_of_a_neuron_and_its_unit_do_not_matter(name):
    """But where a value lies on an edge, and belongs to its right."""
    random = np.random.default_rng(3)
    y = random.integers(0, 3, 400).astype(np.int32)
    x = (random.normal(size=(400, 8)) + 0.4 * y[:, None]).astype(np.float32)
    expected = scores(name, x, y, 3)
    for factor in (-1, 4, -0.125):
        found = scores(name, np.float32(factor) * x, y, 3)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FORMULAS)
def test_a_neuron_of_huge_range_has_a_score(name):
    """Its width is no float32, nor is the step in its middle."""
    y = np.array([0, 1, 0, 1, 0, 1], np.int32)
    h = np.float32([3e38, -3e38, 2.5e38, -3e38, -2e38, 2e38])
    expected = FORMULAS[name](h, y, 2)
    assert np.isfinite(expected)
    assert scores(name, h[:, None], y, 2) == pytest.approx([expected])


@pytest.mark.parametrize("name", ["selectivity", "fisher", "mutual-information"])
def test_a_constant_neuron_has_nothing(name):
    x, y = some_words(300, 3)
    assert scores(name, x, y, 3)[5] == 0


def test_a_constant_neuron_finds_a_value_as_often_as_it_occurs():
    x, y = some_words(300, 3)
    assert scores("iou", x, y, 3)[5] == pytest.approx(1 / 3)  # the mean of the shares


# ---- iou


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_that_of_scikit_learn(seed):
    x, y = some_words(257, 4, seed)
    expected = [
        np.mean(
            [max(average_precision_score(y == z, sign * h) for sign in (1, -1)) for z in range(4)]
        )
        for h in x.T
    ]
    np.testing.assert_allclose(scores("iou", x, y, 4), expected, rtol=1e-12)


def test_a_neuron_that_sets_each_of_two_values_apart_has_average_precision_1():
    y = np.array([0, 1] * 20, np.int32)
    x = np.stack([y, 1 - y, np.zeros(40)], axis=1).astype(np.float32)
    assert scores("iou", x, y, 2).tolist() == [1, 1, 0.5]


# ---- fisher


def test_what_only_the_value_changes_stands_first_and_what_nothing_changes_last():
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(3, dtype=np.int32), 1100)  # more than the statistics sum at a time
    x = random.normal(size=(len(y), 6)).astype(np.float32)
    x[:, 2] = 0.1
    x[:, 4] = np.float32([0.1, 0.7, 0.1])[y]
    x[:, 5] = np.float32([0.1, 0.3, 1e-8])[y]
    ttb = ranked("fisher", x, y, 3)["ttb"]
    assert ttb.neurons[:2].tolist() == [4, 5]
    assert np.isposinf(ttb.scores[:2]).all()
    assert np.isfinite(ttb.scores[2:]).all()
    assert (ttb.neurons[-1], ttb.scores[-1]) == (2, 0)


def test_equal_means_are_nothing_though_no_float_is_their_mean():
    means = np.full((3, 2), 0.1)
    scatters = np.stack([np.diag([0.0, 2.0])] * 3)
    statistics = ClassStatistics(np.array([3, 7, 11]), means, scatters)
    assert load("rankers", "fisher").between_by_within(statistics).tolist() == [0, 0]


# ---- mutual information


def test_a_neuron_with_the_value_has_its_entropy_where_the_edges_set_values_apart():
    y = np.array([0, 1] * 50, np.int32)
    x = np.stack([y, -y, np.arange(100) // 2], axis=1).astype(np.float32)
    assert scores("mutual-information", x, y, 2).tolist() == pytest.approx([1, 1, 0], abs=1e-12)


def test_what_lies_on_an_edge_belongs_to_its_right():
    """The edges are 0 and 1, and so the parts -1, 0 and 1; left of them, 0 would be with -1."""
    h = np.repeat(np.float32([-1, 0, 1]), [4, 90, 6])
    assert np.unique(np.quantile(h, np.arange(1, 20) / 20)).tolist() == [0, 1]
    y = (h == 1).astype(np.int32)
    entropy = -(0.06 * np.log2(0.06) + 0.94 * np.log2(0.94))
    assert scores("mutual-information", h[:, None], y, 2) == pytest.approx([entropy])
    y = (h >= 0).astype(np.int32)
    entropy = -(0.04 * np.log2(0.04) + 0.96 * np.log2(0.96))
    assert scores("mutual-information", h[:, None], y, 2) == pytest.approx([entropy])


def test_it_sees_what_means_do_not():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 4000).astype(np.int32)
    x = random.normal(size=(4000, 2))
    x[y == 1, 1] *= 4  # of one mean, and of another spread
    x = x.astype(np.float32)
    assert scores("mutual-information", x, y, 2)[1] > 0.2
    assert scores("fisher", x, y, 2)[1] < 0.01


def test_light_rankers_import_neither_compiler_nor_torch_nor_scipy_nor_sklearn():
    code = (
        "import sys\n"
        "from workflow_scripts.command.plugins import load\n"
        f"for name in {list(FORMULAS)}: load('rankers', name)\n"
        "print([n for n in ('numba', 'torch', 'scipy', 'sklearn') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
