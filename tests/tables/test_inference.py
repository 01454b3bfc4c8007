"""Inference over treebanks: sign flips of their differences, and what the table holds."""

import math
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tests.support.study_tables import with_rankers
from workflow_scripts.kernels.treebank_flips import DRAWS, flip_p, mean_interval
from workflow_scripts.tables.collections.contrasts import SCHEMA
from workflow_scripts.tables.tables import inference

OF = ["model", "treebank", "attribute", "layer"]
PAIR = ["ranking", "other_ranking"]
RANKINGS = ["linear-ttb", "gaussian-ttb", "random"]


def t_by_hand(d):
    if all(x == 0 for x in d):
        return 0.0
    mean = sum(d) / len(d)
    variance = sum((x - mean) ** 2 for x in d) / (len(d) - 1)
    return math.inf if variance < 1e-30 else abs(mean) / math.sqrt(variance / len(d))


def p_by_hand(d):
    """p and adjusted p of each column of `d` (T, P), over all flips."""
    T, P = d.shape
    observed = [t_by_hand(d[:, i]) for i in range(P)]
    flips = [
        [t_by_hand(np.array(s) * d[:, i]) for i in range(P)] for s in product((1, -1), repeat=T)
    ]
    near = 1 - 1e-9
    p = [np.mean([row[i] >= observed[i] * near for row in flips]) for i in range(P)]
    adjusted = [np.mean([max(row) >= observed[i] * near for row in flips]) for i in range(P)]
    return p, adjusted


def test_p_is_the_share_of_all_flips_and_its_adjustment_that_of_the_largest_t():
    rng = np.random.default_rng(1)
    d = rng.normal(size=(7, 4)) + np.array([1.0, 0.3, 0.0, 0.0])
    d[:, 3] = np.round(d[:, 3], 1)
    p, adjusted = flip_p(d, rng)
    by_hand, adjusted_by_hand = p_by_hand(d)
    assert p == pytest.approx(by_hand)
    assert adjusted == pytest.approx(adjusted_by_hand)


def test_treebanks_that_all_differ_alike_give_the_least_p():
    d = np.column_stack([np.full(6, 0.1), np.zeros(6), [0.1, -0.1] * 3])
    p, _ = flip_p(d, np.random.default_rng(1))
    assert p.tolist() == [2 / 64, 1, 1]


def test_many_treebanks_draw_their_flips():
    d = np.random.default_rng(2).normal(0.5, 1, size=(17, 2))
    p, adjusted = flip_p(d, np.random.default_rng(3))
    exact = np.mean(
        np.abs(np.random.default_rng(4).choice([-1, 1], (50_000, 17)) @ d) >= np.abs(d.sum(axis=0)),
        axis=0,
    )
    assert p == pytest.approx(exact, abs=0.01)
    assert (adjusted >= p).all()
    assert p * (1 + DRAWS) == pytest.approx(np.round(p * (1 + DRAWS)))


def test_the_interval_is_students():
    d = np.random.default_rng(5).normal(size=(5, 1))
    mean, low, high = mean_interval(d)
    expected = stats.t.interval(0.95, 4, loc=d.mean(), scale=stats.sem(d[:, 0]))
    assert (low[0], high[0]) == pytest.approx(expected)
    assert mean[0] == pytest.approx(d.mean())
    assert np.isnan(mean_interval(d[:1])[1:]).all()


CONFIGURATIONS = [("m", f"t{i}", a, layer) for i in range(6) for a in "AB" for layer in (1, 2)][:-1]


MEASURES = [
    *(("accuracy", probe, None, k) for probe in ("linear", "gaussian") for k in (3, 5)),
    *(("area", probe, None, None) for probe in ("linear", "gaussian")),
    *(("cltv", None, "translation", k) for k in (3, None)),
    ("area", None, "translation", None),
]


@pytest.fixture(scope="module")
def contrasts():
    rng = np.random.default_rng(6)
    rows = []
    for of, (measure, probe, method, k) in product(CONFIGURATIONS, MEASURES):
        value = {ranking: rng.random() + (ranking == "linear-ttb") for ranking in RANKINGS}
        names = dict(zip(OF, of, strict=True)) | {"measure": measure, "probe": probe, "k": k}
        names |= {"method": method}
        rows += [
            names | {"ranking": a, "other_ranking": b, "difference": value[a] - value[b]}
            for a, b in combinations(RANKINGS, 2)
        ]
        # Neither what is compared with k = 0 nor settings of probe and ranking take part.
        rows.append(names | {"ranking": "random", "difference": 9.0})
        rows.append(rows[-2] | {"other_probe": "gaussian", "difference": 9.0})
    return with_rankers(pl.DataFrame(rows, schema=SCHEMA), ["direction"])


@pytest.fixture(scope="module")
def table(contrasts):
    return inference.build({"contrasts": contrasts}, seed=1)


def test_a_row_is_the_mean_over_treebanks_of_the_mean_over_their_configurations(contrasts, table):
    found = contrasts.filter(measure="accuracy", probe="gaussian", k=5)
    found = found.filter(pl.col("other_probe").is_null())
    by = {tuple(n): d for *n, d in found.select(*OF, *PAIR, "difference").rows()}
    rows = table.filter(group="overall", measure="accuracy", probe="gaussian", k=5)
    assert rows.select(PAIR).rows() == list(combinations(RANKINGS, 2))
    for row in rows.iter_rows(named=True):
        d = []
        for treebank in [f"t{i}" for i in range(6)]:
            of_treebank = [of for of in CONFIGURATIONS if of[1] == treebank]
            pairs = [by[(*of, row["ranking"], row["other_ranking"])] for of in of_treebank]
            d.append(sum(pairs) / len(pairs))
        assert row["treebanks"] == 6
        assert row["difference"] == pytest.approx(sum(d) / 6)
        p, _ = p_by_hand(np.array([d]).T)
        assert row["p"] == pytest.approx(p[0])
        assert row["p_adjusted"] >= row["p"]


def test_a_row_has_the_directions_of_its_rankings(table):
    assert list(table.columns) == list(inference.SCHEMA)
    assert table.equals(with_rankers(table, ["direction"]))


def test_measures_are_those_of_the_contrasts(table):
    overall = table.filter(group="overall").select("measure", "probe", "method", "k").unique()
    assert sorted(overall.rows(), key=str) == sorted(MEASURES, key=str)


def test_groups_have_the_configurations_of_their_value(contrasts, table):
    measured = {"measure": "accuracy", "probe": "linear", "k": 3}
    rows = table.filter(group="layer", layer=2, **measured)
    alone = inference.build({"contrasts": contrasts.filter(layer=2)}, seed=1)
    alone = alone.filter(group="overall", **measured)
    numbers = [*PAIR, "treebanks", "difference", "low", "high", "p", "p_adjusted"]
    assert rows.select(numbers).equals(alone.select(numbers))
    assert rows["attribute"].null_count() == len(rows) == 3


def test_fewer_than_six_treebanks_have_an_interval_and_no_p(contrasts, table):
    one = table.filter(group="treebank", measure="accuracy")
    assert set(one["treebanks"]) == {1}
    assert one["low"].count() == one["p"].count() == one["p_adjusted"].count() == 0
    without = contrasts.filter(pl.col("treebank") != "t5")
    five = inference.build({"contrasts": without}, seed=1).filter(group="overall")
    assert set(five["treebanks"]) == {5}
    assert five["p"].count() == 0 < five["low"].count()


def test_the_order_of_what_was_collected_changes_no_number(contrasts, table):
    shuffled = contrasts.sample(fraction=1, shuffle=True, seed=1)
    again = inference.build({"contrasts": shuffled}, seed=1)
    keys = [*OF, "group", "measure", "probe", "method", "k", *PAIR]
    assert again.sort(keys).equals(table.sort(keys))


def test_a_configuration_without_one_of_the_rankings_takes_no_part(contrasts):
    lacking = (pl.col("treebank") == "t0") & (pl.col("other_ranking") == "random")
    found = inference.build({"contrasts": contrasts.filter(~lacking)}, seed=1)
    assert set(found.filter(group="overall")["treebanks"]) == {5}


def test_a_study_without_words_has_an_empty_table(contrasts):
    assert inference.build({"contrasts": contrasts.clear()}, seed=1).is_empty()
