"""Facts about the tables over many configurations and rankings: equal to plain transcriptions."""

import logging
from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tests.support.commands import call
from tests.support.study_tables import by, with_rankers
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.kernels.voting import borda
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.tables import build_table
from workflow_scripts.tables.collections import probes as collected_probes
from workflow_scripts.tables.collections import rankings as collected_rankings
from workflow_scripts.tables.tables import agreement, clusters, overlap, wilcoxon

TTB = ("linear-ttb", "gaussian-ttb", "probeless-ttb")
RANKINGS = (*TTB, "random")
PROBES = ("linear", "gaussian")


def names(
    models=("bert", "xlmr"), treebanks=("ewt", "imst", "gsd"), attributes=("Number", "Tense")
):
    """The names of configurations, in no sorted order."""
    found = list(product(models, treebanks, attributes, (7, 2)))
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def probe_rows(accuracy, configurations, settings, ks):
    """Collected probes of which `accuracy(name, (probe, ranking), k)` is right; None: no row."""
    rows = [
        (
            *name,
            *setting,
            k,
            split,
            value if split == "test" else 0.5,
            *[None] * (len(collected_probes.SCHEMA) - 9),
        )
        for name, setting, k, split in product(configurations, settings, ks, SPLITS)
        if (value := accuracy(name, setting, k)) is not None
    ]
    return with_rankers(pl.DataFrame(rows, schema=collected_probes.SCHEMA, orient="row"))


# Wilcoxon


def drawn_accuracies(seed=0):
    """Accuracies; one configuration has no random ranking, and two settings are always equal."""
    draw = np.random.default_rng(seed)
    known = {}

    def accuracy(name, setting, k):
        if setting == ("linear", "random") and name == names()[0]:
            return None
        if setting == ("gaussian", "gaussian-ttb"):  # the same as linear by linear, everywhere
            return accuracy(name, ("linear", "linear-ttb"), k)
        key = name, setting, k
        if key not in known:
            known[key] = 0.7 + 0.02 * (setting[1] != "random") + 0.1 * draw.random()
        return known[key]

    return accuracy


SETTINGS = [
    ("linear", "linear-ttb"),
    ("linear", "random"),
    ("gaussian", "linear-ttb"),
    ("gaussian", "gaussian-ttb"),
]


def wilcoxon_by_hand(accuracy, configurations, settings, ks):
    """{(group, its value, k, setting, other): (p, p_holm, pairs)}, one test at a time."""
    expected = {}
    for group in ("overall", "treebank", "layer", "attribute", "model"):
        place = CONFIGURATION.index(group) if group != "overall" else None
        values = {None} if place is None else {name[place] for name in configurations}
        for value, k in product(values, ks):
            p, pairs = {}, {}
            for one, other in permutations(settings, 2):
                here = [n for n in configurations if place is None or n[place] == value]
                both = [(accuracy(n, one, k), accuracy(n, other, k)) for n in sorted(here)]
                x, y = zip(*(pair for pair in both if None not in pair), strict=True)
                pairs[one, other] = len(x)
                if x == y:
                    p[one, other] = None
                else:
                    p[one, other] = stats.wilcoxon(x, y, alternative="less").pvalue
            for key, (adjusted, count) in {
                key: (holm_by_hand(p).get(key), pairs[key]) for key in p
            }.items():
                expected[group, value, k, *key] = (p[key], adjusted, count)
    return expected


def holm_by_hand(p):
    """The i-th smallest of m times m - i, never below one before it, at most 1."""
    ordered = sorted((value, key) for key, value in p.items() if value is not None)
    adjusted, highest = {}, 0.0
    for i, (value, key) in enumerate(ordered):
        highest = max(highest, min(1.0, value * (len(ordered) - i)))
        adjusted[key] = highest
    return adjusted


def test_wilcoxon_equals_one_test_at_a_time():
    accuracy = drawn_accuracies()
    probes = probe_rows(accuracy, names(), SETTINGS, [9, 10, 50])
    table = wilcoxon.build({"probes": probes}, [10, 50, 150])
    assert dict(table.schema) == wilcoxon.SCHEMA
    assert table.equals(with_rankers(table))
    expected = wilcoxon_by_hand(accuracy, names(), SETTINGS, [10, 50])
    assert len(table) == len(expected) == (1 + 3 + 2 + 2 + 2) * 2 * 12
    for row in table.to_dicts():
        group = row["group"]
        value = None if group == "overall" else row[group]
        assert [row[c] for c in CONFIGURATION if c != group] == [None] * (3 + (group == "overall"))
        setting, other = (row["probe"], row["ranking"]), (row["other_probe"], row["other_ranking"])
        p, p_holm, pairs = expected[group, value, row["k"], setting, other]
        assert row["p"] == p
        assert row["p_holm"] == (None if p_holm is None else pytest.approx(p_holm, rel=1e-12))
        assert row["pairs"] == pairs
    overall = table.filter(group="overall", k=10)
    assert set(overall["pairs"]) == {23, 24}  # one configuration has no random ranking
    assert overall["p"].null_count() == overall["p_holm"].null_count() == 2  # the two that tie


def test_a_small_p_says_that_the_first_setting_is_lower():
    """Against every sign of every rank: 2^n of them, each as likely where nothing differs."""
    draw = np.random.default_rng(4)
    x = draw.random(9)
    y = x + draw.normal(0.3, 0.4, 9)
    ranks = np.abs(x - y).argsort().argsort() + 1
    positive = ranks[x > y].sum()
    sums = [
        sum(r for r, s in zip(ranks, signs, strict=True) if s)
        for signs in product((0, 1), repeat=9)
    ]
    expected = float(Fraction(sum(total <= positive for total in sums), 2**9))
    assert wilcoxon.p_lower(x, y) == pytest.approx(expected, rel=1e-12)
    assert wilcoxon.p_lower(x, x + 1) == pytest.approx(1 / 2**9)
    assert wilcoxon.p_lower(x + 1, x) == pytest.approx(1)
    assert wilcoxon.p_lower(x, x) is None


@pytest.mark.parametrize("n", range(1, 9))
def test_ties_and_equal_accuracies_give_the_p_of_scipy(n):
    draw = np.random.default_rng(n)
    for steps in (2, 4, 40):  # of 40 some have no ties
        for _ in range(10):
            x, y = draw.integers(0, steps, (2, n)) / 64
            if (x != y).any():
                expected = stats.wilcoxon(x, y, alternative="less", zero_method="wilcox").pvalue
                assert wilcoxon.p_lower(x, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [13, 14, 50, 51])
def test_the_test_is_exact_up_to_the_sizes_of_scipy(n):
    draw = np.random.default_rng(n)
    for steps in (8, 1 << 40):
        x, y = draw.integers(0, steps, (2, n)) / steps
        expected = stats.wilcoxon(x, y, alternative="less", zero_method="wilcox").pvalue
        assert wilcoxon.p_lower(x, y) == pytest.approx(expected, rel=1e-12)


def test_a_split_without_words_and_a_k_beyond_the_width_take_no_part():
    configurations = names()[:3]

    def accuracy(name, setting, k):
        narrow = name == configurations[0] and k > 10
        return None if narrow else (0.5 if setting[0] == "linear" else 0.6)

    probes = probe_rows(accuracy, configurations, SETTINGS[1:3], [10, 50])
    empty = (pl.col("split") == "test") & (pl.col("treebank") == configurations[1][1])
    empty &= (pl.col("model") == configurations[1][0]) & (pl.col("layer") == configurations[1][3])
    empty &= pl.col("attribute") == configurations[1][2]
    probes = probes.with_columns(accuracy=pl.when(~empty).then("accuracy"))
    overall = wilcoxon.build({"probes": probes}, [10, 50]).filter(group="overall")
    assert overall.select("k", "pairs").unique().sort("k").rows() == [(10, 2), (50, 1)]
    assert len(wilcoxon.build({"probes": probes.clear()}, [10, 50])) == 0
    alone = probes.filter(probe="linear")  # one setting has nothing to be compared with
    assert wilcoxon.build({"probes": alone}, [10, 50]).schema == pl.Schema(wilcoxon.SCHEMA)


@pytest.mark.slow
@pytest.mark.parametrize(
    "build",
    [
        lambda probes: wilcoxon.build({"probes": probes}, [10, 50]),
        lambda probes: clusters.build({"probes": probes}, 1),
    ],
)
def test_the_order_of_what_was_collected_changes_no_row(build):
    probes = probe_rows(planted, names(), list(product(PROBES, RANKINGS)), [1, 2, 10, 50])
    shuffled = probes.sample(fraction=1, shuffle=True, seed=3)
    assert len(build(probes)) > 0
    assert build(probes).equals(build(shuffled))


# Clusters


def planted(name, setting, k):
    """Bert's configurations are alike but for Tense of layer 2, where the Gaussian probe fails."""
    noise = sum(map(ord, f"{name}{setting}{k}")) % 17 / 2000
    rise = 0.1 * k / (k + 10)
    if setting[0] == "linear":
        return 0.7 + rise + noise
    if name[0] == "xlmr":
        return 0.85 + rise + noise
    return (0.4 if name[2:] == ("Tense", 2) else 0.7) + rise + noise


def vectors_by_hand(accuracy, configurations, K):
    """{name: vector of unit length}: both probes, the four rankings of each, k = 1..K."""
    found = {}
    for name in configurations:
        curve = [
            accuracy(name, (probe, ranking), k)
            for probe in ("linear", "gaussian")
            for ranking in ("linear-ttb", "gaussian-ttb", "probeless-ttb", "random")
            for k in range(1, K + 1)
        ]
        length = sum(value**2 for value in curve) ** 0.5
        found[name] = [value / length for value in curve]
    return found


def test_clusters_are_named_by_how_the_two_probes_compare():
    ks = range(1, 21)
    probes = probe_rows(planted, names(), list(product(PROBES, (*RANKINGS, "linear-btt"))), ks)
    table = clusters.build({"probes": probes}, seed=1)
    assert dict(table.schema) == clusters.SCHEMA
    assert table.select(CONFIGURATION).rows() == sorted(names())
    for row in table.to_dicts():
        name = tuple(row[c] for c in CONFIGURATION)
        expected = "G>L" if name[0] == "xlmr" else "standard"
        if name[0] == "bert" and name[2:] == ("Tense", 2):
            expected = "L>G"
        number = ["L>G", "standard", "G>L"].index(expected)
        assert (row["name"], row["cluster"]) == (expected, number)
        differences = [
            planted(name, ("gaussian", r), 20) - planted(name, ("linear", r), 20) for r in RANKINGS
        ]
        assert row["gaussian_minus_linear"] == pytest.approx(sum(differences) / 4, abs=1e-12)


def test_clusters_are_the_best_of_all_partitions_of_a_few_configurations():
    """k-means from ten starts, against every way to share out seven configurations."""
    draw = np.random.default_rng(8)
    configurations = sorted(names())[:7]
    centres = draw.random((3, 2, 4)) / 2 + 0.4
    level = {
        name: centres[i % 3] + draw.random((2, 4)) / 10 for i, name in enumerate(configurations)
    }

    def accuracy(name, setting, k):
        return level[name][PROBES.index(setting[0]), RANKINGS.index(setting[1])] + k / 100

    probes = probe_rows(accuracy, configurations, list(product(PROBES, RANKINGS)), range(1, 4))
    table = clusters.build({"probes": probes}, seed=5)
    found = dict(zip(table.select(CONFIGURATION).rows(), table["cluster"], strict=True))
    vectors = np.array(list(vectors_by_hand(accuracy, configurations, 3).values()))

    def spread(labels):
        parts = [vectors[[label == c for label in labels]] for c in range(3)]
        return sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)

    best = min(
        (labels for labels in product(range(3), repeat=7) if set(labels) == {0, 1, 2}), key=spread
    )
    together = {
        frozenset(n for n, c in zip(configurations, best, strict=True) if c == i) for i in range(3)
    }
    assert {frozenset(n for n, c in found.items() if c == i) for i in range(3)} == together
    means = table.group_by("cluster").agg(pl.col("gaussian_minus_linear").mean()).sort("cluster")
    assert means["gaussian_minus_linear"].is_sorted()
    lowest, _, highest = means["gaussian_minus_linear"]
    assert table.select("cluster", "name").unique().sort("cluster").rows() == [
        (0, "L>G" if lowest < 0 else "standard"),
        (1, "standard"),
        (2, "G>L" if highest > 0 else "standard"),
    ]


@pytest.mark.parametrize(
    ("differences", "names"),
    [
        ([-0.2, 0.1, 0.3], ["L>G", "standard", "G>L"]),
        ([0.0, 0.1, 0.3], ["standard", "standard", "G>L"]),  # nowhere does the Gaussian collapse
        ([-0.3, -0.2, -0.1], ["L>G", "standard", "standard"]),
    ],
)
def test_a_cluster_is_named_by_the_sign_of_its_mean_difference(differences, names):
    cluster = np.array([2, 0, 1, 1])
    of_each = np.array(differences)[cluster]
    of_each[2:] += [0.05, -0.05]  # the mean counts, not one configuration
    assert clusters.named(cluster, of_each) == names


def test_equal_differences_are_numbered_by_their_first_configuration():
    for numbers in permutations(range(3)):
        given = np.array(numbers)[[0, 1, 1, 2, 0]]
        found = clusters.by_difference(given, np.array([0.5, 0.5, 0.5, -1, 0.5]))
        assert found.tolist() == [1, 2, 2, 0, 1]


def test_a_narrower_model_shortens_the_curves_of_all_and_what_is_missing_leaves_one_out():
    configurations = names()
    lacking, narrow = configurations[:2]

    def accuracy(name, setting, k):
        if (name == lacking and setting == ("gaussian", "random")) or (name == narrow and k > 4):
            return None
        return planted(name, setting, k)

    settings = list(product(PROBES, RANKINGS))
    probes = probe_rows(accuracy, configurations, settings, range(1, 9))
    found, curves = clusters.complete(probes)
    assert found == sorted(set(configurations) - {lacking})
    assert curves.shape == (23, 2, 4, 4)
    expected = vectors_by_hand(planted, found, 4)
    np.testing.assert_allclose(
        clusters.of_unit_length(curves), [expected[name] for name in found], rtol=1e-13
    )


@pytest.mark.parametrize(
    ("configurations", "settings", "reason"),
    [
        (names()[:2], list(product(PROBES, RANKINGS)), "2 configurations have"),
        (names(), list(product(PROBES, RANKINGS[:3])), "0 configurations have"),
        (names(), list(product(PROBES[:1], RANKINGS)), "0 configurations have"),
        ([], [], "0 configurations have"),
    ],
)
def test_too_few_configurations_give_an_empty_table_and_the_log_says_so(
    caplog, configurations, settings, reason
):
    probes = probe_rows(planted, configurations, settings, [1, 2])
    with caplog.at_level(logging.WARNING):
        table = clusters.build({"probes": probes}, seed=1)
    assert (dict(table.schema), len(table)) == (clusters.SCHEMA, 0)
    assert f"an empty table: {reason} the probes linear, gaussian" in caplog.text


def test_configurations_that_do_not_differ_are_no_clusters(caplog):
    settings = list(product(PROBES, RANKINGS))
    probes = probe_rows(lambda name, setting, k: 0.5 + k / 10, names(), settings, [1, 2])
    assert len(clusters.build({"probes": probes}, seed=1)) == 0
    assert "24 configurations have" in caplog.text
    assert "1 of them differ" in caplog.text


@pytest.mark.parametrize("seed", [1, 2**40])
def test_the_command_gives_the_seed_to_the_table_that_draws(tmp_path, seed):
    probes = probe_rows(planted, names(), list(product(PROBES, RANKINGS)), [1, 2, 3])
    path = tmp_path / "probes.parquet"
    write_parquet(path, probes.to_arrow(), made_by("collect"))
    written = {"csv": tmp_path / "t.csv", "parquet": tmp_path / "t.parquet"}
    call(build_table, table="clusters", probes=path, report=10, seed=seed, **written)
    expected = clusters.build({"probes": probes}, seed)
    assert pl.read_parquet(written["parquet"]).equals(expected)


# Overlap and agreement


def rankings(widths, names_of_rankings=RANKINGS, seed=0):
    """Collected rankings that agree somewhat, {name: width}; and whole, {name: {ranking: list}}."""
    draw = np.random.default_rng(seed)
    whole, rows = {}, []
    for name, d in widths.items():
        relevance = draw.normal(size=d)
        whole[name] = {
            ranking: np.argsort(relevance + draw.normal(size=d)).tolist()
            for ranking in names_of_rankings
        }
        rows += [
            (*name, ranking, d, position, neuron)
            for ranking, neurons in whole[name].items()
            for position, neuron in enumerate(neurons[:100])
        ]
    table = pl.DataFrame(rows, schema=collected_rankings.SCHEMA, orient="row")
    return with_rankers(table), whole


def widths():
    return {name: 300 if name[0] == "bert" else 60 for name in names()}


def overlap_by_hand(widths, whole):
    """All rows, as tuples, with sets of neurons."""
    tops = {
        (name, r): set(neurons[: min(100, widths[name] // 4)])
        for name, of in whole.items()
        for r, neurons in of.items()
    }
    for name, d in widths.items():
        n = min(100, d // 4)
        for a, b in (TTB[:2], TTB[::2], TTB[1:]):
            shared = tops[name, a] & tops[name, b]
            yield (*name, None, None, f"{a}+{b}", n, len(shared), pytest.approx(n * n / d))
        a, b, c = (tops[name, r] for r in TTB)
        chance = pytest.approx(n**3 / d**2)
        yield (*name, None, None, "+".join(TTB), n, len(a & b & c), chance)
    for one, other in combinations(sorted(widths), 2):
        if (one[0], one[3]) == (other[0], other[3]):
            d = widths[one]
            n = min(100, d // 4)
            for r in TTB:
                shared = tops[one, r] & tops[other, r]
                yield (*one, other[1], other[2], r, n, len(shared), pytest.approx(n * n / d))


def p_by_hand(shared, n, m, d):
    """The chance that m drawn tops share so many or more, counted in whole numbers."""

    def hypergeometric(x, good, drawn):
        return Fraction(comb(good, x) * comb(d - good, drawn - x), comb(d, drawn))

    if m == 2:
        return float(sum(hypergeometric(x, n, n) for x in range(shared, n + 1)))
    return float(
        sum(
            hypergeometric(j, n, n) * hypergeometric(x, j, n)
            for j in range(n + 1)
            for x in range(shared, j + 1)
        )
    )


def test_a_top_of_a_layer_with_fewer_than_four_neurons_is_empty():
    collected, _ = rankings({names()[0]: 3})
    assert len(overlap.build({"rankings": collected})) == 0


def test_overlap_equals_sets_of_neurons():
    collected, whole = rankings(widths())
    table = overlap.build({"rankings": collected})
    assert dict(table.schema) == overlap.SCHEMA
    expected = {row[:7]: row for row in overlap_by_hand(widths(), whole)}
    assert {row[:7]: row for row in table.drop("p", "p_holm").rows()} == expected
    for row in table.to_dicts():
        between = row["other_treebank"] is not None
        d = widths()[tuple(row[c] for c in CONFIGURATION)]
        m = 2 if between else 1 + row["rankings"].count("+")
        assert row["p"] == pytest.approx(p_by_hand(row["shared"], row["n"], m, d), rel=1e-9)
    kinds = [pl.col("other_treebank").is_not_null()]
    kinds += [kinds[0].not_() & (pl.col("rankings").str.count_matches("-ttb") == m) for m in (2, 3)]
    for kind in kinds:
        rows = table.filter(kind)
        by_hand = holm_by_hand(dict(enumerate(rows["p"])))
        assert dict(enumerate(rows["p_holm"])) == pytest.approx(by_hand)
    assert len(table) == len(expected) == 24 * 4 + 4 * 15 * 3
    assert table.select(CONFIGURATION).rows() == sorted(table.select(CONFIGURATION).rows())
    assert overlap.build({"rankings": collected[::-1]}).equals(table)


@pytest.mark.slow
def test_chance_is_what_drawn_rankings_share_on_average():
    draw = np.random.default_rng(2)
    tops = [
        [frozenset(draw.permutation(250)[:100].tolist()) for _ in range(3)] for _ in range(2000)
    ]
    for size in (2, 3):
        shared = np.mean([overlap.shared(three[:size], 250)[1] for three in tops])
        assert shared == pytest.approx(overlap.shared(tops[0][:size], 250)[2], rel=0.01)
        p = [overlap.shared(three[:size], 250)[3] for three in tops]
        assert np.mean(np.array(p) <= 0.05) <= 0.06  # as often as it says, or less


def test_overlap_has_the_rankings_that_there_are():
    collected, _ = rankings(widths(), ("linear-ttb", "random"))
    table = overlap.build({"rankings": collected})
    assert table["other_treebank"].null_count() == 0  # one ranking: nothing within, all between
    assert table["rankings"].unique().to_list() == ["linear-ttb"]
    assert len(table) == 4 * 15
    collected, _ = rankings({names()[0]: 60}, ("probeless-ttb", "gaussian-ttb"))
    assert overlap.build({"rankings": collected})["rankings"].to_list() == [
        "gaussian-ttb+probeless-ttb"
    ]
    assert dict(overlap.build({"rankings": collected.clear()}).schema) == overlap.SCHEMA


def agreement_by_hand(widths, whole):
    """All rows, as tuples: Fan et al. (2023), with sets and a list of points for every neuron."""
    for name, d in widths.items():
        for ranking, neurons in whole[name].items():
            others = [whole[name][o] for o in TTB if o != ranking]
            points = [0] * d
            for other in others:
                for i in range(min(100, d)):
                    points[other[i]] += 100 - i
            voted = sorted(range(d), key=lambda n, points=points: (-points[n], n))
            for k in (10, 50, 100):
                if k <= d:
                    top = set(neurons[:k])
                    overlaps = [len(top & set(o[:k])) / len(top | set(o[:k])) for o in others]
                    vote = len(top & set(voted[:k])) / len(top | set(voted[:k]))
                    mean = pytest.approx(sum(overlaps) / len(overlaps))
                    of = by(ranking)
                    end = pytest.approx(vote), of["ranker"], of["direction"]
                    yield (*name, ranking, k, mean, *end)


def test_agreement_equals_its_definition():
    collected, whole = rankings(widths(), seed=1)
    table = agreement.build({"rankings": collected})
    assert dict(table.schema) == agreement.SCHEMA
    expected = {row[:6]: row for row in agreement_by_hand(widths(), whole)}
    assert {row[:6]: row for row in table.rows()} == expected
    assert len(table) == len(expected) == 12 * 4 * 3 + 12 * 4 * 2  # d = 60 has no k = 100
    keys = table.select(*CONFIGURATION, "ranking", "k").rows()
    assert keys == sorted(keys)
    assert agreement.build({"rankings": collected[::-1]}).equals(table)


def test_equal_votes_go_to_the_lower_neuron():
    assert borda([[3, 1, 2], [1, 3, 2]]) == [1, 3, 2]


def test_equal_rankings_agree_wholly():
    collected, _ = rankings({names()[0]: 200}, ("linear-ttb",))
    same = with_rankers(collected.with_columns(ranking=pl.lit("gaussian-ttb")))
    table = agreement.build({"rankings": pl.concat([collected, same])})
    assert table.select("avg_overlap", "neuron_vote").unique().rows() == [(1.0, 1.0)]
    assert len(table) == 2 * 3


def test_a_ranking_with_no_other_to_agree_with_has_no_row():
    collected, _ = rankings({names()[0]: 60}, ("linear-ttb", "random"))
    table = agreement.build({"rankings": collected})
    assert table.select("ranking", "k").rows() == [("random", 10), ("random", 50)]
    for none in (collected.filter(ranking="linear-ttb"), collected.clear()):
        empty = agreement.build({"rankings": none})
        assert (dict(empty.schema), len(empty)) == (agreement.SCHEMA, 0)
