"""Facts about the bootstrap intervals: equal to resampling by hand, and as wide as they say."""

import numpy as np
import pytest

from workflow_scripts.kernels import bootstrap
from workflow_scripts.kernels.bootstrap import RESAMPLES, STREAM, ratio_interval


def by_hand(hits, totals):
    """Resample sentence by sentence; percentiles by the linear rule, from the sorted ratios."""
    kept = [
        (row, total) for row, total in zip(hits.tolist(), totals.tolist(), strict=True) if total
    ]
    stream = np.random.Generator(np.random.PCG64(STREAM))
    ratios = []
    for _ in range(RESAMPLES):
        sample = [kept[i] for i in stream.integers(len(kept), size=len(kept)).tolist()]
        words = sum(total for _, total in sample)
        ratios.append([sum(row[k] for row, _ in sample) / words for k in range(hits.shape[1])])
    ends = []
    for share in (0.025, 0.975):
        place = share * (RESAMPLES - 1)
        below, part = int(place), place - int(place)
        ordered = [sorted(column) for column in zip(*ratios, strict=True)]
        ends.append([c[below] + part * (c[below + 1] - c[below]) for c in ordered])
    return ends


def sentences(S, K, seed=0):
    """Counts of S sentences, some without words, and K columns of hits."""
    draw = np.random.default_rng(seed)
    totals = draw.integers(0, 9, S)
    return draw.binomial(totals[:, None], np.linspace(0.1, 0.9, K), (S, K)), totals


@pytest.mark.parametrize(("S", "K"), [(40, 3), (7, 1), (3, 5)])
def test_an_interval_equals_resampling_by_hand(S, K):
    hits, totals = sentences(S, K)
    assert (totals > 0).any()
    for found, expected in zip(ratio_interval(hits, totals), by_hand(hits, totals), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_blocks_of_resamples_and_other_columns_change_nothing(monkeypatch):
    hits, totals = sentences(101, 6)
    whole = np.array(ratio_interval(hits, totals))
    alone = np.array([ratio_interval(hits[:, [k]], totals) for k in range(6)])[:, :, 0].T
    np.testing.assert_array_equal(alone, whole)
    for block in (1, 7 * 101, 333 * 101):
        monkeypatch.setattr(bootstrap, "_BLOCK", block)
        np.testing.assert_array_equal(ratio_interval(hits, totals), whole)


def test_a_sentence_without_words_takes_no_part():
    hits, totals = sentences(60, 2)
    spoken = totals > 0
    assert not spoken.all()
    np.testing.assert_array_equal(
        ratio_interval(hits, totals), ratio_interval(hits[spoken], totals[spoken])
    )


def test_no_words_have_no_interval():
    for totals in (np.zeros(3, int), np.zeros(0, int)):
        ends = ratio_interval(np.zeros((len(totals), 2), int), totals)
        assert [end.shape for end in ends] == [(2,), (2,)]
        assert np.isnan(ends).all()


def test_a_share_of_none_or_all_has_no_width():
    _, totals = sentences(50, 1)
    low, high = ratio_interval(np.column_stack([0 * totals, totals]), totals)
    assert low.tolist() == high.tolist() == [0, 1]


def test_intervals_hold_the_true_share_about_as_often_as_they_say():
    """Words of a sentence go together: an interval over words would be too narrow by far."""
    draw = np.random.default_rng(5)
    totals = np.full(200, 10)
    hits = 10 * draw.binomial(1, 0.7, (200, 400))  # 400 treebanks: a sentence is right or wrong
    low, high = ratio_interval(hits, totals)
    assert 0.91 < ((low <= 0.7) & (high >= 0.7)).mean() < 0.98
    width = 2 * 1.96 * np.sqrt(0.7 * 0.3 / 200)
    assert (high - low).mean() == pytest.approx(width, rel=0.05)


def test_memory_does_not_grow_with_the_resamples():
    """40,000 sentences: counts of all resamples would be 320 MB."""
    import tracemalloc

    hits, totals = sentences(40_000, 2)
    tracemalloc.start()
    low, high = ratio_interval(hits, totals)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    share = hits.sum(axis=0) / totals.sum()
    assert ((low < share) & (share < high)).all()


def test_one_sentence_has_no_interval_however_many_words():
    """Every resample of one is the same: ends without width would claim certainty."""
    hits, totals = np.array([[3, 0, 9], [0, 0, 0]]), np.array([9, 0])
    for end in ratio_interval(hits, totals):
        assert np.isnan(end).all()
