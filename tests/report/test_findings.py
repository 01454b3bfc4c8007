"""Findings: sentences computed from tables made for the purpose, also from some that refute."""

from itertools import combinations

import polars as pl
import pytest

from tests.support.study_tables import made, with_rankers
from workflow_scripts.report.findings import findings
from workflow_scripts.tables.collections.contrasts import SCHEMA

CONFIGURATIONS = [("m", "t", "Number", layer) for layer in (1, 2, 3, 4)]
NAMES = ["model", "treebank", "attribute", "layer"]
LINEAR, GAUSSIAN, PROBELESS = TTB = ("linear-ttb", "gaussian-ttb", "probeless-ttb")
PROBES = ("linear", "gaussian")


def contrasts(accuracy, cltv, n=4, clear=0.01):
    """The contrasts of n configurations; what differs by 0.1 or more is clear.

    `accuracy` is {(probe, ranking): accuracy}, at k = 10 and in area; `cltv` is {ranking: cltv},
    in area, of translation, which moves 0 words at k = 0.
    """
    rows = []

    def row(difference, **names):
        p = clear if abs(difference) >= 0.1 else 0.5
        rows.append(names | {"difference": difference, "p_adjusted": p})

    for of in CONFIGURATIONS[:n]:
        name = dict(zip(NAMES, of, strict=True))
        for (p, one), (q, other) in combinations(accuracy, 2):
            difference = accuracy[p, one] - accuracy[q, other]
            pair = name | {"ranking": one, "other_ranking": other}
            if p == q:
                row(difference, measure="accuracy", probe=p, k=10, **pair)
                row(difference, measure="area", probe=p, **pair)
            row(difference, measure="area", probe=p, other_probe=q, **pair)
        for one, other in combinations(cltv, 2):
            pair = name | {"method": "translation", "ranking": one, "other_ranking": other}
            for measure in ("cltv", "area"):
                row(cltv[one] - cltv[other], measure=measure, **pair)
        for ranking, moved in cltv.items():
            row(moved, measure="area", method="translation", ranking=ranking, **name)
    return with_rankers(pl.DataFrame(rows, schema=SCHEMA), ["direction"])


def probing(accuracy, n=4, unread=()):
    """Test rows; in the configurations `unread` nothing is clearly above the majority."""
    rows = []
    for i, of in enumerate(CONFIGURATIONS[:n]):
        for (probe, ranking), value in accuracy.items():
            low = -0.01 if i in unread else value - 0.51
            rows.append((*of, probe, ranking, 10, "test", value, 0.5, low))
    columns = [*NAMES, "probe", "ranking", "k", "split", "accuracy", "majority"]
    columns += ["above_majority_low"]
    return with_rankers(pl.DataFrame(rows, schema=columns, orient="row"))


def saturation(cltv, n=4):
    rows = [
        (*of, "translation", ranking, 10, moved, moved, 0.5, 0.1, True)
        for of in CONFIGURATIONS[:n]
        for ranking, moved in cltv.items()
    ]
    columns = ["method", "ranking", "saturation_k", "clwv", "cltv", "error_rate", "error_rate_0"]
    schema = [*NAMES, *columns, "saturated"]
    return with_rankers(pl.DataFrame(rows, schema=schema, orient="row"))


def study(accuracy, cltv, n=4, unread=()):
    """The tables of a study with two probes and translation."""
    return {
        "contrasts": contrasts(accuracy, cltv, n),
        "probing": probing(accuracy, n, unread),
        "saturation": saturation(cltv, n),
    }


def accuracies(linear, gaussian):
    """{(probe, ranking): accuracy}, each probe's in the order of TTB."""
    both = dict(zip(PROBES, (linear, gaussian), strict=True))
    return {(p, r): a for p in PROBES for r, a in zip(TTB, both[p], strict=True)}


OWN = accuracies((0.9, 0.75, 0.7), (0.7, 0.9, 0.75))
"""Each probe clearly reads better from its own ranking."""
SAME = accuracies((0.9, 0.7, 0.7), (0.9, 0.7, 0.7))
TIED = accuracies((0.9, 0.88, 0.87), (0.87, 0.88, 0.9))
STILL = dict.fromkeys(TTB, 0.0)


def test_probes_that_clearly_contradict_each_other_show_the_first_pitfall():
    found = findings(study(OWN, STILL)).ranking_is_not_a_probe
    assert found.verdict == "shown"
    assert found.headline == (
        "Of 4 readable configurations, in 4 two probes clearly contradict each other on which of "
        "two rankings is better; in 0 one ranking is clearly best by every probe; in 0 the "
        "differences are within noise."
    )
    assert any("4 or more of 4 then has p = 6.3e-06" in sentence for sentence in found.sentences)
    assert (
        "By the area under its accuracy curve, the linear probe reads best from linear-ttb in 4 "
        "(clearly in 4) of 4 readable configurations." in found.sentences
    )


def test_one_ranking_clearly_best_by_every_probe_refutes_the_first_pitfall():
    found = findings(study(SAME, STILL)).ranking_is_not_a_probe
    assert found.verdict == "not shown"
    assert "in 4 one ranking is clearly best by every probe" in found.headline


def test_other_bests_within_noise_leave_the_first_pitfall_open():
    """Each probe reads best from another ranking, and by so little that it may be chance."""
    found = findings(study(TIED, STILL)).ranking_is_not_a_probe
    assert found.verdict == "open"
    assert "in 4 the differences are within noise" in found.headline
    assert (
        "By the area under its accuracy curve, the gaussian probe reads best from probeless-ttb in "
        "4 (clearly in 0) of 4 readable configurations." in found.sentences
    )


def mixed(clear, against, noise):
    """The contrasts and probing of so many configurations of each heap of the first pitfall."""
    parts = []
    kinds = [OWN] * clear + [SAME] * against + [TIED] * noise
    for i, kind in enumerate(kinds):
        of = study(kind, STILL, n=1)
        parts.append({k: v.with_columns(layer=pl.lit(i, v["layer"].dtype)) for k, v in of.items()})
    return {name: pl.concat(part[name] for part in parts) for name in parts[0]}


@pytest.mark.parametrize(
    ("heaps", "verdict"),
    [
        ((1, 0, 0), "shown"),  # P(Bin(1, 0.05) >= 1) is 0.05 itself
        ((1, 0, 1), "open"),  # one in two may be chance
        ((2, 0, 2), "shown"),
        ((2, 2, 0), "in part"),  # not more than against
        ((2, 0, 4), "in part"),  # less than half
        ((2, 0, 10), "open"),  # P(Bin(12, 0.05) >= 2) is 0.12
        ((0, 2, 2), "not shown"),
        ((0, 1, 2), "open"),
        ((0, 0, 3), "open"),
        ((1, 9, 0), "open"),  # one may be chance, and the pitfall is not ruled out
    ],
)
def test_the_verdict_follows_the_heaps(heaps, verdict):
    found = findings(mixed(*heaps)).ranking_is_not_a_probe
    assert found.verdict == verdict
    assert f"in {heaps[0]} two probes" in found.headline
    assert f"in {heaps[1]} one ranking" in found.headline
    assert f"in {heaps[2]} the differences" in found.headline


def test_configurations_that_no_probe_reads_do_not_count_and_are_named():
    found = findings(study(OWN, STILL, unread=(0, 2)))
    assert "Of 2 readable configurations, in 2" in found.ranking_is_not_a_probe.headline
    (said,) = [sentence for sentence in found.more if "no probe reads" in sentence]
    assert said.startswith("In 2 of 4 configurations")
    assert said.endswith("m · t · Number · layer 1; m · t · Number · layer 3.")


def test_nothing_read_at_all_leaves_both_open():
    found = findings(study(OWN, STILL, unread=range(4)))
    for pitfall in (found.ranking_is_not_a_probe, found.encoded_is_not_used):
        assert pitfall.verdict == "open"
        assert "In no configuration can a probe read" in pitfall.headline


def test_readable_is_judged_on_all_neurons_where_that_was_measured():
    tables = study(OWN, STILL, n=1)
    row = tables["probing"][0].with_columns(
        ranking=pl.lit("all"), k=pl.lit(64, pl.Int64), above_majority_low=pl.lit(-0.01)
    )
    tables["probing"] = pl.concat([tables["probing"], with_rankers(row)])
    assert "In no configuration" in findings(tables).ranking_is_not_a_probe.headline


def test_what_the_last_neurons_tell_is_given_beside_the_majority():
    given = OWN | {("linear", "linear-btt"): 0.75, ("linear", "gaussian-btt"): 0.65}
    tables = study(OWN, STILL) | {"probing": probing(given)}
    assert (
        "From the 10 neurons that the rankings put last, the linear probe still reads on average "
        "20.0 points above the majority." in findings(tables).ranking_is_not_a_probe.sentences
    )


@pytest.mark.parametrize(
    ("kept", "headline", "key"),
    [
        ({"linear-ttb"}, "fewer than two rankings from the top", "`rankings`"),
        ({"linear"}, "one probe", "`probes`"),
        (set(), "no probe", "`probes`"),
    ],
)
def test_what_is_missing_is_said_with_the_key_that_gives_it(kept, headline, key):
    some = {names: a for names, a in OWN.items() if kept & set(names)}
    found = findings(study(some, STILL)).ranking_is_not_a_probe
    assert found.verdict == "not measured"
    assert headline in found.headline
    assert any(key in sentence for sentence in found.sentences)


def wilcoxon(p_holm, pairs):
    rows = [("overall", 10, p / 10, p, pairs) for p in p_holm] + [("overall", 10, None, None, 0)]
    return pl.DataFrame(rows, schema=["group", "k", "p", "p_holm", "pairs"], orient="row")


def test_significant_comparisons_are_counted():
    tables = study(OWN, STILL) | {"wilcoxon": wilcoxon([0.001, 0.04, 0.05, 0.9], 30)}
    assert any(
        "2 of 4 ordered comparisons" in sentence and "30 configurations" in sentence
        for sentence in findings(tables).ranking_is_not_a_probe.sentences
    )


def test_too_few_configurations_for_any_significance_are_said_to_be():
    tables = study(OWN, STILL) | {"wilcoxon": wilcoxon([0.9] * 4, 4)}
    assert any(
        "4 configurations are too few" in sentence
        for sentence in findings(tables).ranking_is_not_a_probe.sentences
    )


# The second pitfall


def test_worse_read_and_clearly_more_moved_shows_the_second_pitfall():
    moved = {LINEAR: 0.05, GAUSSIAN: 0.3, PROBELESS: 0.04}
    found = findings(study(SAME, moved)).encoded_is_not_used
    assert found.verdict == "shown"
    assert found.headline.startswith(
        "Of 4 readable configurations, in 4 translation by a ranking that probes read clearly "
        "worse moves clearly more words (CLTV) than by those that they read best; in 0 "
    )
    assert any(
        "moves most by gaussian-ttb in 4 (clearly in 4) of 4" in sentence
        for sentence in found.sentences
    )
    assert any(
        "gaussian-ttb 30.0 % (error rate 50.0 %), linear-ttb 5.0 %" in sentence
        and "errs in 10.0 %" in sentence
        for sentence in found.sentences
    )


def test_best_read_and_clearly_most_moved_refutes_the_second_pitfall():
    found = findings(study(SAME, {LINEAR: 0.4, GAUSSIAN: 0.2, PROBELESS: 0.1}))
    assert found.encoded_is_not_used.verdict == "not shown"
    assert "in 4 the ranking that moves most is among those" in found.encoded_is_not_used.headline


def test_more_moved_within_noise_leaves_the_second_pitfall_open():
    found = findings(study(SAME, {LINEAR: 0.30, GAUSSIAN: 0.32, PROBELESS: 0.31}))
    assert found.encoded_is_not_used.verdict == "open"
    assert any("(clearly in 0)" in s for s in found.encoded_is_not_used.sentences)


def test_a_ranking_that_one_probe_reads_as_well_as_the_best_is_read_best():
    """The Gaussian probe reads its own ranking as well as the linear probe reads the best."""
    moved = {LINEAR: 0.05, GAUSSIAN: 0.3, PROBELESS: 0.04}
    found = findings(study(OWN, moved)).encoded_is_not_used
    assert found.verdict == "not shown"  # what moves most is among those read best


def test_where_nothing_moves_it_is_said_apart():
    found = findings(study(SAME, STILL)).encoded_is_not_used
    assert found.verdict == "open"
    assert "in 4 the differences are within noise" in found.headline
    assert any(
        s.startswith("In 4 of 4 readable configurations, translation by no ranking from the top")
        for s in found.sentences
    )


def test_fewer_moved_words_than_at_k_0_are_not_movement():
    """One ranking undoes what the unchanged model gets wrong by chance; none moves anything."""
    found = findings(study(SAME, {LINEAR: -0.4, GAUSSIAN: 0.0, PROBELESS: 0.0}))
    assert found.encoded_is_not_used.verdict == "open"


def test_without_interventions_nothing_is_said_of_use():
    tables = study(OWN, STILL)
    only_probes = tables["contrasts"].filter(pl.col("method").is_null())
    found = findings({"probing": tables["probing"], "contrasts": only_probes}).encoded_is_not_used
    assert found.verdict == "not measured"
    assert "no interventions" in found.headline
    assert "`interventions`" in found.sentences[0]


def test_without_probes_nothing_is_said_of_what_is_encoded():
    tables = study({}, {LINEAR: 0.3, GAUSSIAN: 0.2})
    found = findings({name: tables[name] for name in ("saturation", "contrasts")})
    assert found.encoded_is_not_used.verdict == "not measured"
    assert "no probe" in found.encoded_is_not_used.headline
    assert any("30.0 %" in sentence for sentence in found.encoded_is_not_used.sentences)


def test_ablation_is_judged_by_clwv_where_no_method_has_a_target():
    tables = study(SAME, {LINEAR: 0.05, GAUSSIAN: 0.3, PROBELESS: 0.04})
    tables["contrasts"] = tables["contrasts"].with_columns(
        pl.col("measure").replace("cltv", "clwv"), pl.col("method").replace("translation", "x")
    )
    tables["saturation"] = tables["saturation"].with_columns(
        pl.lit(None, pl.Float64).alias("cltv"), pl.lit("x").alias("method")
    )
    found = findings(tables).encoded_is_not_used
    assert "in 4 x by a ranking" in found.headline
    assert "(CLWV)" in found.headline


# Beside the two


def inference(treebanks, p):
    row = {"group": "overall", "measure": "area", "probe": "linear", "treebanks": treebanks}
    row |= {
        "method": None,
        "ranking": LINEAR,
        "other_ranking": GAUSSIAN,
        "difference": -0.02,
        "p_adjusted": p,
    }
    kinds = {"p_adjusted": pl.Float64, "method": pl.String}
    return with_rankers(pl.DataFrame([row], schema_overrides=kinds), ["direction"])


def test_six_treebanks_are_tested_and_fewer_are_said_to_be_too_few():
    found = findings(study(OWN, STILL) | {"inference": inference(6, 0.03)})
    assert any(
        "1 of 1 pairs of rankings differ" in s
        and "linear: gaussian-ttb above linear-ttb by 2.0 points (p = 0.03)" in s
        for s in found.ranking_is_not_a_probe.sentences
    )
    found = findings(study(OWN, STILL) | {"inference": inference(5, None)})
    assert any("5 treebanks are too few" in s for s in found.ranking_is_not_a_probe.sentences)


# Side effects, and others' use.


def used_at_saturation(**rankings):
    """Tables of one configuration: {ranking: (words moved, pairs that no longer agree)}.

    What differs by 0.1 or more is clear; `random` is unchanged.
    """
    of = dict(zip(NAMES, CONFIGURATIONS[0], strict=True))
    named = {f"{name}-ttb": numbers for name, numbers in rankings.items()}
    read = {(probe, ranking): 0.7 for probe in PROBES for ranking in named}
    compared = contrasts(read, {name: moved for name, (moved, _) in named.items()}, n=1)
    rows = []

    def add(measure, one, other, difference):
        rows.append(
            of
            | {"measure": measure, "method": "translation", "ranking": one, "other_ranking": other}
            | {"difference": difference, "p_adjusted": 0.01 if abs(difference) >= 0.1 else 0.5}
        )

    for i, measure in enumerate(("cltv", "others_use")):
        for one, other in combinations(named, 2):
            add(measure, one, other, named[one][i] - named[other][i])
        for name, numbers in named.items():
            add(measure, name, None, numbers[i])
    at_saturation = with_rankers(pl.DataFrame(rows, schema=SCHEMA), ["direction"])
    on_area = compared.filter(pl.col("measure") != "cltv")
    everything = named | {"random": (0.0, 0.01), "mine": (0.0, 0.5)}  # the last is one's own
    concord = [
        of
        | {"method": "translation", "ranking": name, "relation": relation, "attractor": attractor}
        | {"edited": edited, "k": k, "pairs": 20}
        | {"concord": 0.8 - {0: 0.0, 5: drop if edited == "controller" else drop / 4, 10: 0.6}[k]}
        | {"concord_low": 0.75}
        for name, (_, drop) in everything.items()
        for relation, attractor in (("all", None), ("all", True), ("det", None))
        for edited in ("controller", "other")
        for k in (0, 5, 10)
    ]
    points = [
        of
        | {"method": "translation", "ranking": name, "saturation_k": 5, "saturated": True}
        | {"clwv": moved, "cltv": moved, "cltv_strict": moved / 4, "error_rate": 0.3}
        | {"error_rate_0": 0.1, "side_effect_rate": moved / 2}
        for name, (moved, _) in everything.items()
    ]
    return {
        "probing": probing(read, n=1),
        "contrasts": pl.concat([on_area, at_saturation]),
        "saturation": with_rankers(pl.DataFrame(points)),
        "interventions": with_rankers(
            pl.DataFrame([row | {"k": 5, "words": 200} for row in points]).drop("saturation_k")
        ),
        "concord": with_rankers(pl.DataFrame(concord)),
    }


def sentences_of_use(**rankings):
    return findings(used_at_saturation(**rankings)).encoded_is_not_used.sentences


def test_side_effects_and_strictness_are_given_where_the_curve_saturates():
    said = sentences_of_use(linear=(0.2, 0.3), probeless=(0.4, 0.1))
    (beside,) = [sentence for sentence in said if "nobody changed" in sentence]
    assert beside.endswith(
        "with probeless-ttb 20.0 % and linear-ttb 10.0 % (in the order of CLTV)."
    )
    (strict,) = [sentence for sentence in said if "keep every other attribute" in sentence]
    start = "Of the words that translation moves to the target there, "
    assert strict == f"{start}on average 25.0 % keep every other attribute."


def test_where_own_use_and_others_use_clearly_prefer_other_rankings_they_contradict():
    said = sentences_of_use(linear=(0.2, 0.3), probeless=(0.4, 0.1))
    (used,) = [sentence for sentence in said if sentence.startswith("Others' use")]
    assert used.startswith("Others' use: in 1 of 1 readable configuration with pairs")
    (said_of_concord,) = [sentence for sentence in said if sentence.startswith("Concord is")]
    assert said_of_concord == (
        "Concord is 80.0 % before, and there on average with linear-ttb 50.0 % and probeless-ttb "
        "70.0 % (random neurons 79.0 %); with the same change of another word of the sentence: "
        "linear-ttb 72.5 % and probeless-ttb 77.5 %."
    )
    (agree,) = [sentence for sentence in said if sentence.startswith("Own use and")]
    assert "in 0 of these 1 the ranking" in agree
    assert "in 1 they clearly contradict each other" in agree


def test_where_the_same_ranking_is_best_by_both_they_agree():
    said = sentences_of_use(linear=(0.4, 0.3), probeless=(0.3, 0.25))
    (agree,) = [sentence for sentence in said if sentence.startswith("Own use and")]
    assert "in 1 of these 1 the ranking that moves most words (CLTV)" in agree
    assert "in 0 they clearly contradict" in agree


def test_where_no_other_word_is_moved_nothing_is_said_to_agree():
    said = sentences_of_use(linear=(0.4, 0.05), probeless=(0.3, 0.02))
    (used,) = [sentence for sentence in said if sentence.startswith("Others' use")]
    assert used.startswith("Others' use: in 0 of 1 readable configuration")
    assert not [sentence for sentence in said if sentence.startswith("Own use and")]


def test_of_few_moved_words_no_share_is_said():
    tables = used_at_saturation(linear=(0.2, 0.3), probeless=(0.4, 0.1))
    words = pl.lit(45)  # 9 and 18 moved
    tables["interventions"] = tables["interventions"].with_columns(words=words)
    said = findings(tables).encoded_is_not_used.sentences
    assert not [sentence for sentence in said if "keep every other attribute" in sentence]


def test_a_model_that_expects_no_agreement_is_named():
    tables = used_at_saturation(linear=(0.2, 0.3), probeless=(0.4, 0.1))
    for low, n in ((0.5, 1), (None, 1), (0.51, 0)):
        concord = tables["concord"].with_columns(concord_low=pl.lit(low, pl.Float64))
        said = findings(tables | {"concord": concord}).encoded_is_not_used.sentences
        assert len([s for s in said if "In 1 of these 1 the unchanged model does not" in s]) == n


def test_of_too_few_pairs_no_share_is_said_and_their_configuration_is_named():
    tables = used_at_saturation(linear=(0.2, 0.3), probeless=(0.4, 0.1))
    tables["concord"] = tables["concord"].with_columns(pairs=pl.lit(19))
    said = findings(tables).encoded_is_not_used.sentences
    assert not [sentence for sentence in said if sentence.startswith(("Concord is", "Others'"))]
    (few,) = [sentence for sentence in said if "too few to tell of others' use" in sentence]
    assert few.startswith("Fewer than 20 pairs")
    assert "layer" in few


def test_without_concord_nothing_is_said_of_others_use():
    tables = used_at_saturation(linear=(0.4, 0.3), probeless=(0.3, 0.25))
    del tables["concord"]
    said = findings(tables).encoded_is_not_used.sentences
    assert not [sentence for sentence in said if "others" in sentence.lower()]


def test_overlap_is_given_beside_chance():
    rows = [
        (None, "linear-ttb+gaussian-ttb", 100, 40, 26.04, 0.01),
        (None, "linear-ttb+gaussian-ttb", 100, 20, 26.04, 1.0),
        ("other", "linear-ttb", 100, 99, 26.04, 0.01),
    ]
    schema = ["other_treebank", "rankings", "n", "shared", "chance", "p_holm"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    assert findings({"overlap": table}).more == [
        "Of their top 100 neurons, rankings share on average: linear-ttb and gaussian-ttb 30.0 "
        "(chance 26.0; more than chance in 1 of 2)."
    ]


def test_nothing_at_all_is_no_error():
    found = findings({})
    assert found.ranking_is_not_a_probe.verdict == "not measured"
    assert found.encoded_is_not_used.verdict == "not measured"
    assert found.more == []


def test_a_reported_k_off_the_grid_and_a_saturation_beyond_the_probes_are_said():
    """The rows are there, their accuracy is not: said, and not left to be found."""
    together = pl.DataFrame(
        [
            (*of, "translation", "random", "saturation", 200, None)
            for of in CONFIGURATIONS
            for _ in PROBES
        ],
        schema=[*NAMES, "method", "ranking", "point", "k", "accuracy"],
        orient="row",
    )
    more = findings(study(OWN, STILL) | {"used_vs_encoded": together}).more
    assert any("is on the grid of translation, so" in sentence for sentence in more)
    assert any("4 of 4 saturation points lie beyond" in sentence for sentence in more)


def test_a_test_split_without_the_attribute_is_named():
    tables = study(OWN, STILL)
    none = pl.lit(None, pl.Float64)
    empty = tables["probing"].with_columns(accuracy=none, majority=none, above_majority_low=none)
    nothing = {"probing": empty, "contrasts": tables["contrasts"].clear()}
    found = findings(nothing | {"saturation": tables["saturation"].clear()})
    assert found.ranking_is_not_a_probe.verdict == "not measured"
    assert "No word of a test split" in found.ranking_is_not_a_probe.headline
    assert "No test word was changed" in found.encoded_is_not_used.headline
    assert any("The test split has no word of the attribute in 4 conf" in s for s in found.more)
    tables["probing"] = pl.concat([tables["probing"], empty.with_columns(split=pl.lit("dev"))])
    said = "\n".join(findings(tables).more)
    assert "The dev split has no word of the attribute in 4 configurations" in said
    assert "The test split has no word" not in said


def interventions(clwv=None):
    """Two curves of each of two configurations, of words that are judged by their forms."""
    rows = [
        (*of, "ablation", ranking, k, error + i * (k > 0), clwv, 0.03 * i if k else 0.0)
        for i, of in zip((0.1, 0.3), CONFIGURATIONS, strict=False)
        for ranking, error in (("random", 0.2), (LINEAR, 0.2), ("linear-btt", 0.9))
        for k in (0, 10, 60)
    ]
    rates = ["error_rate", "clwv", "side_effect_rate"]
    schema = [*NAMES, "method", "ranking", "k", *rates]
    return with_rankers(pl.DataFrame(rows, schema=schema, orient="row").cast({"clwv": pl.Float64}))


def test_words_without_lemmas_have_their_error_rate_and_it_is_said():
    tables = study(OWN, STILL)
    tables["saturation"] = tables["saturation"].clear()
    tables["contrasts"] = tables["contrasts"].filter(pl.col("probe").is_not_null())
    found = findings(tables | {"interventions": interventions()}).encoded_is_not_used
    assert found.verdict == "not measured"
    assert found.headline.startswith("The changed words have no lemma, so of interventions only er")
    assert found.sentences[0] == (
        "ablation of the first 60 neurons, the largest k, has on average error rates of linear-ttb "
        "40.0 % and random 40.0 %; the unchanged model errs in 20.0 %."
    )
    assert found.sentences[1].endswith("model: linear-ttb 0.6 % and random 0.6 %.")
    # Only then: without a changed word, without interventions, and where words have lemmas.
    for other, says in (
        ({"interventions": interventions().clear()}, "No test word was changed"),
        ({"interventions": interventions(clwv=0.1)}, "No test word was changed"),
        ({}, "No test word was changed"),
    ):
        assert says in findings(tables | other).encoded_is_not_used.headline
    del tables["saturation"]
    assert "ran no interventions" in findings(tables).encoded_is_not_used.headline
    whole = study(OWN, STILL) | {"interventions": interventions()}
    assert findings(whole).encoded_is_not_used == findings(study(OWN, STILL)).encoded_is_not_used


def test_a_test_split_with_one_value_is_named():
    tables = study(OWN, STILL, unread=range(4))
    tables["probing"] = tables["probing"].with_columns(majority=pl.lit(1.0))
    assert any(
        "test split has one value of the attribute alone" in s for s in findings(tables).more
    )


def test_a_dev_split_with_one_value_is_named_and_what_is_chosen_on_it():
    tables = study(OWN, STILL)
    dev = tables["probing"].filter(pl.col("layer") == tables["probing"]["layer"][0])
    dev = dev.with_columns(split=pl.lit("dev"), majority=pl.lit(1.0))
    tables["probing"] = pl.concat([tables["probing"], dev])
    (said,) = [s for s in findings(tables).more if "one value of the attribute alone" in s]
    assert said.startswith("The dev split has one value of the attribute alone in 1 config")
    assert "chosen by mutual information on dev, as gaussian is, tells no values apart: m" in said


def test_reported_k_beyond_the_width_leave_the_verdicts_as_they_are():
    """No reported k is within the model's width: `probing` is empty, and every curve is there."""
    tables = study(SAME, {LINEAR: 0.05, GAUSSIAN: 0.3, PROBELESS: 0.04})
    curves = tables["probing"]
    narrow = findings(tables | {"probing": curves.clear(), "probing_curves": curves})
    assert narrow.encoded_is_not_used.headline == findings(tables).encoded_is_not_used.headline
    assert "Of 4 readable configurations" in narrow.ranking_is_not_a_probe.headline


def test_clusters_are_given_with_their_name_and_mean_difference():
    rows = [(0, "standard", 0.02), (1, "standard", 0.04), (1, "standard", 0.06), (2, "G>L", 0.2)]
    schema = ["cluster", "name", "gaussian_minus_linear"]
    (said,) = findings({"clusters": pl.DataFrame(rows, schema=schema, orient="row")}).more
    assert said.endswith(
        "1 standard (2.0 points above it), 2 standard (5.0 points above it) and 1 G>L (20.0 points "
        "above it)."
    )


def forms(rows):
    """Rows of `probing_curves`: of a configuration, probe, ranking and k, seen and unseen."""
    columns = [*NAMES, "probe", "ranking", "k", "split", "unseen", "seen_accuracy"]
    made = pl.DataFrame(rows, schema=[*columns, "unseen_accuracy"], orient="row")
    read = {"accuracy": 0.7, "majority": 0.5, "above_majority_low": 0.1}
    return {
        "probing_curves": with_rankers(made.with_columns(**{n: pl.lit(v) for n, v in read.items()}))
    }


def test_what_probes_lose_on_new_forms_is_their_mean_at_the_largest_k():
    one, two, three = CONFIGURATIONS[:3]
    (of_one, of_two) = ((0.9, 0.6), (0.8, 0.7)), ((0.7, 0.69), (0.5, 0.55))
    rows = [
        (*of, probe, ranking, k, "test", unseen, seen - (k < k_max), new)
        for of, k_max, unseen, pairs in ((one, 10, 1200, of_one), (two, 8, 40, of_two))
        for probe, (seen, new) in zip(("gaussian", "linear"), pairs, strict=True)
        for ranking in (LINEAR, GAUSSIAN)
        for k in (k_max - 1, k_max)
    ]
    # What does not count: rankings from the bottom, other splits, no new form in test.
    rows.append((*one, "gaussian", "linear-btt", 10, "test", 1200, 1.0, 0.0))
    rows.append((*one, "gaussian", LINEAR, 10, "dev", 9, 1.0, 0.0))
    rows.append((*three, "gaussian", LINEAR, 10, "test", 0, 1.0, None))
    # The mean of (0.9 - 0.6) and (0.7 - 0.69); of (0.8 - 0.7) and (0.5 - 0.55).
    assert (
        "On forms that training does not have, the gaussian probe reads on average 15.5 points "
        "less than on those that it has, the linear probe 2.5 points less: from the first 8 to 10 "
        "neurons of rankings from the top, in 2 configurations that have such words in test (40 to "
        "1,200 of them)." in findings(forms(rows)).more
    )
    alone = "in 1 configuration that has such words in test (40 of them)."
    assert any(alone in s for s in findings(forms([r for r in rows if r[:4] == two])).more)
    better = [(*two, "linear", LINEAR, 5, "test", 40, 0.5, 0.525)]
    sentence = "the linear probe reads on average 2.5 points more than on those that it has"
    assert any(sentence in s for s in findings(forms(better)).more)


def test_without_new_forms_nothing_is_said_of_them():
    rows = [(*CONFIGURATIONS[0], "linear", LINEAR, 5, "test", 0, 0.5, None)]
    for tables in (forms(rows), {"probing": probing(OWN)}, {}):
        assert not any("On forms" in sentence for sentence in findings(tables).more)


def test_a_ranking_that_is_missing_in_some_configurations_is_named():
    accuracy = {(probe, ranking): 0.8 for probe in PROBES for ranking in (*TTB, "random", "all")}
    whole = probing(accuracy)
    gone = (pl.col("layer").is_in([2, 3])) & (pl.col("ranking") == PROBELESS)
    said = findings({"probing": whole.filter(~gone)}).more
    assert (
        "probeless-ttb found nothing to rank by in 2 of 4 configurations and is in no table there; "
        "the logs of `rank_neurons` say why: m · t · Number · layer 2; m · t · Number · layer 3."
    ) in said
    assert not any("nothing to rank by" in text for text in findings({"probing": whole}).more)
    # A model so narrow that no k is reported has its whole probe alone, and lacks no ranking.
    narrow = whole.filter((pl.col("layer") != 4) | (pl.col("ranking") == "all"))
    assert not any("nothing to rank by" in text for text in findings({"probing": narrow}).more)


def test_a_ranker_that_is_nowhere_or_left_out_is_named():
    accuracy = {(probe, ranking): 0.8 for probe in PROBES for ranking in (*TTB, "random")}
    tables = {"probing": probing(accuracy), "probing_curves": probing(accuracy)}
    there = {"linear": [], "gaussian": [], "probeless": [], "random": []}
    assert not any("rank by" in text for text in findings(tables, rankers=there).more)
    said = findings(tables, rankers=there | {"mine": []}).more
    assert any(s.startswith("mine found nothing to rank by in 4 of 4 config") for s in said)
    left_out = {"attribution": ["t"], "integrated": ["t"]}
    found = [s for s in findings(tables, rankers=there | left_out).more if "rank by" in s]
    assert found == [
        "attribution and integrated rank by words of one lemma, and are left out of t, where no "
        "word has a lemma."
    ]
    # Of another treebank's it is not said that a log tells why they are missing.
    other = tables["probing"].with_columns(treebank=pl.lit("u"))
    other = pl.concat([tables["probing"], other.filter(pl.col("ranking") != LINEAR)])
    found = findings({"probing": other}, rankers=there | {"linear": ["u"]}).more
    assert any("linear ranks by words of one lemma, and is left out of u" in s for s in found)
    assert not any("found nothing" in s for s in found)


def test_what_a_compiled_model_shows_is_said_and_counts_for_no_pitfall():
    tables = made()
    (said,) = [text for text in findings(tables).more if "compiled" in text]
    mean = tables["truth"].group_by("ranking").agg(pl.col("ap_used").mean())
    of = dict(mean.rows())
    best = max(set(of) - {"random"}, key=of.__getitem__)
    assert f"are found best by {best} ({of[best]:.2f}, random {of['random']:.2f}), and" in said
    assert said.endswith("Means of 3 draws.")
    voted = tables["truth"].filter(pl.col("ranking") == "random")
    mean_vote = voted["vote_ap_used"].mean()
    n = len(of) - 1
    assert (
        f"What all {n} rankings elect together has {mean_vote:.2f} for used neurons (less than the "
        f"best alone), {voted['vote_ap_encoded'].mean():.2f} for all that hold the attribute."
    ) in said
    as_good = tables["truth"].with_columns(vote_ap_used=pl.lit(of[best]))
    (other,) = [t for t in findings(tables | {"truth": as_good}).more if "compiled" in t]
    assert "(and none of them alone more)" in other
    one = tables["truth"].filter(pl.col("ranking").is_in(["random", best]))
    (other,) = [t for t in findings(tables | {"truth": one}).more if "compiled" in t]
    assert "elect together" not in other
    found = findings(tables, compiled=["m"])
    assert said in found.more
    assert found.ranking_is_not_a_probe.verdict == "not measured"
    assert found.encoded_is_not_used.verdict == "not measured"
