"""The Gaussian probe and ranking equal their formulas, evaluated from scratch with scipy."""

import subprocess
import sys

import numpy as np
import pytest

from tests.support import formulas_gaussian as formulas
from workflow_scripts.kernels.class_statistics import ClassStatistics, RunningClassStatistics
from workflow_scripts.kernels.gaussian import GaussianClasses, map_parameters, nested_losses
from workflow_scripts.kernels.gaussian_selection import exp_nonpositive, greedy_selection
from workflow_scripts.kernels.words import LabelledWords
from workflow_scripts.probes.probes import ProbingTask
from workflow_scripts.probes.probes import gaussian as probe
from workflow_scripts.rankings.rankers import RankingTask
from workflow_scripts.rankings.rankers import gaussian as ranker


def some_words(n, d, n_values, seed=0, spread=0.7):
    """Correlated neurons whose means differ by value."""
    random = np.random.default_rng([seed, d, n_values])
    mixing = random.normal(size=(d, d))
    means = spread * random.normal(size=(n_values, d))
    y = np.concatenate([np.arange(n_values), random.integers(0, n_values, n - n_values)])
    x = 3 + random.normal(size=(n, d)) @ mixing + means[y]
    return x.astype(np.float32), y.astype(np.int32)


def train_and_dev(n_train, n_dev, d, n_values, seed=0):
    x, y = some_words(n_train + n_dev, d, n_values, seed)
    return (x[:n_train], y[:n_train]), (x[n_train:], y[n_train:])


def statistics_of(x, y, n_values):
    running = RunningClassStatistics(n_values, x.shape[1])
    running.add(x, y)
    return running.read()


def fitted(x, y, n_values):
    return map_parameters(statistics_of(x, y, n_values))


# ---- parameters


@pytest.mark.parametrize("n", [30, 400])
@pytest.mark.parametrize("n_values", [2, 4])
def test_parameters_equal_their_formulas_also_with_fewer_words_than_neurons(n, n_values):
    x, y = some_words(n, 20, n_values)
    log_prior, mu, Sigma = formulas.map_parameters(x, y, n_values)
    classes = fitted(x, y, n_values)
    np.testing.assert_allclose(classes.log_prior, log_prior, rtol=1e-12)
    np.testing.assert_allclose(classes.mu, mu, rtol=1e-12)
    np.testing.assert_allclose(classes.Sigma, Sigma, rtol=1e-9, atol=1e-12)


def test_a_negative_eigenvalue_is_lifted_ten_times_over():
    n, d = 3, 2
    S = np.array([[1.0, 2.0], [2.0, 1.0]])  # no scatter of words: only lost digits can make it
    statistics = ClassStatistics(np.array([n, n]), np.zeros((2, d)), np.stack([np.eye(d), S]))
    Sigma = (S + np.diag(np.diag(S)) / (n - 1)) / ((d + 2) + n + d + 2)
    smallest = np.linalg.eigvalsh(Sigma)[0]
    assert smallest < 0
    lifted = map_parameters(statistics).Sigma
    np.testing.assert_allclose(lifted[1], Sigma - 10 * smallest * np.eye(d), rtol=1e-14)
    np.testing.assert_allclose(lifted[0], np.eye(d) * 1.5 / 11, rtol=1e-14)


def test_a_value_with_one_word_or_a_constant_neuron_is_refused():
    x, y = some_words(50, 3, 2)
    with pytest.raises(ValueError, match="value 1 has 1 training words"):
        fitted(x[:21], np.array([0] * 20 + [1]), 2)
    x[y == 1, 2] = 7
    with pytest.raises(ValueError, match="neuron 2 is constant"):
        fitted(x, y, 2)


# ---- evaluation on nested sets


@pytest.mark.parametrize(("n_values", "n"), [(1, 70), (2, 1025), (3, 512), (7, 64), (2, 1)])
def test_losses_equal_bayes_rule_for_every_k(n_values, n):
    (x, y), (x_test, y_test) = train_and_dev(400, n, 8, n_values)
    classes = fitted(x, y, n_values)
    parameters = formulas.map_parameters(x, y, n_values)
    neurons = np.array([5, 1, 7, 0, 2])
    accuracy, conditional_entropy, correct = nested_losses(
        classes, neurons, x_test[:, neurons], y_test
    )
    for k in range(1, 6):
        log_p = formulas.posterior(parameters, neurons[:k], x_test)
        np.testing.assert_array_equal(correct[k - 1], log_p.argmax(axis=1) == y_test)
        assert accuracy[k - 1] == pytest.approx(formulas.accuracy(log_p, y_test), abs=1e-15)
        expected = formulas.conditional_entropy(log_p, y_test)
        assert conditional_entropy[k - 1] == pytest.approx(expected, rel=1e-10)


def test_equally_probable_values_go_to_the_lower_one():
    same = GaussianClasses(np.log([0.5, 0.5]), np.zeros((2, 3)), np.stack([np.eye(3)] * 2))
    x = np.ones((4, 3), np.float32)
    accuracy, conditional_entropy, _ = nested_losses(same, np.arange(3), x, np.array([0, 0, 0, 1]))
    np.testing.assert_array_equal(accuracy, [0.75] * 3)
    np.testing.assert_allclose(conditional_entropy, [1.0] * 3, rtol=1e-14)


def test_words_far_from_every_value_have_finite_losses():
    x, y = some_words(200, 4, 3)
    accuracy, conditional_entropy, _ = nested_losses(fitted(x, y, 3), np.arange(4), 1e4 * x, y)
    assert np.isfinite(conditional_entropy).all()
    assert (conditional_entropy > 100).any()
    assert (accuracy <= 1).all()


def test_no_words_have_no_losses():
    x, y = some_words(50, 3, 2)
    accuracy, conditional_entropy, correct = nested_losses(
        fitted(x, y, 2), np.arange(3), x[:0], y[:0]
    )
    assert correct.shape == (3, 0)
    assert np.isnan(accuracy).all()
    assert np.isnan(conditional_entropy).all()


def test_exponential_equals_the_library():
    x = np.concatenate([-np.logspace(-18, np.log10(700), 5000), np.linspace(-40, 0, 5001), [0.0]])
    ours = np.array([exp_nonpositive(value) for value in x])
    np.testing.assert_allclose(ours, np.exp(x), rtol=1e-15)
    assert exp_nonpositive(-np.inf) < 1e-300


# ---- greedy selection


@pytest.mark.parametrize("highest", [True, False])
@pytest.mark.parametrize("n_select", [1, 4, 7, 9, 150])
@pytest.mark.parametrize("n_values", [2, 3, 5])
def test_greedy_selection_equals_brute_force(n_values, n_select, highest):
    (x, y), (x_dev, y_dev) = train_and_dev(300, 150, 9, n_values)
    order, scores = greedy_selection(fitted(x, y, n_values), x_dev, y_dev, n_select, highest)
    parameters = formulas.map_parameters(x, y, n_values)
    expected, expected_scores = formulas.greedy(parameters, x_dev, y_dev, n_select, highest)
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-9, atol=1e-12)
    assert order.dtype == np.int32


def test_greedy_selection_equals_brute_force_beyond_one_tile_of_neurons():
    (x, y), (x_dev, y_dev) = train_and_dev(400, 60, 70, 3, seed=5)
    order, scores = greedy_selection(fitted(x, y, 3), x_dev, y_dev, 3)
    parameters = formulas.map_parameters(x, y, 3)
    expected, expected_scores = formulas.greedy(parameters, x_dev, y_dev, 3, True)
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-9)


@pytest.mark.parametrize("n_values", [2, 4])
def test_after_many_steps_scores_and_losses_equal_the_posterior_from_scratch(n_values):
    """Nothing drifts: neurons added one by one, against scipy's density on the whole set."""
    (x, y), (x_dev, y_dev) = train_and_dev(300, 200, 100, n_values)
    classes = fitted(x, y, n_values)
    order, scores = greedy_selection(classes, x_dev, y_dev, 80)
    accuracy, conditional_entropy, _ = nested_losses(
        classes, order[:80], x_dev[:, order[:80]], y_dev
    )
    parameters = formulas.map_parameters(x, y, n_values)
    for k in (40, 80):
        log_p = formulas.posterior(parameters, order[:k], x_dev)
        loss = formulas.conditional_entropy(log_p, y_dev)
        assert accuracy[k - 1] == formulas.accuracy(log_p, y_dev)
        assert conditional_entropy[k - 1] == pytest.approx(loss, rel=1e-9)
        assert scores[k - 1] == pytest.approx(formulas.entropy(y_dev) - loss, rel=1e-9)


@pytest.mark.parametrize("n_values", [2, 3])
def test_the_number_of_threads_changes_no_byte(n_values):
    (x, y), (x_dev, y_dev) = train_and_dev(500, 1500, 70, n_values)
    classes = fitted(x, y, n_values)
    results = [greedy_selection(classes, x_dev, y_dev, 20, threads=n) for n in (1, 2, 3)]
    for order, scores in results[1:]:
        assert order.tobytes() == results[0][0].tobytes()
        assert scores.tobytes() == results[0][1].tobytes()


@pytest.mark.parametrize("highest", [True, False])
@pytest.mark.parametrize("n_values", [2, 3])
def test_equal_neurons_go_to_the_lower_one(n_values, highest):
    d = 67
    classes = GaussianClasses(
        np.log(np.full(n_values, 1 / n_values)),
        np.repeat(np.arange(n_values, dtype=np.float64)[:, None], d, axis=1),
        np.stack([np.eye(d)] * n_values),
    )
    y = np.arange(30) % n_values
    x = np.repeat(np.random.default_rng(0).normal(size=30) + y, d).reshape(30, d)
    order, _ = greedy_selection(classes, x.astype(np.float32), y, 6, highest)
    assert order.tolist() == list(range(d))


def test_more_values_than_a_group_of_products_allows():
    (x, y), (x_dev, y_dev) = train_and_dev(4000, 300, 3, 300)
    order, scores = greedy_selection(fitted(x, y, 300), x_dev, y_dev, 2)
    parameters = formulas.map_parameters(x, y, 300)
    expected, expected_scores = formulas.greedy(parameters, x_dev, y_dev, 2, True)
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-9)


def test_a_search_without_dev_words_is_refused():
    x, y = some_words(50, 3, 2)
    with pytest.raises(ValueError, match="dev words"):
        greedy_selection(fitted(x, y, 2), x[:0], y[:0], 2)


# ---- ranker and probe


def planted(n, seed):
    """30 neurons, of which 3 carry the value."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n).astype(np.int32)
    x = random.normal(size=(n, 30))
    x[:, [3, 11, 28]] += 1.5 * y[:, None]
    return LabelledWords(x.astype(np.float32), y)


def planted_task(n_select):
    splits = {"train": planted(2000, 1), "dev": planted(800, 2)}

    def statistics():
        return statistics_of(splits["train"].x, splits["train"].y, 2)

    def stream(*names):
        raise AssertionError("nothing is random here")

    return RankingTask(
        n_neurons=30,
        n_values=lambda: 2,
        select=lambda: n_select,
        threads=1,
        statistics=statistics,
        words=splits.__getitem__,
        stream=stream,
    )


def test_planted_neurons_are_found_first_and_avoided_by_the_other_direction():
    rankings = ranker.rank(planted_task(10))
    assert tuple(rankings) == ranker.DIRECTIONS
    assert set(rankings["ttb"].neurons[:3]) == {3, 11, 28}
    assert set(rankings["btt"].neurons[-3:]) == {3, 11, 28}


def test_bottom_to_top_is_a_search_of_its_own():
    rankings = ranker.rank(planted_task(10))
    for ranking in rankings.values():
        assert sorted(ranking.neurons) == list(range(30))
    assert (rankings["btt"].neurons != rankings["ttb"].neurons[::-1]).any()
    assert (np.diff(rankings["ttb"].scores[10:]) <= 0).all()
    assert (np.diff(rankings["btt"].scores[10:]) >= 0).all()


def test_probe_reports_every_split_on_the_ranking_it_is_given():
    words = {"train": planted(2000, 1), "test": planted(500, 3)}
    neurons = np.array([3, 0, 11, 28], np.int32)
    task = ProbingTask(
        neurons,
        range(1, 5),
        2,
        {split: LabelledWords(w.x[:, neurons], w.y) for split, w in words.items()},
        lambda: statistics_of(words["train"].x, words["train"].y, 2),
        lambda *names: None,
    )
    losses = probe.evaluate(task)
    assert set(losses) == {"train", "test"}
    parameters = formulas.map_parameters(words["train"].x, words["train"].y, 2)
    log_p = formulas.posterior(parameters, neurons, words["test"].x)
    assert losses["test"].accuracy[-1] == formulas.accuracy(log_p, words["test"].y)
    assert losses["test"].accuracy[-1] > losses["test"].accuracy[0]


def test_importing_the_ranker_needs_neither_torch_nor_scipy():
    code = (
        "import sys, workflow_scripts.rankings.rankers.gaussian\n"
        "print([name for name in ('torch', 'scipy.linalg', 'scipy.stats') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
