"""Contrasts within a configuration: areas, sign flips and intervals, each as its formula says."""

import math
from itertools import product

import numpy as np
import polars as pl
import pytest

from tests.support import drawn_contrasts as drawn
from tests.support.commands import call
from tests.support.study_tables import by, with_rankers
from workflow_scripts.command.seeds import generator
from workflow_scripts.files import probed_sentences
from workflow_scripts.files.artifact import ArtifactError, made_by, write_parquet
from workflow_scripts.files.columns import COUNTS, WATCHED
from workflow_scripts.files.rankings import named
from workflow_scripts.kernels.area import area_weights
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.kernels.contrasts import Moved, Probed, of_interventions, of_probes
from workflow_scripts.kernels.saturation import saturation_index
from workflow_scripts.kernels.sign_flips import UNCHANGED, adjusted_p
from workflow_scripts.tables import collect
from workflow_scripts.tables.collections.contrasts import SCHEMA


def area_by_hand(ks, curve):
    """Trapezoids over ln(1 + k), by the axis's range."""
    total = 0.0
    for (k, y), (k_next, y_next) in zip(
        zip(ks, curve, strict=True), list(zip(ks, curve, strict=True))[1:], strict=False
    ):
        total += (y + y_next) / 2 * (math.log(1 + k_next) - math.log(1 + k))
    return total / (math.log(1 + ks[-1]) - math.log(1 + ks[0]))


@pytest.mark.parametrize("ks", [list(range(1, 8)), [0, 10, 20, 35], [0, 5]])
def test_an_area_is_that_of_the_trapezoids(ks):
    curve = np.random.default_rng(1).random(len(ks))
    assert area_weights(np.array(ks)) @ curve == pytest.approx(area_by_hand(ks, curve))
    assert area_weights(np.array(ks)).sum() == pytest.approx(1)


def test_the_area_of_a_single_point_is_its_value():
    assert area_weights(np.array([7])).tolist() == [1]


def p_by_hand(values, pairs, families, stream, draws):
    """The adjusted p, one draw and one pair at a time."""
    S = len(values)
    D = []
    for one, other in pairs:
        subtracted = np.zeros(S) if other < 0 else values[:, other]
        D.append((values[:, one] - subtracted).tolist())

    def t(signs, d):
        norm = math.sqrt(sum(x * x for x in d))
        return sum(s * x for s, x in zip(signs, d, strict=True)) / norm if norm else 0.0

    observed = [abs(t([1] * S, d)) for d in D]
    counts = [0] * len(pairs)
    for _ in range(draws):
        signs = 2 * stream.integers(0, 2, S, np.int8).astype(int) - 1
        flipped = [abs(t(signs, d)) for d in D]
        for i, family in enumerate(families):
            largest = max(f for f, of in zip(flipped, families, strict=True) if of == family)
            counts[i] += largest >= observed[i] - 1e-9
    return [(1 + count) / (1 + draws) for count in counts]


def test_an_adjusted_p_is_the_share_of_flips_whose_largest_t_of_the_family_is_as_large():
    """16 sentences: a row of signs is then drawn alike, at once or row by row."""
    rng = np.random.default_rng(2)
    values = rng.integers(0, 4, (16, 4))
    values[:, 1] = values[:, 0] + rng.integers(0, 2, 16)
    pairs = np.array([(0, 1), (0, 2), (1, 2), (2, 2), (3, UNCHANGED)])
    families = np.array([0, 0, 1, 1, 2])
    p = adjusted_p(values, pairs, families, np.random.default_rng(3), draws=400)
    by_hand = p_by_hand(values, pairs, families, np.random.default_rng(3), draws=400)
    assert p.tolist() == by_hand
    assert p[3] == 1  # equal to itself
    assert p[0] < 0.05


def test_one_sentence_that_differs_proves_nothing():
    """t is 1 or −1 whatever the sign: moved words in a single sentence are never clear."""
    values = np.zeros((50, 2))
    values[7, 0] = 30
    p = adjusted_p(values, np.array([(0, 1)]), np.array([0]), np.random.default_rng(1))
    assert p.tolist() == [1]


def test_a_family_makes_p_larger_and_other_families_do_not():
    rng = np.random.default_rng(4)
    words = drawn.sentences(rng)
    values = np.column_stack(
        [
            drawn.correct(rng, words, 0.2 * (i == 0), rng.normal(size=words.sum()))[:, -1]
            for i in range(4)
        ]
    )
    pairs = np.array([(0, 1), (0, 2), (0, 3), (2, 3)])

    def p_of(families):
        return adjusted_p(values, pairs, np.array(families), np.random.default_rng(5), 999)[0]

    assert p_of([0, 0, 0, 0]) >= p_of([0, 1, 1, 1]) == p_of([0, 1, 2, 3])


def made():
    rng = np.random.default_rng(6)
    words = drawn.sentences(rng, n=40)
    probed = drawn.probed(rng, words, {("linear", "linear-ttb"): 0.6})
    moved = drawn.moved(rng, words, dict.fromkeys(drawn.RANKINGS, 0.0) | {"random": -1.0}, at_0=0.1)
    return words, probed, moved


def test_contrasts_of_probes_are_those_of_every_pair_and_measure():
    words, probed, _ = made()
    rows = of_probes(probed, words, [12, 3, 99], np.random.default_rng(7), draws=99)
    curves = {(one.probe, one.ranking): one.correct for one in probed}
    n_pairs = 6  # of four rankings
    names = [(r["measure"], r["probe"], r.get("k"), "other_probe" in r) for r in rows]
    expected = [("accuracy", p, k, False) for p in drawn.PROBES for k in (3, 12)]
    expected += [("area", p, None, False) for p in drawn.PROBES]
    for name in expected:
        assert names.count(name) == n_pairs
    settings = [row for row in rows if "other_probe" in row]
    assert len(settings) == 8 * 7 / 2
    assert len(rows) == n_pairs * len(expected) + len(settings)  # none at k = 99
    for row in rows:
        one = curves[row["probe"], row["ranking"]]
        other = curves[row.get("other_probe", row["probe"]), row["other_ranking"]]
        if row["measure"] == "accuracy":
            a, b = one[:, row["k"] - 1], other[:, row["k"] - 1]
        else:
            ks = range(1, drawn.K + 1)
            a, b = (np.array([area_by_hand(ks, s) for s in curve]) for curve in (one, other))
        assert row["difference"] == pytest.approx((a - b).sum() / words.sum())
        low, high = ratio_interval((a - b)[:, None], words)
        assert (row["low"], row["high"]) == pytest.approx((low[0], high[0]))


def test_contrasts_of_interventions_compare_with_each_other_and_with_k_0():
    words, _, moved = made()
    rows = of_interventions(moved, words, [3, 5, 12], np.random.default_rng(8), draws=99)
    curves = {one.ranking: one.moved for one in moved}
    points = [("cltv", 3), ("cltv", 12), ("cltv", None), ("area", None)]  # 5 is off the grid
    names = [(row["measure"], row["k"], "other_ranking" in row) for row in rows]
    for point, (paired, count) in product(points, [(True, 6), (False, 4)]):
        assert names.count((*point, paired)) == count
    assert len(rows) == len(points) * 10

    def value(ranking, row):
        ks = list(drawn.KS)
        if row["measure"] == "area":
            return sum(area_by_hand(ks, s) for s in curves[ranking]) / words.sum()
        place = 3 if row["k"] is None else ks.index(row["k"])
        return curves[ranking][:, place].sum() / words.sum()

    for row in rows:
        other = curves[row["ranking"]][:, 0].sum() / words.sum()
        if "other_ranking" in row:
            other = value(row["other_ranking"], row)
        assert row["difference"] == pytest.approx(value(row["ranking"], row) - other)


OF = {"model": "m", "treebank": "t", "attribute": "Number", "layer": 2}
BTT = Moved("translation", "linear-btt", "cltv", drawn.KS, np.zeros((40, 5), int), 0)


def collected_of(folder, words, probed, moved, last_word=0):
    """What is collected of files of probes and of translation; the last file may have a word more.

    Interventions have a sentence more, without a word of the attribute.
    """
    sentences = np.arange(len(words), dtype=np.int32)
    rows = {}
    for one in probed:
        table = probed_sentences.table(
            probed_sentences.ProbedSentences(sentences, words.astype(np.int32), one.correct)
        )
        names = OF | by(one.ranking) | {"probe": one.probe}
        rows[f"sentences/{one.probe}-by-{one.ranking}"] = named(names, table)
    for one in moved:
        more = np.append(words, 0) + last_word * (one is moved[-1])
        counts = pl.concat(
            pl.DataFrame(
                {name: [*column, 0] for name in (*COUNTS, *WATCHED)} | {"words": more}
            ).select(pl.lit(k).alias("k"), pl.int_range(len(more)).alias("sentence"), pl.all())
            for k, column in zip(one.ks, one.moved.T, strict=True)
        )
        names = OF | by(one.ranking) | {"method": one.method, "has_target": True}
        table = named(names, counts.select(pl.all().cast(pl.Int32)).to_arrow())
        rows[f"interventions/{one.method}-by-{one.ranking}"] = table
    for stem, table in rows.items():
        write_parquet(folder / f"number/{stem}.parquet", table, made_by("test"))
    files = {
        kind: [f"{folder}/{{configuration}}/{s}.parquet" for s in rows if s.startswith(kind)]
        for kind in ("sentences", "interventions")
    }
    given = {"collection": "contrasts", "configurations": "number", "report": [3, 12], "seed": 7}
    call(collect, **given, **files, collected=folder / "contrasts.parquet")
    return pl.read_parquet(folder / "contrasts.parquet")


def test_what_is_collected_are_the_contrasts_of_probes_and_of_interventions(tmp_path):
    words, probed, moved = made()
    moved = [
        Moved(one.method, one.ranking, "cltv", one.ks, one.moved, saturation_index(shares.tolist()))
        for one in moved
        for shares in [one.moved.sum(axis=0) / words.sum()]
    ]
    rows = of_probes(probed, words, [3, 12], generator(7, *OF.values(), "signs", "probes"))
    stream = generator(7, *OF.values(), "signs", "interventions")
    rows += of_interventions(moved, words, [3, 12], stream)
    expected = pl.DataFrame([OF | row for row in rows], schema=SCHEMA)
    # What starts with the worst neuron is compared with nothing.
    collected = collected_of(tmp_path, words, probed, [BTT, *moved])
    assert collected.equals(with_rankers(expected, ["direction"]))


def test_files_of_other_sentences_are_named_and_not_compared(tmp_path):
    words, probed, moved = made()
    with pytest.raises(ArtifactError, match=r"translation-by-random\.parquet: has other sentences"):
        collected_of(tmp_path, words, probed, moved, last_word=1)


def test_nothing_to_compare_is_no_row():
    words = np.empty(0, np.int64)
    nothing = np.empty((0, 5), np.int64)
    stream = np.random.default_rng(1)
    assert of_probes([], words, [3], stream) == of_interventions([], words, [3], stream) == []
    two = [Probed("linear", name, nothing) for name in ("linear-ttb", "random")]
    assert of_probes(two, words, [3], stream) == []
    one = [Moved("ablation", "random", "clwv", [0], np.ones((3, 1)), 0)]
    (saturated, area) = of_interventions(one, np.ones(3), [3], stream)
    assert saturated["p_adjusted"] == area["p_adjusted"] == 1


@pytest.mark.parametrize(("d", "step"), [(768, 10), (64, 1), (1024, 8), (512, 20), (256, 1)])
def test_a_curve_that_stays_where_it_was_at_k_0_has_not_moved(d, step):
    """Its area is a sum of fractions, and differs from k = 0 by rounding: that is no difference."""
    ks = list(range(0, d, step))
    counts = np.random.default_rng(d).integers(0, 9, (40, 1)).repeat(len(ks), axis=1)
    moved = [Moved("x", name, "cltv", ks, counts, 0) for name in ("linear-ttb", "random")]
    rows = of_interventions(moved, np.full(40, 9), [], np.random.default_rng(1))
    assert {(row["difference"], row["p_adjusted"]) for row in rows} == {(0.0, 1.0)}
