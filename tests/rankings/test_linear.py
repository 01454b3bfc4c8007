"""Facts about the linear probe and the linear ranking."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from numba import njit
from scipy import stats

from tests.support.formulas_linear import accuracy, conditional_entropy, train_linear
from tests.support.workflow import ROOT
from workflow_scripts.command import plugins
from workflow_scripts.command.seeds import generator
from workflow_scripts.kernels.lanes import LANES, exponential, load, store
from workflow_scripts.kernels.softmax_regression import (
    ELASTIC,
    Penalty,
    initial_weights,
    nested_losses,
    train_nested,
    train_one,
)
from workflow_scripts.kernels.words import LabelledWords
from workflow_scripts.probes.probes import ProbingTask
from workflow_scripts.probes.probes import linear as linear_probe
from workflow_scripts.rankings.rankers import RankingTask


@pytest.fixture(autouse=True)
def _one_torch_thread():
    """Tensors here are so small that PyTorch's threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def stream(*names):
    return generator(7, "test", *names)


def words(n, d, n_values, planted=0, shift=1.0, seed=0):
    """Noise (n, d), in whose first `planted` columns the mean depends on the value."""
    random = np.random.default_rng(seed)
    means = np.random.default_rng(99).permuted(
        np.tile(np.linspace(-shift, shift, n_values), (planted, 1)), axis=1
    )
    y = random.integers(0, n_values, n).astype(np.int32)
    x = random.standard_normal((n, d)).astype(np.float32)
    x[:, :planted] += means[:, y].T.astype(np.float32)
    return x, y


def nested_start(n_probes, n_values):
    return [initial_weights(stream("linear", k), k, n_values) for k in range(1, n_probes + 1)]


# --- Training -------------------------------------------------------------------------


@pytest.mark.parametrize("n_words", [9, 32, 37, 96])
@pytest.mark.parametrize("n_values", [2, 3, 7])
def test_first_steps_equal_the_formula(n_words, n_values):
    """One to three steps, full and short batches."""
    x, y = words(n_words, 18, n_values, planted=3)
    start = nested_start(18, n_values)
    probes = train_nested(x, y, start, epochs=1)
    for k in range(1, 19):
        weights, bias, _ = train_linear(x[:, :k], y, *start[k - 1], epochs=1)[-1]
        mine = probes.probe(k)
        np.testing.assert_allclose(mine[0], weights, atol=1e-5)
        np.testing.assert_allclose(mine[1], bias, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("n_words", "n_probes", "n_values"), [(300, 35, 2), (331, 17, 5)])
def test_every_nested_probe_equals_the_formula_of_one(n_words, n_probes, n_values):
    x, y = words(n_words, n_probes, n_values, planted=8)
    x_test, y_test = words(1000, n_probes, n_values, planted=8, seed=1)
    start = nested_start(n_probes, n_values)
    probes = train_nested(x, y, start)
    accuracies, entropies, _ = nested_losses(probes, x_test, y_test)
    for k in range(1, n_probes + 1):
        weights, bias, _ = train_linear(x[:, :k], y, *start[k - 1])[-1]
        mine = probes.probe(k)
        np.testing.assert_allclose(mine[0], weights, atol=1e-3)
        np.testing.assert_allclose(mine[1], bias, atol=1e-3)
        expected = x_test[:, :k], y_test, weights, bias
        assert accuracies[k - 1] == pytest.approx(accuracy(*expected), abs=0.002)
        assert entropies[k - 1] == pytest.approx(conditional_entropy(*expected), abs=1e-3)


@pytest.mark.parametrize(("d", "n_values"), [(50, 2), (21, 7), (16, 16), (12, 19)])
def test_wide_probe_equals_the_formula(d, n_values):
    x, y = words(205, d, n_values, planted=8)
    start = initial_weights(stream("linear", d), d, n_values)
    history = train_linear(x, y, *start)
    mine = train_one(x, y, start)
    np.testing.assert_allclose(mine.losses, [loss for _, _, loss in history], rtol=1e-4)
    assert mine.epoch == np.argmin([loss for _, _, loss in history])
    np.testing.assert_allclose(mine.weights, history[mine.epoch][0], atol=1e-3)
    np.testing.assert_allclose(mine.bias, history[mine.epoch][1], atol=1e-3)


def test_wide_probe_and_nested_probe_of_that_width_are_the_same():
    x, y = words(400, 40, 3, planted=6)
    start = nested_start(40, 3)
    nested = train_nested(x, y, start, epochs=1).probe(40)
    wide = train_one(x, y, start[-1], epochs=1)
    np.testing.assert_allclose(nested[0], wide.weights, atol=1e-4)
    np.testing.assert_allclose(nested[1], wide.bias, atol=1e-4)


def test_short_last_batch_counts():
    x, y = words(33, 4, 2)
    start = nested_start(4, 2)
    with_it = train_nested(x, y, start, epochs=1).probe(4)[0]
    without_it = train_nested(x[:32], y[:32], start, epochs=1).probe(4)[0]
    assert np.abs(with_it - without_it).max() > 1e-3


def test_penalties_have_no_slope_at_zero_weights():
    """Neurons that are always 0, weights that start at 0: nothing moves them, nothing is NaN."""
    x, y = np.zeros((70, 3), np.float32), words(70, 3, 2)[1]
    start = [(np.zeros((2, k), np.float32), np.zeros(2, np.float32)) for k in (1, 2, 3)]
    assert not train_nested(x, y, start).probe(3)[0].any()
    wide = train_one(x, y, start[-1])
    assert not wide.weights.any()
    assert np.isfinite(wide.losses).all()


def test_saturated_probe_stays_finite():
    x, y = words(400, 20, 2, planted=20, shift=300.0)
    probes = train_nested(x, y, nested_start(20, 2))
    accuracies, entropies, _ = nested_losses(probes, x, y)
    assert np.isfinite(entropies).all()
    assert accuracies[-1] == 1.0


@pytest.mark.parametrize(("n_inputs", "n_values"), [(1, 5000), (9, 5000), (400, 5000)])
def test_initial_weights_and_bias_are_uniform_up_to_one_by_the_root_of_the_inputs(
    n_inputs, n_values
):
    """As PyTorch draws those of a linear layer; many values, for a large draw of the bias too."""
    weights, bias = initial_weights(stream("linear", n_inputs), n_inputs, n_values)
    assert weights.shape == (n_values, n_inputs)
    assert bias.shape == (n_values,)
    bound = 1 / np.sqrt(n_inputs)
    for drawn in (weights, bias):
        assert drawn.dtype == np.float32
        assert np.abs(drawn).max() <= np.float32(bound)
        uniform = stats.uniform(loc=-bound, scale=2 * bound)
        assert stats.kstest(drawn.ravel(), uniform.cdf).pvalue > 0.01


def test_initial_weights_and_bias_are_those_of_a_linear_layer_in_pytorch():
    """The same distribution, by a test that knows none: of two large samples."""
    weights, bias = initial_weights(stream("linear", 25), 25, 4000)
    torch.manual_seed(0)
    layer = torch.nn.Linear(25, 4000)
    for ours, theirs in ((weights, layer.weight), (bias, layer.bias)):
        assert stats.ks_2samp(ours.ravel(), theirs.detach().numpy().ravel()).pvalue > 0.01


def test_bias_is_drawn_apart_from_the_weights():
    weights, bias = initial_weights(stream("linear", 3), 3, 2000)
    assert np.isin(bias, weights).mean() < 0.01  # of float32, few are the same by chance


def test_threads_change_no_byte():
    x, y = words(500, 50, 3, planted=5)
    start = nested_start(50, 3)
    one = train_nested(x, y, start)
    for threads in (2, 3):
        many = train_nested(x, y, start, threads=threads)
        for a, b in zip(one.weights + one.bias, many.weights + many.bias, strict=True):
            assert a.tobytes() == b.tobytes()
        for a, b in zip(
            nested_losses(one, x, y), nested_losses(many, x, y, threads=threads), strict=True
        ):
            assert a.tobytes() == b.tobytes()


def test_a_probe_does_not_depend_on_how_many_are_trained():
    x, y = words(200, 40, 2, planted=5)
    start = nested_start(40, 2)
    all_probes = train_nested(x, y, start)
    few = train_nested(x[:, :21], y, start[:21])
    for k in (1, 16, 17, 21):
        np.testing.assert_array_equal(all_probes.probe(k)[0], few.probe(k)[0])


def test_memory_layout_of_words_does_not_matter():
    """Read-only and column-major arrays are words too."""
    x, y = words(100, 20, 2)
    start = nested_start(20, 2)
    plain = train_nested(x, y, start).probe(20)[0]
    frozen = x.copy()
    frozen.setflags(write=False)
    np.testing.assert_array_equal(train_nested(frozen, y, start).probe(20)[0], plain)
    columns = np.asfortranarray(x)
    np.testing.assert_array_equal(train_nested(columns, y, start).probe(20)[0], plain)


def test_labels_out_of_range_are_refused():
    x, y = words(40, 3, 3)
    with pytest.raises(ValueError, match=r"labels 0\.\.2 for 2 values"):
        train_nested(x, y, nested_start(3, 2))


# --- Which epoch ----------------------------------------------------------------------


def test_best_epoch_is_kept_though_it_is_not_the_last():
    """Long runs of one label, words that do not tell them apart: the probe swings to and fro."""
    y = np.tile(np.repeat(np.array([0, 1], np.int32), 128), 2)
    x = np.ones((len(y), 3), np.float32)
    start = np.zeros((2, 3), np.float32), np.zeros(2, np.float32)
    history = train_linear(x, y, *start)
    assert np.argmin([loss for _, _, loss in history]) == 2
    best = train_one(x, y, start)
    assert best.epoch == 2
    np.testing.assert_allclose(best.losses, [loss for _, _, loss in history], rtol=1e-4)
    np.testing.assert_allclose(best.weights, history[2][0], atol=1e-4)
    np.testing.assert_allclose(best.bias, history[2][1], atol=1e-4)
    assert np.abs(best.weights - history[-1][0]).max() > 0.001


def test_first_of_equal_epochs_wins():
    """Words that say nothing and batches in balance: no step moves anything."""
    y = np.tile(np.array([0, 1], np.int32), 32)
    best = train_one(
        np.zeros((64, 3), np.float32),
        y,
        (np.zeros((2, 3), np.float32), np.zeros(2, np.float32)),
    )
    assert (best.losses == best.losses[0]).all()
    assert best.losses[0] == pytest.approx(2 * np.log(2))
    assert best.epoch == 0


# --- Penalties ------------------------------------------------------------------------

PENALTIES = {
    "linear": Penalty(l1=0.001, frobenius=0.01),
    "lca": Penalty(l1=0.1, frobenius=0.1),
    "lasso": Penalty(l1=0.1, frobenius=0),
    "ridge": Penalty(l1=0, frobenius=0.1),
    "noreg": Penalty(l1=0, frobenius=0),
}


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("n_values", [2, 3, 19])
def test_first_steps_equal_the_formula_with_any_penalty(name, n_values):
    x, y = words(70, 21, n_values, planted=8)
    start = initial_weights(stream("linear", 21), 21, n_values)
    penalty = PENALTIES[name]
    history = train_linear(x, y, *start, epochs=2, **penalty._asdict())
    mine = train_one(x, y, start, epochs=2, penalty=penalty)
    np.testing.assert_allclose(mine.losses, [loss for _, _, loss in history], rtol=1e-5)
    weights, bias, _ = history[mine.epoch]
    np.testing.assert_allclose(mine.weights, weights, atol=1e-5)
    np.testing.assert_allclose(mine.bias, bias, atol=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_whole_training_equals_the_formula_with_any_penalty(name):
    x, y = words(500, 40, 3, planted=8)
    start = initial_weights(stream("linear", 40), 40, 3)
    penalty = PENALTIES[name]
    history = train_linear(x, y, *start, **penalty._asdict())
    mine = train_one(x, y, start, penalty=penalty)
    np.testing.assert_allclose(mine.losses, [loss for _, _, loss in history], rtol=1e-3)
    # A weight about 0 has a slope of either sign from ‖W‖₁: the last digits decide how it swings.
    np.testing.assert_allclose(mine.weights, history[mine.epoch][0], atol=0.001 + penalty.l1 / 10)


def test_without_a_penalty_said_it_is_the_elastic_one_of_the_linear_ranking():
    assert PENALTIES["linear"] == ELASTIC
    x, y = words(300, 17, 2, planted=4)
    start = initial_weights(stream("linear", 17), 17, 2)
    said, not_said = train_one(x, y, start, penalty=PENALTIES["linear"]), train_one(x, y, start)
    assert said.weights.tobytes() == not_said.weights.tobytes()
    assert said.losses.tobytes() == not_said.losses.tobytes()


def test_a_penalty_does_to_the_weights_what_it_is_chosen_for():
    x, y = words(1500, 60, 2, planted=4)
    start = initial_weights(stream("linear", 60), 60, 2)
    size = {
        name: np.abs(train_one(x, y, start, penalty=penalty).weights).mean(axis=0)
        for name, penalty in PENALTIES.items()
    }
    others = {name: found[4:].mean() / found[:4].mean() for name, found in size.items()}
    assert others["lasso"] < others["linear"] / 2  # ‖W‖₁ leaves few weights that are not about 0
    assert others["lca"] < others["linear"] / 2
    assert size["noreg"].sum() > size["linear"].sum() > size["ridge"].sum() > size["lca"].sum()


# --- Losses ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_values", [2, 7, 15])
def test_losses_equal_the_formula(n_values):
    x, y = words(1003, 20, n_values, planted=10, shift=3.0)
    probes = train_nested(x, y, nested_start(20, n_values), epochs=2)
    accuracies, entropies, correct = nested_losses(probes, x, y)
    assert accuracies.shape == entropies.shape == (20,)
    np.testing.assert_array_equal(correct.mean(axis=1), accuracies)
    for k in range(1, 21):
        expected = x[:, :k], y, *probes.probe(k)
        assert accuracies[k - 1] == pytest.approx(accuracy(*expected), abs=0.0011)
        assert entropies[k - 1] == pytest.approx(conditional_entropy(*expected), rel=1e-5)
        weights, bias = probes.probe(k)
        by_hand = (x[:, :k] @ weights.T + bias).argmax(axis=1) == y
        assert (correct[k - 1] != by_hand).sum() <= 1  # but for a close choice in float32


def test_no_words_have_no_losses_and_train_nothing():
    x, y = words(40, 3, 2)
    probes = train_nested(x, y, nested_start(3, 2), epochs=1)
    *losses, correct = nested_losses(probes, x[:0], y[:0])
    for values in losses:
        assert values.shape == (3,)
        assert np.isnan(values).all()
    assert correct.shape == (3, 0)
    with pytest.raises(ValueError, match="no training words"):
        train_nested(x[:0], y[:0], nested_start(3, 2))


def test_equal_logits_predict_the_lower_value():
    y = np.array([0, 1, 1, 2, 2, 2, 2], np.int32)
    probes = train_nested(
        np.zeros((7, 1), np.float32),
        y,
        [(np.zeros((3, 1), np.float32), np.zeros(3, np.float32))],
        epochs=0,
    )
    x = np.zeros((7, 1), np.float32)
    assert nested_losses(probes, x, y)[0][0] == pytest.approx(1 / 7)
    probes.bias[0][1:] = 2.0  # values 1 and 2 are equal and above 0
    assert nested_losses(probes, x, y)[0][0] == pytest.approx(2 / 7)


@njit
def exponentials(a):
    """Replace a (a multiple of 16,) float32, all ≤ 0, by its exponential."""
    for i in range(0, a.size, LANES):
        store(a, i, exponential(load(a, i)))


def test_exponential_is_accurate():
    a = np.linspace(-80, 0, 400_000, dtype=np.float32)
    e = a.copy()
    exponentials(e)
    exact = np.exp(a.astype(np.float64))
    assert np.abs(e / exact - 1).max() < 2e-7
    assert e[-1] == 1.0


def test_exponential_of_very_low_numbers_is_tiny_and_normal():
    a = np.full(16, -1e30, np.float32)
    exponentials(a)
    assert (a < 2e-35).all()
    assert (a > 1e-35).all()


KERNEL = """
import numpy as np
from lanes import LANES, exponential, load, on_lanes, store
from numba import types

@on_lanes(types.void(types.float32[::1]))
def kernel(a):
    store(a, 0, exponential(load(a, 0)))

a = np.zeros(LANES, np.float32)
kernel(a)
print(a[0], "kept" if kernel.stats.cache_hits else "compiled")
"""


def test_a_kept_kernel_is_compiled_anew_when_its_lanes_change(tmp_path):
    """Numba's own cache would keep it: that sees edits of the kernel's file alone."""
    text = (ROOT / "workflow_scripts/kernels/lanes.py").read_text()
    kernel, lanes = tmp_path / "kernel.py", tmp_path / "lanes.py"
    kernel.write_text(KERNEL)
    last = "return (s + spread(_ONE)) * power_of_two(n)"
    assert last in text
    for now in (text, text.replace(last, last + " + spread(_ONE)")):
        lanes.write_text(now)
        expected = "1.0" if now == text else "2.0"
        for how in ("compiled", "kept"):
            run = subprocess.run([sys.executable, kernel], capture_output=True, text=True)
            assert run.stdout.split() == [expected, how], run.stderr


def test_a_kept_kernel_imports_nothing_that_compiles():
    """The kernels are kept by now: this module was imported."""
    code = "import sys, workflow_scripts.kernels.softmax_regression; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert not {"numba.np.arraymath", "numba.np.npyimpl", "scipy.linalg"} & set(done.stdout.split())


# --- Ranker and probe -----------------------------------------------------------------

PLANTED = np.array([3, 11, 18, 27, 40])


def planted_words(n, seed):
    x, y = words(n, 48, 3, planted=5, seed=seed)
    others = np.setdiff1d(np.arange(48), PLANTED)
    return LabelledWords(x[:, np.argsort(np.concatenate([PLANTED, others]))], y)


@pytest.mark.parametrize("name", PENALTIES)
def test_rankers_find_planted_neurons_first(name):
    ranker, penalty = plugins.load("rankers", name), PENALTIES[name]
    train = planted_words(1500, 0)
    task = RankingTask(
        n_neurons=48,
        n_values=lambda: 3,
        select=lambda: 20,
        threads=1,
        statistics=lambda: None,
        words={"train": train}.__getitem__,
        stream=stream,
    )
    rankings = ranker.rank(task)
    assert tuple(rankings) == ranker.DIRECTIONS
    ttb, btt = rankings["ttb"], rankings["btt"]
    assert sorted(ttb.neurons[:5]) == list(PLANTED)
    assert sorted(ttb.neurons) == list(range(48))
    assert (np.diff(ttb.scores) <= 0).all()
    np.testing.assert_array_equal(btt.neurons, ttb.neurons[::-1])
    np.testing.assert_array_equal(btt.scores, ttb.scores[::-1])
    start = initial_weights(stream("linear", 48), 48, 3)  # the same ones for all
    history = train_linear(train.x, train.y, *start, **penalty._asdict())
    weights, _, _ = history[np.argmin([loss for _, _, loss in history])]
    scores = np.abs(weights).mean(axis=0)
    atol = 1e-4 if penalty.l1 < 0.1 else 0.01
    np.testing.assert_allclose(ttb.scores, scores[ttb.neurons], atol=atol)
    again = ranker.rank(task)["ttb"]
    assert again.neurons.tobytes() == ttb.neurons.tobytes()
    assert again.scores.tobytes() == ttb.scores.tobytes()


def test_probe_accuracy_rises_until_all_planted_neurons_are_in():
    neurons = np.concatenate([PLANTED, [0, 1, 2, 4, 5]]).astype(np.int32)
    splits = {}
    for seed, (split, n) in enumerate({"train": 3000, "dev": 2000, "test": 2000}.items()):
        full = planted_words(n, seed)
        splits[split] = LabelledWords(full.x[:, neurons], full.y)
    losses = linear_probe.evaluate(ProbingTask(neurons, range(1, 11), 3, splits, None, stream))
    assert set(losses) == set(splits)
    for result in losses.values():
        assert result.accuracy.shape == result.conditional_entropy.shape == (10,)
        assert result.accuracy.dtype == result.conditional_entropy.dtype == np.float64
        assert (np.diff(result.accuracy[:5]) > 0.005).all()
        assert (np.diff(result.conditional_entropy[:5]) < 0).all()
        assert np.abs(result.accuracy[5:] - result.accuracy[4]).max() < 0.02
