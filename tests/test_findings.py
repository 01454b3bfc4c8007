"""Findings: sentences computed from tables made for the purpose, also from some that refute."""

import polars as pl
import pytest

from workflow_scripts.report.findings import findings

CONFIGURATIONS = [("m", "t", "Number", layer) for layer in (1, 2, 3, 4)]
NAMES = ["model", "treebank", "attribute", "layer"]


def probing(accuracies, k=10, majority=0.5):
    """One row for each configuration; `accuracies` is {(probe, ranking): accuracy or a list}."""
    rows = []
    for i, name in enumerate(CONFIGURATIONS):
        for (probe, ranking), given in accuracies.items():
            accuracy = given[i] if isinstance(given, list) else given
            rows.append((*name, probe, ranking, k, "test", accuracy, majority))
    columns = [*NAMES, "probe", "ranking", "k", "split", "accuracy", "majority"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def interventions(cltv, at_0=0.0):
    """Curves of translation at k = 0 and 10; `cltv` is {ranking: cltv or a list} at k = 10."""
    rows = []
    for i, name in enumerate(CONFIGURATIONS):
        for ranking, given in cltv.items():
            there = given[i] if isinstance(given, list) else given
            rows.append((*name, "translation", ranking, 0, at_0))
            rows.append((*name, "translation", ranking, 10, there))
    return pl.DataFrame(rows, schema=[*NAMES, "method", "ranking", "k", "cltv"], orient="row")


def study(accuracies, cltv, at_0=0.0):
    """The tables of a study with two probes and translation."""
    of_k_10 = interventions(cltv, at_0).filter(pl.col("k") == 10)
    saturation = of_k_10.select(
        *NAMES, "method", "ranking", "cltv", clwv="cltv", error_rate=0.5, error_rate_0=0.1
    )
    scores = probing(accuracies)
    together = of_k_10.join(
        scores.select(*NAMES, "probe", "ranking", "accuracy"), on=[*NAMES, "ranking"]
    ).with_columns(pl.lit("report").alias("point"), clwv="cltv")
    return {
        "probing": scores,
        "interventions": interventions(cltv, at_0),
        "saturation": saturation,
        "used_vs_encoded": together,
    }


OWN = {
    ("linear", "linear-ttb"): 0.9,
    ("linear", "gaussian-ttb"): 0.8,
    ("gaussian", "linear-ttb"): 0.7,
    ("gaussian", "gaussian-ttb"): 0.8,
}
SAME = OWN | {("gaussian", "linear-ttb"): 0.95}


def test_probes_that_prefer_their_own_rankings_show_the_first_pitfall():
    found = findings({"probing": probing(OWN)}).ranking_is_not_a_probe
    assert found.verdict == "shown"
    assert found.headline == (
        "Which ranking is best depends on the probe that judges it in 4 of 4 configurations."
    )
    assert (
        "On the first 10 neurons the linear probe reads best from linear-ttb in 4 of "
        "4 configurations." in found.sentences
    )


def test_probes_that_agree_refute_the_first_pitfall():
    found = findings({"probing": probing(SAME)}).ranking_is_not_a_probe
    assert found.verdict == "not shown"
    assert found.headline == (
        "The probes prefer the same ranking in all 4 configurations: "
        "this study does not show the pitfall."
    )


def test_one_configuration_of_four_shows_it_in_part():
    given = SAME | {("gaussian", "gaussian-ttb"): [0.99, 0.8, 0.8, 0.8]}
    found = findings({"probing": probing(given)}).ranking_is_not_a_probe
    assert found.verdict == "in part"
    assert "in 1 of 4 configurations" in found.headline
    counts = "gaussian probe reads best from linear-ttb in 3 and gaussian-ttb in 1 of 4"
    assert any(counts in sentence for sentence in found.sentences)


def test_equal_accuracies_share_the_first_place():
    given = OWN | {("gaussian", "linear-ttb"): 0.8}
    found = findings({"probing": probing(given)}).ranking_is_not_a_probe
    assert found.verdict == "not shown"  # linear-ttb is among the best of both
    assert any("(equals count for each)" in sentence for sentence in found.sentences)


def test_only_the_test_split_from_the_top_at_the_least_k_is_judged():
    other = [
        probing(SAME, k=50),
        probing(SAME).with_columns(pl.lit("dev").alias("split")),
        probing({("linear", "random"): 1.0, ("gaussian", "random"): 1.0}),
    ]
    found = findings({"probing": pl.concat([probing(OWN), *other])}).ranking_is_not_a_probe
    assert "in 4 of 4 configurations" in found.headline


def test_what_the_last_neurons_tell_is_given_beside_the_majority():
    given = OWN | {("linear", "linear-btt"): 0.75, ("linear", "gaussian-btt"): 0.65}
    found = findings({"probing": probing(given)}).ranking_is_not_a_probe
    assert (
        "From the 10 neurons that the rankings put last, the linear probe still reads on average "
        "20.0 points above the majority." in found.sentences
    )


@pytest.mark.parametrize(
    ("kept", "headline", "key"),
    [
        ({"linear-ttb"}, "one ranking", "`rankings`"),
        ({"linear"}, "one probe", "`probes`"),
        (set(), "no probe", "`probes`"),
    ],
)
def test_what_is_missing_is_said_with_the_key_that_gives_it(kept, headline, key):
    rows = probing(OWN).filter(pl.col("ranking").is_in(kept) | pl.col("probe").is_in(kept))
    found = findings({"probing": rows}).ranking_is_not_a_probe
    assert found.verdict == "unknown"
    assert headline in found.headline
    assert any(key in sentence for sentence in found.sentences)


def wilcoxon(p_holm, pairs):
    rows = [("overall", 10, p / 10, p, pairs) for p in p_holm] + [("overall", 10, None, None, 0)]
    return pl.DataFrame(rows, schema=["group", "k", "p", "p_holm", "pairs"], orient="row")


def test_significant_comparisons_are_counted():
    tables = {"probing": probing(OWN), "wilcoxon": wilcoxon([0.001, 0.04, 0.05, 0.9], 30)}
    assert any(
        "2 of 4 ordered comparisons" in sentence and "30 configurations" in sentence
        for sentence in findings(tables).ranking_is_not_a_probe.sentences
    )


def test_too_few_configurations_for_any_significance_are_said_to_be():
    tables = {"probing": probing(OWN), "wilcoxon": wilcoxon([0.9] * 4, 4)}
    assert any(
        "4 configurations are too few" in sentence
        for sentence in findings(tables).ranking_is_not_a_probe.sentences
    )


def test_other_neurons_used_than_read_show_the_second_pitfall():
    found = findings(study(OWN, {"linear-ttb": 0.05, "gaussian-ttb": 0.2})).encoded_is_not_used
    assert found.verdict == "shown"
    assert found.headline == (
        "In 4 of 4 configurations what a probe reads best is not what the model uses most."
    )
    assert any(
        "gaussian-ttb 20.0 % (error rate 50.0 %) and linear-ttb 5.0 %" in sentence
        and "errs in 10.0 %" in sentence
        for sentence in found.sentences
    )


def test_the_same_neurons_used_and_read_refute_the_second_pitfall():
    found = findings(study(OWN, {"linear-ttb": 0.3, "gaussian-ttb": 0.2})).encoded_is_not_used
    assert found.verdict == "not shown"
    assert "this study does not show the pitfall" in found.headline


def test_an_attribute_that_is_read_and_never_moved_is_encoded_and_not_used():
    """In layer 1 nothing moves; in the others the best read is the most used."""
    still = {"linear-ttb": [0.0, 0.3, 0.3, 0.3], "gaussian-ttb": [0.0, 0.2, 0.2, 0.2]}
    found = findings(study(OWN, still)).encoded_is_not_used
    assert found.verdict == "in part"
    assert "In 1 of 4 configurations" in found.headline
    assert any("In 1 of the 4 configurations where a probe" in s for s in found.sentences)


def test_words_that_are_the_target_without_an_edit_have_not_moved():
    cltv = {"linear-ttb": 0.205, "gaussian-ttb": 0.204}
    found = findings(study(OWN, cltv, at_0=0.2)).encoded_is_not_used
    assert found.verdict == "shown"
    assert any("In 4 of the 4 configurations where a probe" in s for s in found.sentences)


def test_an_attribute_that_is_not_read_is_not_said_to_be_encoded():
    poor = dict.fromkeys(OWN, 0.55) | {("linear", "linear-ttb"): 0.56}
    found = findings(study(poor, {"linear-ttb": 0.001, "gaussian-ttb": 0.0})).encoded_is_not_used
    assert found.verdict == "not shown"


def test_without_interventions_nothing_is_said_of_use():
    found = findings({"probing": probing(OWN)}).encoded_is_not_used
    assert found.verdict == "unknown"
    assert "no interventions" in found.headline
    assert "`interventions`" in found.sentences[0]


def test_without_probes_nothing_is_said_of_what_is_encoded():
    tables = study(OWN, {"linear-ttb": 0.3, "gaussian-ttb": 0.2})
    found = findings({"saturation": tables["saturation"]}).encoded_is_not_used
    assert found.verdict == "unknown"
    assert "no probe" in found.headline
    assert any("30.0 %" in sentence for sentence in found.sentences)


def test_overlap_is_given_beside_chance():
    rows = [
        (None, "linear-ttb+gaussian-ttb", 100, 40, 26.04),
        (None, "linear-ttb+gaussian-ttb", 100, 20, 26.04),
        ("other", "linear-ttb", 100, 99, 26.04),
    ]
    schema = ["other_treebank", "rankings", "n", "shared", "chance"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    assert findings({"overlap": table}).more == [
        "Of their top 100 neurons, rankings share on average: "
        "linear-ttb and gaussian-ttb 30.0 (chance 26.0)."
    ]


def test_nothing_at_all_is_no_error():
    found = findings({})
    assert found.ranking_is_not_a_probe.verdict == "unknown"
    assert found.encoded_is_not_used.verdict == "unknown"
    assert found.more == []
