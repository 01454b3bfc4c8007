"""Class statistics equal their formulas, however the words are cut into blocks."""

import numpy as np
import pytest

from tests.support import formulas_gaussian as formulas
from workflow_scripts.kernels.class_statistics import RunningClassStatistics


def some_words(n, d, n_values, seed=0, offset=0.0):
    random = np.random.default_rng(seed)
    y = random.integers(0, n_values, n).astype(np.int32)
    x = offset + random.normal(size=(n, d)) @ random.normal(size=(d, d)) + y[:, None]
    return x.astype(np.float32), y


def statistics_of(x, y, n_values, block):
    running = RunningClassStatistics(n_values, x.shape[1])
    for start in range(0, len(x), block):
        running.add(x[start : start + block], y[start : start + block])
    return running.read()


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_statistics_equal_their_formulas_also_far_from_zero(offset):
    x, y = some_words(3500, 6, 3, offset=offset)
    counts, means, scatters = formulas.class_statistics(x, y, 3)
    statistics = statistics_of(x, y, 3, 500)
    assert statistics.counts.dtype == np.int64
    np.testing.assert_array_equal(statistics.counts, counts)
    np.testing.assert_allclose(statistics.means, means, rtol=1e-12)
    np.testing.assert_allclose(statistics.scatters, scatters, rtol=1e-9)


def test_statistics_do_not_depend_on_block_sizes():
    x, y = some_words(6000, 5, 2)
    whole = statistics_of(x, y, 2, len(x))
    for block in (1, 7, 1024, 5000):
        cut = statistics_of(x, y, 2, block)
        assert cut.counts.tobytes() == whole.counts.tobytes()
        assert cut.means.tobytes() == whole.means.tobytes()
        assert cut.scatters.tobytes() == whole.scatters.tobytes()


def test_reading_changes_nothing():
    x, y = some_words(3000, 4, 2)
    running = RunningClassStatistics(2, 4)
    for start in range(0, len(x), 100):
        running.add(x[start : start + 100], y[start : start + 100])
        running.read()
    assert running.read().scatters.tobytes() == statistics_of(x, y, 2, 3000).scatters.tobytes()


def test_scatters_are_symmetric():
    x, y = some_words(2500, 40, 2)
    scatters = statistics_of(x, y, 2, 300).scatters
    np.testing.assert_array_equal(scatters, scatters.transpose(0, 2, 1))


def test_a_value_without_words_has_zeros():
    x, y = some_words(50, 3, 2)
    statistics = statistics_of(x, y, 4, 20)
    assert statistics.counts.tolist() == [*np.bincount(y), 0, 0]
    assert not statistics.means[2:].any()
    assert not statistics.scatters[2:].any()


def test_vectors_that_would_lose_digits_and_strange_labels_are_refused():
    running = RunningClassStatistics(2, 3)
    with pytest.raises(TypeError):
        running.add(np.zeros((2, 3)), np.array([0, 1]))
    with pytest.raises(ValueError, match="value index"):
        running.add(np.zeros((2, 3), np.float32), np.array([0, 2]))
    with pytest.raises(ValueError, match="shape"):
        running.add(np.zeros((2, 4), np.float32), np.array([0, 1]))
