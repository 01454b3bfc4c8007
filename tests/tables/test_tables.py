"""Facts about the tables: what was collected and measured, row by row, in plain Python."""

import csv
import json
import logging
from itertools import pairwise, product
from types import SimpleNamespace

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.commands import call
from tests.support.study_tables import by
from tests.support.treebank_files import read_text, sentence_of
from workflow_scripts import InputError
from workflow_scripts.command.plugins import load, names
from workflow_scripts.files.artifact import ArtifactError, made_by, write_parquet
from workflow_scripts.files.columns import COUNTS, WATCHED
from workflow_scripts.files.rankings import named
from workflow_scripts.interventions.outcomes import EXAMPLES as EXAMPLES_FILE
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.tables import build_table, collect
from workflow_scripts.tables.collections import NAMES
from workflow_scripts.tables.tables import (
    agreement,
    examples,
    inference,
    interventions,
    overlap,
    probing,
    probing_curves,
    saturation,
    used_vs_encoded,
    wilcoxon,
)

SCHEMAS = {
    name: load("collections", name).SCHEMA | ({} if name == "contrasts" else NAMES)
    for name in names("collections")
}
CONFIGURATION = ["model", "treebank", "attribute", "layer"]
RANKER = ["ranker", "direction"]
SCORES = [
    *("accuracy", "mi", "nmi", "control_accuracy", "selectivity", "majority"),
    *("control_majority", "unseen", "unseen_accuracy"),
]
ACCURACY_INTERVAL = ["accuracy_low", "accuracy_high"]
ABOVE_MAJORITY = ["above_majority_low", "above_majority_high"]
PROBING = [*CONFIGURATION, "probe", "ranking", "k", "split", *SCORES]
PROBING += [*ACCURACY_INTERVAL, *ABOVE_MAJORITY, "seen_accuracy", *RANKER]
SHARES = ["error_rate", "clwv", "cltv", "cltv_strict", "side_effect_rate"]
INTERVALS = [f"{share}_{end}" for share in SHARES for end in ("low", "high")]
STRICT = ["cltv_strict", "no_value"]
BESIDE = ["side_effect_rate", "unedited", "unedited_error_rate"]
REST = [
    "correct_lemma_correct_value",
    "wrong_lemma_correct_value",
    "wrong_lemma_wrong_value",
    "no_analysis",
]
INTERVENTIONS = [
    *CONFIGURATION,
    *("method", "ranking", "beta", "scaled", "k", "words", "error_rate", "clwv", "cltv"),
    *REST,
    *STRICT,
    *BESIDE,
    *INTERVALS,
    *RANKER,
]
SATURATION = [
    *CONFIGURATION,
    *("method", "ranking", "saturation_k", "clwv", "cltv", "error_rate", "error_rate_0"),
    *("saturated", "cltv_strict", "side_effect_rate"),
    *INTERVALS,
    *RANKER,
]
USED_VS_ENCODED = [
    *CONFIGURATION,
    *("method", "ranking", "probe", "point", "k"),
    *("accuracy", "selectivity", "clwv", "cltv", "error_rate", "cltv_strict"),
    "side_effect_rate",
    *ACCURACY_INTERVAL,
    *INTERVALS,
    *RANKER,
]
OF = {"model": "mbert", "treebank": "ewt", "attribute": "Part of Speech", "layer": 7}


def frame(rows, schema):
    return pl.DataFrame(rows, schema=schema, orient="row")


# Probing


def probes(max_k=5, rankings=("linear-ttb", "random"), names=("linear", "gaussian"), **of):
    """Scores of k = 1..max_k, each a number of its own; the linear probe has no control."""
    rows = [
        OF
        | of
        | by(ranking)
        | {"probe": probe, "k": k, "split": split}
        | {"accuracy": i / 1000, "mi": -i / 100, "nmi": i / 500, "majority": 0.5, "unseen": i}
        | ({"accuracy_low": i / 2000, "accuracy_high": i / 900} if split == "test" else {})
        | ({"control_accuracy": 0.25, "selectivity": i / 3000} if probe == "gaussian" else {})
        for i, (probe, ranking, split, k) in enumerate(
            product(names, rankings, SPLITS, range(1, max_k + 1))
        )
    ]
    return frame(rows, SCHEMAS["probes"])


def test_probing_has_the_reported_k_of_every_probe_ranking_and_split():
    collected = probes()
    table = probing.build({"probes": collected}, [2, 5, 9])  # 9: more neurons than there are
    assert table.columns == PROBING
    assert table.rows() == [row for row in collected.rows() if row[PROBING.index("k")] in (2, 5)]
    assert len(table) == 2 * 2 * 3 * 2


def test_probes_on_all_neurons_are_in_probing_whatever_their_k_and_in_no_curve():
    collected = pl.concat([probes(), probes(rankings=["all"]).filter(k=4)])
    table = probing.build({"probes": collected}, [2])
    assert table.filter(ranking="all").rows() == collected.filter(ranking="all").rows()
    assert len(table) == 2 * 2 * 3 + 2 * 3
    assert "all" not in probing_curves.build({"probes": collected})["ranking"]
    assert set(wilcoxon.build({"probes": collected}, [2, 4])["ranking"]) == {"linear-ttb", "random"}


def test_probing_curves_are_all_k_on_the_test_split():
    collected = probes()
    table = probing_curves.build({"probes": collected})
    assert table.columns == PROBING
    split = PROBING.index("split")
    assert table.rows() == [row for row in collected.rows() if row[split] == "test"]
    assert len(table) == 2 * 2 * 5


# Interventions


def counts(words, correct, clwv, cltv, *rest):
    """The counts of one k: of `clwv`, `cltv` have the target's value; `rest` as in REST.

    Half of `cltv` changes nothing else; half as many words are watched, of which a fifth changes.
    """
    assert words == correct + clwv + sum(rest)
    found = (words, correct, clwv, cltv, *rest, cltv // 2, (clwv - cltv) // 3)
    unedited = words // 2
    beside = (unedited, unedited // 5, unedited // 3)
    return dict(zip(("words", *COUNTS, *WATCHED), (*found, *beside), strict=True))


# clwv 0.1, 0.3, 0.31, 0.31: flat from the second point on, k = 10.
RISING = [
    counts(100, 80, 10, 0, 4, 3, 2, 1),
    counts(100, 50, 30, 20, 10, 5, 4, 1),
    counts(100, 40, 31, 21, 10, 9, 5, 5),
    counts(100, 30, 31, 22, 19, 9, 6, 5),
]
# clwv 0.3, 0.1, 0.1: flat from the start, k = 0.
FALLING = [
    counts(10, 6, 3, 1, 1, 0, 0, 0),
    counts(10, 8, 1, 1, 0, 1, 0, 0),
    counts(10, 9, 1, 0, 0, 0, 0, 0),
]
# clwv 0, 0.5, 1: no saturation, the last k.
CLIMBING = [
    counts(2, 2, 0, 0, 0, 0, 0, 0),
    counts(2, 1, 1, 1, 0, 0, 0, 0),
    counts(2, 0, 2, 1, 0, 0, 0, 0),
]
TRANSLATION = {"method": "translation", "beta": 8.0, "scaled": True, "has_target": True}
ABLATION = {"method": "ablation", "beta": None, "scaled": None, "has_target": False}


def curve(entry, ranking, points, step=10, **of):
    return [
        OF
        | of
        | entry
        | by(ranking)
        | {"k": k}
        | point
        | {
            name: (k + i) / 200
            for i, name in enumerate(INTERVALS)
            if entry["has_target"] or not name.startswith("cltv")
        }
        for k, point in zip(range(0, step * len(points), step), points, strict=True)
    ]


def collected_curves():
    rows = [
        *curve(TRANSLATION, "linear-ttb", RISING),
        *curve(ABLATION, "linear-ttb", FALLING),
        *curve(TRANSLATION, "random", CLIMBING, attribute="Tense", layer=2),
    ]
    return frame(rows, SCHEMAS["interventions"])


def test_interventions_are_counts_as_fractions_of_the_words_intervened_on():
    collected = collected_curves()
    table = interventions.build({"interventions": collected})
    assert table.columns == INTERVENTIONS
    for row, given in zip(table.to_dicts(), collected.to_dicts(), strict=True):
        for name in (*CONFIGURATION, "method", "ranking", "beta", "scaled", "k", "words"):
            assert row[name] == given[name]
        for name in ("clwv", *REST):
            assert row[name] == given[name] / given["words"]
        assert row["cltv"] == (given["cltv"] / given["words"] if given["has_target"] else None)
        strict = given["cltv_strict"] / given["words"] if given["has_target"] else None
        assert row["cltv_strict"] == strict
        assert row["no_value"] == given["no_value"] / given["words"]
        assert row["unedited"] == given["unedited"]
        for share, name in {
            "side_effect_rate": "side_effects",
            "unedited_error_rate": "unedited_errors",
        }.items():
            expected = given[name] / given["unedited"] if given["unedited"] else None
            assert row[share] == expected
        assert row["error_rate"] == pytest.approx(1 - given["correct"] / given["words"], abs=1e-15)
        for name in INTERVALS:
            assert row[name] == given[name]
            assert (row[name] is None) == (name.startswith("cltv") and row["cltv"] is None)


def test_what_is_not_correct_adds_up_to_the_error_rate():
    for row in interventions.build({"interventions": collected_curves()}).to_dicts():
        parts = [row[name] for name in ("clwv", *REST)]
        assert row["error_rate"] == pytest.approx(sum(parts), abs=1e-15)
        assert row["cltv"] is None or row["cltv"] <= row["clwv"]


def test_a_curve_without_words_has_no_rows():
    none = counts(0, 0, 0, 0, 0, 0, 0, 0)
    collected = frame(curve(TRANSLATION, "random", [none] * 3), SCHEMAS["interventions"])
    assert len(interventions.build({"interventions": collected})) == 0
    table = saturation.build({"interventions": collected})
    assert (table.columns, len(table)) == (SATURATION, 0)


@pytest.mark.parametrize("shuffled", [False, True])
def test_saturation_is_one_row_a_curve_with_what_is_true_at_that_k(shuffled):
    collected = collected_curves()
    if shuffled:  # the k of a curve need not come in order
        collected = collected[[3, 1, 0, 2, 6, 5, 4, 9, 7, 8]]
    table = saturation.build({"interventions": collected})
    assert table.columns == SATURATION
    words, tense = ("mbert", "ewt", "Part of Speech", 7), ("mbert", "ewt", "Tense", 2)
    ends = {k: tuple((k + i) / 200 for i in range(10)) for k in (0, 10, 20)}
    of_ablation = (*ends[0][:4], None, None, None, None, *ends[0][8:])
    at_0 = pytest.approx(0.2)
    top, drawn = ("linear", "ttb"), ("random", None)
    shares = {
        "translation": (10, 0.3, 0.2, 0.5, at_0, True, 0.1, 0.2, *ends[10]),
        "ablation": (0, 0.3, None, 0.4, 0.4, True, None, 0.2, *of_ablation),
        "of tense": (20, 1.0, 0.5, 1.0, 0.0, False, 0.0, 0.0, *ends[20]),
    }
    assert table.rows() == [
        (*words, "translation", "linear-ttb", *shares["translation"], *top),
        (*words, "ablation", "linear-ttb", *shares["ablation"], *top),
        (*tense, "translation", "random", *shares["of tense"], *drawn),
    ]


def test_two_methods_of_other_names_are_two_curves():
    weak = TRANSLATION | {"method": "weak", "beta": 2.0}
    rows = curve(TRANSLATION, "random", RISING) + curve(weak, "random", FALLING)
    collected = frame(rows, SCHEMAS["interventions"])
    table = saturation.build({"interventions": collected})
    assert table["method"].to_list() == ["translation", "weak"]
    assert table["saturation_k"].to_list() == [10, 0]


# Used against encoded


def points_by_hand(probe_rows, curves, saturated, report):
    """The table in plain Python: probes by name; curves and saturation points by their name."""
    names = list(dict.fromkeys(row["probe"] for row in probe_rows))
    encoded = {
        (*(row[c] for c in CONFIGURATION), row["ranking"], row["probe"], row["k"]): row
        for row in probe_rows
        if row["split"] == "test"
    }
    reported = [(row, "report") for row in curves if row["k"] in report and row["k"] > 0]
    at_saturation = [
        (row, "saturation")
        for point in saturated
        for row in curves
        if row["k"] == point["saturation_k"]
        and all(row[c] == point[c] for c in (*CONFIGURATION, "method", "ranking"))
    ]
    for (row, point), probe in product(reported + at_saturation, names):
        key = (*(row[c] for c in CONFIGURATION), row["ranking"], probe, row["k"])
        score = encoded.get(key, {})
        yield (
            *(row[c] for c in (*CONFIGURATION, "method", "ranking")),
            *(probe, point, row["k"], score.get("accuracy"), score.get("selectivity")),
            *(row[c] for c in ("clwv", "cltv", "error_rate", "cltv_strict", "side_effect_rate")),
            *(score.get(c) for c in ACCURACY_INTERVAL),
            *(row[c] for c in (*INTERVALS, *RANKER)),
        )


def test_used_vs_encoded_joins_probes_and_curves():
    report = [10, 15, 20, 30]  # 15 is not on the grid, 30 beyond the probed neurons
    scores = pl.concat([probes(20), probes(20, attribute="Tense", layer=2)])
    curves = collected_curves()
    table = used_vs_encoded.build({"probes": scores, "interventions": curves}, report)
    assert table.columns == USED_VS_ENCODED
    expected = points_by_hand(
        scores.to_dicts(),
        interventions.build({"interventions": curves}).to_dicts(),
        saturation.build({"interventions": curves}).to_dicts(),
        report,
    )
    assert table.rows() == list(expected)


def test_used_vs_encoded_has_no_accuracy_where_no_probe_was_run():
    curves = collected_curves()
    table = used_vs_encoded.build({"probes": probes(20), "interventions": curves}, [10, 30])
    empty = table.filter(pl.col("accuracy").is_null())
    found = set(empty.select("attribute", "method", "point", "k").rows())
    assert found == {
        ("Part of Speech", "translation", "report", 30),  # beyond the probed neurons
        ("Part of Speech", "ablation", "saturation", 0),  # no neuron, no probe
        ("Tense", "translation", "report", 10),  # not probed at all
        ("Tense", "translation", "saturation", 20),
    }
    assert empty["selectivity"].is_null().all()
    assert empty["clwv"].is_not_null().all()
    ablated = table.filter(pl.col("method") == "ablation")
    assert ablated["cltv"].is_null().all()


def test_reported_k_off_the_grid_and_saturation_beyond_the_probes_are_in_the_log(caplog):
    curves = {"probes": probes(5), "interventions": collected_curves()}
    with caplog.at_level(logging.WARNING):
        table = used_vs_encoded.build(curves, [3, 5])
    assert set(table["point"]) == {"saturation"}
    assert table["accuracy"].null_count() == len(table)
    assert "no k of neurons.report is on the grid" in caplog.text
    beyond = table.filter(pl.col("k") > 0)
    assert f"{len(beyond)} of {len(table)} rows have no accuracy" in caplog.text


# Commands


PLACES = [("Part of Speech", 7, "part-of-speech"), ("Number", 12, "number")]
RANKINGS = ("linear-ttb", "random")
METHODS = {
    "ablation": {"has_target": False},
    "beta2.5": {"beta": 8, "scaled": True, "has_target": True},  # a name may have a dot
}


def collected_of(folder, collection, stems, places=PLACES, **options):
    """What the command collects of `folder/{collection}/.../{stem}.parquet`."""
    patterns = [f"{folder}/{collection}/{{configuration}}/{stem}.parquet" for stem in stems]
    options |= {collection: patterns} if stems else {}
    options["configurations"] = [f"{place}/layer-{layer}" for _, layer, place in places]
    target = folder / f"collected/{collection}.parquet"
    call(collect, collection=collection, **options, collected=target)
    return pl.read_parquet(target)


def write_named(folder, place, stem, rows, **names):
    """Write rows of a configuration as the commands do, with what names them."""
    attribute, layer, room = place
    of = {"model": "mbert", "treebank": "ewt", "attribute": attribute, "layer": layer}
    path = folder / room / f"layer-{layer}" / f"{stem}.parquet"
    write_parquet(path, named(of | names, rows), made_by("test"))


def scores_file(folder, place, stem, base, **names):
    """Scores as a probe writes them: k = 1, 2 on each split; no control task."""
    n = 2 * len(SPLITS)
    none = pa.nulls(n, pa.float64())
    columns = {
        "k": pa.array([1, 2] * len(SPLITS), pa.int32()),
        "split": [split for split in SPLITS for _ in range(2)],
        "accuracy": [base + i / 8 for i in range(n)],
        "mi": [base - i for i in range(n)],
        "nmi": pa.array([None, *range(1, n)], pa.float64()),
        "control_accuracy": none,
        "selectivity": none,
        "majority": [0.5] * n,
        "control_majority": none,
        "unseen": pa.array(range(n), pa.int32()),
        "unseen_accuracy": none,
        "accuracy_low": pa.array([None] * (n - 2) + [0.25, 0.5], pa.float64()),
        "accuracy_high": pa.array([None] * (n - 2) + [0.75, 1], pa.float64()),
        "above_majority_low": none,
        "above_majority_high": none,
        "seen_accuracy": none,
    }
    rows = pa.table(columns)
    write_named(folder / "probes", place, stem, rows, **names)
    return rows.select(PROBING[6:-2]).to_pylist()


def test_probes_are_collected_with_the_names_of_their_configuration(tmp_path):
    expected = []
    stems = {f"{p}-by-{r}": (p, by(r)) for r, p in product(RANKINGS, ["gaussian", "linear"])}
    for base, (place, (stem, (probe, ranking))) in enumerate(product(PLACES, stems.items())):
        rows = scores_file(tmp_path, place, stem, float(base), **ranking, probe=probe)
        name, *ranker = ranking.values()
        expected += [("mbert", "ewt", *place[:2], probe, name, *r.values(), *ranker) for r in rows]
    collected = collected_of(tmp_path, "probes", stems)
    assert collected.columns == PROBING
    assert collected.schema == SCHEMAS["probes"]
    assert collected.rows() == expected


@pytest.mark.parametrize("collection", SCHEMAS)
def test_a_treebank_that_keeps_nothing_gives_empty_collections_with_all_columns(
    tmp_path, collection
):
    words = read_text(tmp_path, **dict.fromkeys(SPLITS, sentence_of("two", "words")))
    options = {"words_test": words / "test.parquet", "report": [10], "seed": 1}
    options |= {"describe": 20}
    found = collected_of(tmp_path, collection, [], places=[], **options)
    assert (found.schema, len(found)) == (SCHEMAS[collection], 0)


def test_a_damaged_file_is_named_when_it_is_collected(tmp_path):
    path = tmp_path / "probes/number/layer-12/linear-by-random.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 half")
    with pytest.raises(ArtifactError, match=r"linear-by-random\.parquet: .* delete it"):
        collected_of(tmp_path, "probes", ["linear-by-random"], places=PLACES[1:])
    assert not (tmp_path / "collected").exists()


def ranking_file(folder, place, d, seed, **names):
    """A ranking of `d` neurons as a ranker writes it; return its neurons."""
    neurons = np.random.default_rng(seed).permutation(d)
    columns = {
        "position": pa.array(range(d), pa.int32()),
        "neuron": pa.array(neurons, pa.int32()),
        "score": pa.array([0.0] * d),
    }
    write_named(folder / "rankings", place, names["ranking"], pa.table(columns), **names)
    return neurons.tolist()


def test_the_first_hundred_neurons_of_each_ranking_are_collected(tmp_path):
    expected = []
    widths = {"Part of Speech": 130, "Number": 7}
    for seed, (place, ranking) in enumerate(product(PLACES, RANKINGS)):
        d = widths[place[0]]
        neurons = ranking_file(tmp_path, place, d, seed, **by(ranking))
        name, *ranker = by(ranking).values()
        expected += [
            ("mbert", "ewt", *place[:2], name, d, i, neuron, *ranker)
            for i, neuron in enumerate(neurons[:100])
        ]
    collected = collected_of(tmp_path, "rankings", RANKINGS)
    assert collected.schema == SCHEMAS["rankings"]
    assert collected.rows() == expected


SENTENCES = [["two", "individuals", "met"], ["New York", "is", "big"]]


def outcome_files(folder, place, seed, n_examples, **names):
    """Counts and examples of one curve, as an intervention writes them: two k, two sentences."""
    measured = (*COUNTS, *WATCHED)
    rows = [
        {"k": k, "sentence": sentence, "words": 40}
        | {name: (seed + 3 * i + 7 * k + sentence) % 5 for i, name in enumerate(measured)}
        | {"unedited": 9 * sentence + seed % 2}
        | ({"cltv_strict": None} if seed % 4 == 3 else {})  # as for the word class
        for k in (0, 10)
        for sentence in (0, 1)
    ]
    schema = pa.schema(dict.fromkeys(rows[0], pa.int32()))
    counted = pa.Table.from_pylist(rows, schema=schema)
    found = [
        {"k": 10, "sentence": i % 2, "word": (i + 1) % 2, "value": "PL", "target": None}
        | {"form": "x", "predicted": f"w{i}"}
        for i in range(n_examples)
    ]
    changed = pa.Table.from_pylist(found, schema=EXAMPLES_FILE)
    stem = f"{names['method']}-by-{names['ranking']}"
    write_named(folder / "interventions", place, stem, counted, **names)
    write_named(folder / "examples", place, stem, changed, **names)
    return rows, found


def collected_outcomes(folder, stems, **options):
    """Collected interventions and examples."""
    texts = "".join(sentence_of(*words) for words in SENTENCES)
    words = read_text(folder, train=texts, dev=texts, test=texts) / "test.parquet"
    return {
        "interventions": collected_of(folder, "interventions", stems, **options),
        "examples": collected_of(folder, "examples", stems, words_test=words, **options),
    }


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Collected interventions and examples, and what each curve was made of."""
    folder = tmp_path_factory.mktemp("outcomes")
    n_examples = [0, 1, 10, 37, 3, 11, 20, 9]
    curves = list(product(PLACES, RANKINGS, METHODS))
    files = {}
    for seed, (n, (place, ranking, method)) in enumerate(zip(n_examples, curves, strict=True)):
        names = by(ranking) | {"method": method} | METHODS[method]
        files[place[:2], ranking, method] = outcome_files(folder, place, seed, n, **names)
    return collected_outcomes(folder, [f"{m}-by-{r}" for r in RANKINGS for m in METHODS]), files


def test_interventions_are_collected_as_sums_over_sentences(outcomes):
    collected, files = outcomes
    table = collected["interventions"]
    assert table.schema == SCHEMAS["interventions"]
    expected = []
    for (place, ranking, method), (rows, _) in files.items():
        options = (None, None, False) if method == "ablation" else (8.0, True, True)
        name, *ranker = by(ranking).values()
        for k in (0, 10):
            sums = [
                None if rows[0][name] is None else sum(r[name] for r in rows if r["k"] == k)
                for name in ("words", *COUNTS, *WATCHED)
            ]
            expected.append(("mbert", "ewt", *place, method, name, *options, k, *sums, *ranker))
    assert table.drop(INTERVALS).rows() == expected


def test_a_curve_has_the_intervals_of_its_shares_over_sentences(outcomes):
    collected, files = outcomes
    for ((attribute, _), ranking, method), (rows, _) in files.items():
        curve = collected["interventions"].filter(
            attribute=attribute, ranking=ranking, method=method
        )
        for row in curve.to_dicts():
            here = [r for r in rows if r["k"] == row["k"]]
            totals = np.array([r["words"] for r in here])
            shares = {
                "error_rate": [r["words"] - r["correct"] for r in here],
                "clwv": [r["clwv"] for r in here],
                "cltv": [r["cltv"] for r in here],
                "cltv_strict": [r["cltv_strict"] or 0 for r in here],
                "side_effect_rate": [r["side_effects"] for r in here],
            }
            unedited = np.array([r["unedited"] for r in here])
            for name, hits in shares.items():
                of = unedited if name == "side_effect_rate" else totals
                low, high = ratio_interval(np.array(hits)[:, None], of)
                expected = tuple(None if np.isnan(end) else end for end in (low[0], high[0]))
                of_target = name.startswith("cltv") and method == "ablation"
                if of_target or (name == "cltv_strict" and rows[0][name] is None):
                    expected = (None, None)
                assert (row[f"{name}_low"], row[f"{name}_high"]) == expected


def test_at_most_ten_examples_of_a_curve_are_kept_evenly_spread(outcomes):
    collected, files = outcomes
    table = collected["examples"]
    assert table.schema == SCHEMAS["examples"] | {"beta": pl.Float64, "scaled": pl.Boolean}
    for ((attribute, _), ranking, method), (_, found) in files.items():
        kept = table.filter(attribute=attribute, ranking=ranking, method=method)["predicted"]
        places = [int(word[1:]) for word in kept]
        assert len(places) == min(10, len(found))
        if len(found) <= 10:
            assert places == list(range(len(found)))
        else:
            assert (places[0], places[-1]) == (0, len(found) - 1)
            gaps = {later - earlier for earlier, later in pairwise(places)}
            assert max(gaps) - min(gaps) <= 1
    assert len(table) == sum(min(10, len(found)) for _, found in files.values())


def test_an_example_shows_its_change_in_the_sentence(outcomes):
    table = outcomes[0]["examples"]
    for row in table.to_dicts():
        words = list(SENTENCES[row["sentence"]])
        assert row["text"] == " ".join(words)
        words[row["word"]] = f"[{words[row['word']]} → {row['predicted']}]"
        assert row["change"] == " ".join(words)
    assert "two [individuals → w0] met" in table["change"].to_list()
    assert "[New York → w1] is big" in table["change"].to_list()
    assert table["target"].is_null().all()


def test_the_examples_are_a_table_as_they_are(outcomes):
    found = outcomes[0]["examples"]
    assert examples.build({"examples": found}).equals(found)


def test_options_of_a_ranker_and_of_a_method_are_last_columns_empty_for_the_others(tmp_path):
    """`penalty` of one ranker, `alpha` of one method; another treebank has neither."""
    penalties = {"linear-ttb": {"penalty": 2}, "random": {}}
    methods = {"mine": {"alpha": 0.5}, "ablation": {}}
    (place,) = places = PLACES[1:]
    for ranking, method in product(penalties, methods):
        names = by(ranking) | penalties[ranking]
        ranking_file(tmp_path, place, 20, 1, **names)
        scores_file(tmp_path, place, f"linear-by-{ranking}", 0.1, **names, probe="linear")
        names |= {"method": method, **methods[method], "has_target": False}
        outcome_files(tmp_path, place, 1, 2, **names)
    found = {"rankings": collected_of(tmp_path, "rankings", RANKINGS, places=places)}
    stems = [f"linear-by-{ranking}" for ranking in RANKINGS]
    found["probes"] = collected_of(tmp_path, "probes", stems, places=places)
    stems = [f"{method}-by-{ranking}" for ranking, method in product(RANKINGS, methods)]
    found |= collected_outcomes(tmp_path, stems, places=places)
    others = {
        "probes": probes().with_columns(treebank=pl.lit("other")),
        "interventions": collected_curves().with_columns(treebank=pl.lit("other")),
    }
    for name, frame in others.items():
        write_parquet(tmp_path / f"{name}.parquet", frame.to_arrow(), made_by("test"))
        paths = [tmp_path / "collected" / f"{name}.parquet", tmp_path / f"{name}.parquet"]
        table = {"probes": "probing"}.get(name, name)
        written = build(tmp_path, table, {name: paths}, report=[1, 2])["parquet"]
        found[f"table {table}"] = pl.read_parquet(written)
    for name, rows in found.items():
        options = ["penalty", "alpha"] if "method" in rows.columns else ["penalty"]
        assert rows.columns[-2 - len(options) :] == ["ranker", "direction", *options], name
        treebanks = {"ewt", "other"} if name.startswith("table") else {"ewt"}
        assert set(rows["treebank"]) == treebanks
        for row in rows.to_dicts():
            here = row["treebank"] == "ewt"
            assert row["penalty"] == (penalties[row["ranking"]].get("penalty") if here else None)
            if "alpha" in options:
                assert row["alpha"] == (methods[row["method"]].get("alpha") if here else None)


# What plugins are given


@pytest.mark.parametrize(
    ("use", "ask"),
    [
        ("seed", lambda task: task.seed()),
        ("report", lambda task: task.report()),
        ("words", lambda task: task.words()),
        ("sentences", lambda task: task.files("sentences")),
    ],
)
def test_a_collection_is_refused_what_it_does_not_declare(tmp_path, monkeypatch, use, ask):
    plugin = SimpleNamespace(USES=("probes",), collect=ask)
    monkeypatch.setattr(collect, "load", lambda *_: plugin)
    options = {"words_test": "x.parquet", "report": [1], "seed": 1, "sentences": "x.parquet"}
    with pytest.raises(TypeError, match=f"must have '{use}' in its USES"):
        collected_of(tmp_path, "probes", ["x"], **options)


def test_a_collection_that_draws_needs_a_seed(tmp_path):
    with pytest.raises(InputError, match="--seed: collection contrasts uses seed"):
        collected_of(tmp_path, "contrasts", [], report=[1])


@pytest.mark.parametrize("uses", [(), ("report",), ("seed",), ("report", "seed")])
def test_a_table_is_given_what_it_declares_and_no_more(collections, tmp_path, monkeypatch, uses):
    def rows(frames, **given):
        assert (tuple(frames), tuple(given)) == (("probes",), uses)
        return frames["probes"]

    plugin = SimpleNamespace(USES=("probes", *uses), build=rows)
    monkeypatch.setattr(build_table, "load", lambda *_: plugin)
    assert build(tmp_path, "mine", collections)["csv"].exists()


# Files of tables


def text_of(value):
    """A value as it stands in the CSV."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def same(cell, value):
    return float(cell) == value if isinstance(value, float) else cell == text_of(value)


TABLES = {
    "probing": PROBING,
    "probing_curves": PROBING,
    "interventions": INTERVENTIONS,
    "saturation": SATURATION,
    "used_vs_encoded": USED_VS_ENCODED,
    "examples": list(SCHEMAS["examples"]),
    "wilcoxon": list(wilcoxon.SCHEMA),
    "overlap": list(overlap.SCHEMA),
    "agreement": list(agreement.SCHEMA),
    "contrasts": list(SCHEMAS["contrasts"]),
    "inference": list(inference.SCHEMA),
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory):
    """The collected files of two treebanks, by name, as the options of `build_table`."""
    folder = tmp_path_factory.mktemp("collections")
    example = OF | by("random") | {"method": "ablation", "k": 0, "sentence": 0, "word": 0}
    example |= {"value": "PL", "target": None, "form": "a", "predicted": ""}
    example |= {"text": 'a "b", c', "change": '[a → ] "b", c'}
    frames = {
        "probes": [probes(20), probes(20, treebank="imst", layer=2)],
        "interventions": [collected_curves(), collected_curves()[:4]],
        "examples": [
            frame([example], SCHEMAS["examples"]),
            frame([], SCHEMAS["examples"]),
        ],
        "rankings": [
            frame(
                [
                    OF
                    | by(f"{ranker}-ttb")
                    | {"treebank": treebank, "n_neurons": 12}
                    | {"position": i, "neuron": (step * i) % 12}
                    for ranker, step in (("linear", 1), ("gaussian", 5))
                    for i in range(12)
                ],
                SCHEMAS["rankings"],
            )
            for treebank in ("ewt", "imst")
        ],
    }
    contrast = OF | {"measure": "area", "probe": "linear", "ranking": "a", "other_ranking": "b"}
    contrast |= {"difference": 0.25, "low": 0.0, "high": 0.5, "p_adjusted": 0.01}
    frames["contrasts"] = [
        frame([contrast | {"treebank": treebank}], SCHEMAS["contrasts"])
        for treebank in ("ewt", "imst")
    ]
    # The second treebank has another name everywhere.
    frames["interventions"][1] = frames["interventions"][1].with_columns(treebank=pl.lit("imst"))
    paths = {}
    for name, parts in frames.items():
        paths[name] = [folder / f"{name}-{i}.parquet" for i in range(len(parts))]
        for path, part in zip(paths[name], parts, strict=True):
            write_parquet(path, part.to_arrow(), made_by("collect"))
    return paths


def build(folder, table, collections, report=(10, 20, 30)):
    paths = {kind: folder / f"{table}.{kind}" for kind in ("csv", "parquet")}
    job = json.dumps({"settings": {"table": table}})
    call(build_table, made_by=job, table=table, report=report, seed=1, **collections, **paths)
    return paths


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_parquet_of_a_table_are_equal_and_the_same_bytes_twice(
    table, collections, tmp_path
):
    paths = build(tmp_path, table, collections)
    parquet = pl.read_parquet(paths["parquet"])
    with paths["csv"].open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == parquet.columns == TABLES[table]
    assert header[:4] == CONFIGURATION
    assert len(rows) == len(parquet) > 0
    for row, values in zip(rows, parquet.rows(), strict=True):
        assert all(same(cell, value) for cell, value in zip(row, values, strict=True))
    again = build(tmp_path / "again", table, collections)
    for kind, path in paths.items():
        assert path.read_bytes() == again[kind].read_bytes()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_every_treebank_that_was_collected(table, collections, tmp_path):
    parquet = pl.read_parquet(build(tmp_path, table, collections)["parquet"])
    expected = ["ewt"] if table == "examples" else ["ewt", "imst"]
    assert parquet["treebank"].drop_nulls().unique().sort().to_list() == expected


def test_a_table_says_what_made_it_and_where_nothing(collections, tmp_path):
    path = build(tmp_path, "saturation", collections)["parquet"]
    (made,) = (
        json.loads(v) for k, v in pq.read_metadata(path).metadata.items() if k == b"neuron-pitfalls"
    )
    assert made["command"] == "build_table"
    assert made["job"] == {"settings": {"table": "saturation"}}
    assert "polars" in made["versions"]
    assert str(tmp_path).encode() not in path.read_bytes()
