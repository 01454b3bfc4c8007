"""Facts about probing: every column of its tables, recomputed word by word from the formulas."""

import hashlib
from collections import Counter
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import formulas_gaussian, formulas_linear
from tests.support.commands import call
from tests.support.treebank_files import words_of
from workflow_scripts.activations import extract_activations
from workflow_scripts.command import configuration
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import IDENTITY
from workflow_scripts.files.probed_sentences import probed_sentences
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.kernels.softmax_regression import initial_weights
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.probes import probe_all_neurons, probe_rankings
from workflow_scripts.probes.probes import Losses
from workflow_scripts.probes.scoring import scores
from workflow_scripts.rankings import compute_statistics, rank_by_control, rank_neurons
from workflow_scripts.words import keep_values

SEED = 3
ATTRIBUTE = "Part of Speech"
NAMES = {
    "model": "tiny",
    "treebank": "english",
    "attribute": ATTRIBUTE,
    "layer": 2,
}
WIDTH = 16
PROBES = ("linear", "gaussian")
INTERVAL = ["accuracy_low", "accuracy_high"]
COLUMNS = [
    *("accuracy", "mi", "nmi", "control_accuracy", "selectivity", "majority"),
    *("control_majority", "unseen", "unseen_accuracy", *INTERVAL),
    *("above_majority_low", "above_majority_high", "seen_accuracy"),
]


def with_splits(paths, name):
    return {f"{name}_{split}": path for split, path in paths.items()}


@pytest.fixture(scope="module")
def study(tiny_model, small_treebank, tmp_path_factory):
    """Files of the tiny model's word classes at layer 2, and the two rankings of Probeless."""
    folder = tmp_path_factory.mktemp("probing")
    words = words_of(small_treebank / "words")
    attributes = folder / "attributes.csv"
    call(keep_values, **words, min_types=15, attributes=attributes)
    call(
        extract_activations,
        model=tiny_model,
        **words,
        layers=[2],
        activations=f"{folder}/{{layer}}-{{split}}.parquet",
    )
    study = SimpleNamespace(
        folder=folder,
        attributes=attributes,
        words={split: words[f"words_{split}"] for split in SPLITS},
        activations={split: folder / f"2-{split}.parquet" for split in SPLITS},
        statistics=folder / "statistics.safetensors",
        rankings=[folder / f"probeless-{direction}.parquet" for direction in ("ttb", "btt")],
    )
    train = {"words_train": study.words["train"], "activations_train": study.activations["train"]}
    dev = {"words_dev": study.words["dev"], "activations_dev": study.activations["dev"]}
    made = {"statistics": study.statistics, "seed": SEED}
    call(
        compute_statistics,
        **NAMES,
        **train,
        attributes=attributes,
        control="uniform",
        **made,
    )
    call(
        rank_neurons,
        **train,
        **dev,
        **made,
        ranker="probeless",
        max_neurons=WIDTH,
        rankings=study.rankings,
    )
    return study


def probe_both_rankings(study, folder, probe, control, max_neurons, activations=None, **options):
    """The table that one call of the command writes for each ranking."""
    scores = [folder / f"{probe}-{i}.parquet" for i in range(2)]
    call(
        probe_rankings,
        seed=SEED,
        **with_splits(study.words, "words"),
        **with_splits(activations or study.activations, "activations"),
        rankings=study.rankings,
        probe=probe,
        max_neurons=max_neurons,
        statistics=study.statistics,
        scores=scores,
        sentences=[folder / f"{probe}-{i}-sentences.parquet" for i in range(2)],
        **({"control": "uniform"} if control else {}),
        **options,
    )
    return [read_parquet(path) for path in scores]


# The same by hand: words as a list, a probe at a time.


def labelled_by_hand(study, activations, split):
    """Vectors (n, d) float32, forms, and value indices of the words with a kept value."""
    values = kept_values(study.attributes)[ATTRIBUTE]
    vectors = {
        (row["sentence"], row["word"]): row["activation"]
        for row in read_parquet(activations[split]).to_pylist()
    }
    x, forms, y = [], [], []
    for word in read_parquet(study.words[split]).to_pylist():
        place = word["sentence"], word["word"]
        if word[ATTRIBUTE] in values and place in vectors:
            x.append(vectors[place])
            forms.append(word["form"])
            y.append(values.index(word[ATTRIBUTE]))
    return np.array(x, np.float32).reshape(-1, WIDTH), forms, np.array(y, int)


def control_by_hand(forms, n_values):
    digests = [hashlib.blake2b(f"{SEED}\t{f}".encode(), digest_size=8).digest() for f in forms]
    return np.array([int.from_bytes(digest, "big") % n_values for digest in digests], int)


def linear_by_hand(train, y_train, neurons, n_values):
    """A function of words and labels: which are right, and mean -log₂ p(label)."""
    k = len(neurons)
    stream = configuration.stream(Configuration(**NAMES, values=()), SEED)
    start = initial_weights(stream("linear", k), k, n_values)
    weights, bias, _ = formulas_linear.train_linear(train[:, neurons], y_train, *start)[-1]

    def evaluate(x, y):
        given = x[:, neurons], y, weights, bias
        right = (x[:, neurons] @ weights.T + bias).argmax(axis=1) == y
        assert right.mean() == pytest.approx(formulas_linear.accuracy(*given), abs=0.004)
        return right, formulas_linear.conditional_entropy(*given)

    return evaluate


def gaussian_by_hand(train, y_train, neurons, n_values):
    """As `linear_by_hand`."""
    parameters = formulas_gaussian.map_parameters(train, y_train, n_values)

    def evaluate(x, y):
        log_p = formulas_gaussian.posterior(parameters, neurons, x)
        return log_p.argmax(axis=1) == y, formulas_gaussian.conditional_entropy(log_p, y)

    return evaluate


BY_HAND = {"linear": linear_by_hand, "gaussian": gaussian_by_hand}


@pytest.fixture(scope="module")
def rows_by_hand(study):
    """`rows_by_hand(probe, ranking)`: {(split, k): columns} of the control task too."""
    n_values = len(kept_values(study.attributes)[ATTRIBUTE])
    assert n_values > 2
    words = {split: labelled_by_hand(study, study.activations, split) for split in SPLITS}
    control = {split: control_by_hand(forms, n_values) for split, (_, forms, _) in words.items()}
    seen = set(words["train"][1])

    @cache
    def rows(probe, ranking):
        neurons = read_parquet(study.rankings[ranking]).column("neuron").to_pylist()
        found = {}
        for k in range(1, WIDTH + 1):
            train, _, y_train = words["train"]
            probe_k = BY_HAND[probe](train, y_train, neurons[:k], n_values)
            control_k = BY_HAND[probe](train, control["train"], neurons[:k], n_values)
            for split, (x, forms, y) in words.items():
                right, conditional_entropy = probe_k(x, y)
                accuracy = right.mean()
                control_accuracy = control_k(x, control[split])[0].mean()
                hits = list(zip(right.tolist(), forms, strict=True))
                unseen = [hit for hit, form in hits if form not in seen]
                of_seen = [hit for hit, form in hits if form in seen]
                mi = formulas_gaussian.entropy(y) - conditional_entropy
                found[split, k] = {
                    "accuracy": accuracy,
                    "mi": mi,
                    "nmi": mi / formulas_gaussian.entropy(y),
                    "control_accuracy": control_accuracy,
                    "selectivity": accuracy - control_accuracy,
                    "majority": max(Counter(y.tolist()).values()) / len(y),
                    "control_majority": max(Counter(control[split].tolist()).values()) / len(y),
                    "unseen": len(unseen),
                    "unseen_accuracy": sum(unseen) / len(unseen) if unseen else None,
                    "seen_accuracy": sum(of_seen) / len(of_seen) if of_seen else None,
                }
        return found

    return rows


# The linear probe is trained in float32, in another order of sums: on another processor a word or
# two of the 500 and more may be on the other side of a close choice.
TOLERANCE = {
    "linear": {"accuracy": 0.004, "seen_accuracy": 0.008, "mi": 1e-5, "nmi": 1e-5},
    "gaussian": {"accuracy": 1e-12, "mi": 1e-9, "nmi": 1e-9},
}


@pytest.mark.parametrize("max_neurons", [5, 20])
@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("probe", PROBES)
def test_every_column_of_both_rankings_equals_the_formulas(
    study, rows_by_hand, tmp_path, probe, control, max_neurons
):
    tables = probe_both_rankings(study, tmp_path, probe, control, max_neurons)
    largest = {5: 5, 20: WIDTH}[max_neurons]
    for ranking, table in enumerate(tables):
        assert table.column_names == [*IDENTITY, "probe", "k", "split", *COLUMNS]
        rows = table.to_pylist()
        direction = ("ttb", "btt")[ranking]
        of = [*NAMES.values(), f"probeless-{direction}", "probeless", direction, probe]
        assert {tuple(row.values())[:8] for row in rows} == {tuple(of)}
        places = [(split, k) for split in SPLITS for k in range(1, largest + 1)]
        assert [(row["split"], row["k"]) for row in rows] == places
        expected = rows_by_hand(probe, ranking)
        for row in rows:
            for column, value in expected[row["split"], row["k"]].items():
                of_control = ("control_accuracy", "selectivity", "control_majority")
                if (column in of_control and not control) or value is None:
                    assert row[column] is None
                    continue
                kind = "accuracy" if column in of_control[:2] else column
                if column == "unseen_accuracy":  # of fewer words: two of them
                    value = pytest.approx(value, abs=2.5 / row["unseen"])
                    assert row[column] == value, (column, row)
                    continue
                tolerance = TOLERANCE[probe].get(kind, 1e-12)
                assert row[column] == pytest.approx(value, abs=tolerance), (column, row)
    assert tables[0] != tables[1]


@pytest.fixture(scope="module")
def control_rankings(study):
    """The two rankings of Probeless by control labels."""
    made = [study.folder / f"by-control-{direction}.parquet" for direction in ("ttb", "btt")]
    call(
        rank_by_control,
        ranker="probeless",
        control="uniform",
        seed=SEED,
        statistics=study.statistics,
        rankings=made,
    )
    return made


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES)
def test_with_control_rankings_the_control_task_has_their_neurons_and_all_else_stays(
    study, control_rankings, tmp_path, probe
):
    (tmp_path / "by control").mkdir()
    usual = probe_both_rankings(study, tmp_path, probe, True, 5)
    given = {"control_rankings": control_rankings}
    tables = probe_both_rankings(study, tmp_path / "by control", probe, True, 5, **given)
    n_values = len(kept_values(study.attributes)[ATTRIBUTE])
    words = {split: labelled_by_hand(study, study.activations, split) for split in SPLITS}
    control = {split: control_by_hand(forms, n_values) for split, (_, forms, _) in words.items()}
    of_control = ["control_accuracy", "selectivity"]
    for i, (table, before, path) in enumerate(zip(tables, usual, control_rankings, strict=True)):
        assert table.drop_columns(of_control) == before.drop_columns(of_control)
        assert table.column("control_accuracy") != before.column("control_accuracy")
        neurons = read_parquet(path).column("neuron").to_pylist()
        train = words["train"][0]
        for row in table.to_pylist():
            evaluate = BY_HAND[probe](train, control["train"], neurons[: row["k"]], n_values)
            x, labels = words[row["split"]][0], control[row["split"]]
            expected = pytest.approx(
                evaluate(x, labels)[0].mean(), abs=TOLERANCE[probe]["accuracy"]
            )
            assert row["control_accuracy"] == expected
            assert row["selectivity"] == row["accuracy"] - row["control_accuracy"]
        name = f"{probe}-{i}-sentences.parquet"
        assert read_parquet(tmp_path / "by control" / name) == read_parquet(tmp_path / name)


def test_a_ranker_that_finds_nothing_in_control_labels_leaves_the_control_task_empty(
    study, control_rankings, tmp_path
):
    empty = [tmp_path / f"empty-{path.name}" for path in control_rankings]
    for path, written in zip(control_rankings, empty, strict=True):
        write_parquet(written, read_parquet(path).slice(0, 0), made_by("test"))
    given = {"control_rankings": empty}
    for table in probe_both_rankings(study, tmp_path, "gaussian", True, 5, **given):
        for column in ("control_accuracy", "selectivity", "control_majority"):
            assert set(table.column(column).to_pylist()) == {None}
        assert None not in table.column("accuracy").to_pylist()


def test_control_rankings_that_are_not_those_of_the_control_task_are_refused(
    study, control_rankings, tmp_path
):
    def refused(match, rankings, control=True):
        with pytest.raises(ValueError, match=match):
            probe_both_rankings(study, tmp_path, "gaussian", control, 5, control_rankings=rankings)

    refused("--control-rankings: one file for each ranking, or none", control_rankings[:1])
    refused("ranks by values, and not by control labels", study.rankings)
    refused(
        "is of probeless-btt, and the ranking beside it of probeless-ttb", control_rankings[::-1]
    )
    refused("ranks by uniform control labels, not None", control_rankings, control=False)


def test_the_two_accuracies_add_up_to_the_whole_and_are_empty_where_no_word_is():
    y, unseen = np.array([0, 1, 1, 0, 1], np.int32), np.array([True, False, False, True, False])
    correct = np.array([[True, True, False, False, True], [False, True, True, False, True]])
    losses = {"values": Losses(correct.mean(axis=1), np.ones(2), correct)}

    def found(unseen):
        rows = scores("dev", [1, 2], {"values": y}, 2, losses, unseen, None)
        return [rows.column(f"{name}_accuracy").to_pylist() for name in ("seen", "unseen")]

    of_seen, of_unseen = found(unseen)
    assert of_seen == [2 / 3, 1.0]
    assert of_unseen == [0.5, 0.0]
    whole = (np.array(of_seen) * 3 + np.array(of_unseen) * 2) / 5
    assert whole.tolist() == pytest.approx(correct.mean(axis=1).tolist(), abs=1e-12)
    assert found(np.ones(5, bool)) == [[None, None], correct.mean(axis=1).tolist()]
    assert found(np.zeros(5, bool)) == [correct.mean(axis=1).tolist(), [None, None]]


def sentences_by_hand(study, activations):
    """The sentence of each test word with a kept value, in corpus order."""
    values = kept_values(study.attributes)[ATTRIBUTE]
    there = {(r["sentence"], r["word"]) for r in read_parquet(activations["test"]).to_pylist()}
    return [
        word["sentence"]
        for word in read_parquet(study.words["test"]).to_pylist()
        if word[ATTRIBUTE] in values and (word["sentence"], word["word"]) in there
    ]


def test_test_accuracy_has_its_interval_over_sentences_and_the_other_splits_none(study, tmp_path):
    n_values = len(kept_values(study.attributes)[ATTRIBUTE])
    train, _, y_train = labelled_by_hand(study, study.activations, "train")
    x, _, y = labelled_by_hand(study, study.activations, "test")
    parameters = formulas_gaussian.map_parameters(train, y_train, n_values)
    sentences = sentences_by_hand(study, study.activations)
    numbers = sorted(set(sentences))
    totals = np.array([sentences.count(number) for number in numbers])
    tables = probe_both_rankings(study, tmp_path, "gaussian", True, 5)
    for ranking, table in zip(study.rankings, tables, strict=True):
        neurons = read_parquet(ranking).column("neuron").to_pylist()
        for row in table.to_pylist():
            if row["split"] != "test":
                assert [row[column] for column in INTERVAL] == [None, None]
                continue
            right = formulas_gaussian.posterior(parameters, neurons[: row["k"]], x).argmax(1) == y
            hits = dict.fromkeys(numbers, 0)
            for number, hit in zip(sentences, right.tolist(), strict=True):
                hits[number] += hit
            right_words = np.array(list(hits.values()))
            low, high = ratio_interval(right_words[:, None], totals)
            assert [row[column] for column in INTERVAL] == [low[0], high[0]]
            assert low[0] < row["accuracy"] < high[0]
            of_most = dict.fromkeys(numbers, 0)
            for number, label in zip(sentences, y.tolist(), strict=True):
                of_most[number] += label == Counter(y.tolist()).most_common()[0][0]
            above = right_words - np.array(list(of_most.values()))
            low, high = ratio_interval(above[:, None], totals)
            assert [row["above_majority_low"], row["above_majority_high"]] == [low[0], high[0]]


@pytest.mark.parametrize("probe", PROBES)
def test_the_sentence_file_adds_up_to_the_accuracy_at_every_k(study, tmp_path, probe):
    tables = probe_both_rankings(study, tmp_path, probe, False, 5)
    for i, table in enumerate(tables):
        found = probed_sentences(read_parquet(tmp_path / f"{probe}-{i}-sentences.parquet"))
        of = sentences_by_hand(study, study.activations)
        assert found.sentences.tolist() == sorted(set(of))
        assert found.words.tolist() == [of.count(number) for number in sorted(set(of))]
        accuracy = [r["accuracy"] for r in table.to_pylist() if r["split"] == "test"]
        assert (found.correct.sum(axis=0) / found.words.sum()).tolist() == pytest.approx(accuracy)
        assert (found.correct <= found.words[:, None]).all()


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_on_all_neurons_is_one_row_a_split_in_index_order(study, tmp_path, probe):
    target = tmp_path / "all.parquet"
    call(
        probe_all_neurons,
        seed=SEED,
        **with_splits(study.words, "words"),
        **with_splits(study.activations, "activations"),
        probe=probe,
        statistics=study.statistics,
        scores=[target],
        control="uniform",
    )
    rows = read_parquet(target).to_pylist()
    of = (*NAMES.values(), "all", None, None, probe)
    assert {tuple(row.values())[:8] for row in rows} == {of}
    assert [(row["k"], row["split"]) for row in rows] == [(WIDTH, split) for split in SPLITS]
    n_values = len(kept_values(study.attributes)[ATTRIBUTE])
    train, _, y_train = labelled_by_hand(study, study.activations, "train")
    evaluate = BY_HAND[probe](train, y_train, list(range(WIDTH)), n_values)
    for row in rows:
        x, _, y = labelled_by_hand(study, study.activations, row["split"])
        right, _ = evaluate(x, y)
        tolerance = TOLERANCE[probe]["accuracy"]
        assert row["accuracy"] == pytest.approx(right.mean(), abs=tolerance)
        assert row["control_accuracy"] is not None


def test_both_probes_have_intervals_around_their_accuracy(study, tmp_path):
    for table in probe_both_rankings(study, tmp_path, "linear", False, 5):
        for row in table.to_pylist()[-5:]:
            assert row["split"] == "test"
            assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]


def test_probes_rankings_and_labels_differ_by_more_than_the_tolerance(rows_by_hand):
    """So that one taken for another would be seen."""
    rows = [rows_by_hand(probe, ranking)["test", 8] for probe in PROBES for ranking in range(2)]
    accuracies = sorted(row["accuracy"] for row in rows)
    assert min(np.diff(accuracies)) > 0.008
    assert min(row["selectivity"] for row in rows) > 0.03


# Splits without words, or with one value.


@pytest.fixture(scope="module")
def poor_activations(study):
    """Activation files in which dev has no word with the attribute, and test nouns alone.

    As after a model that could not read the other sentences.
    """

    def only(split, wanted):
        words = {
            (w["sentence"], w["word"]): w for w in read_parquet(study.words[split]).to_pylist()
        }
        table = read_parquet(study.activations[split])
        places = zip(*(table.column(c).to_pylist() for c in ("sentence", "word")), strict=True)
        rows = [i for i, place in enumerate(places) if words[place][ATTRIBUTE] in wanted]
        assert rows
        path = study.folder / f"poor-{split}.parquet"
        write_parquet(path, table.take(rows), made_by("test"))
        return path

    return {
        "train": study.activations["train"],
        "dev": only("dev", {None}),
        "test": only("test", {None, "N"}),
    }


@pytest.mark.parametrize("probe", PROBES)
def test_a_split_without_words_of_the_attribute_has_empty_columns(
    study, poor_activations, tmp_path, probe
):
    for table in probe_both_rankings(study, tmp_path, probe, True, 5, poor_activations):
        rows = [row for row in table.to_pylist() if row["split"] == "dev"]
        assert [row["k"] for row in rows] == [1, 2, 3, 4, 5]
        for row in rows:
            expected = dict.fromkeys(COLUMNS) | {"unseen": 0}
            assert {column: row[column] for column in COLUMNS} == expected


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES)
def test_a_split_with_one_value_has_no_nmi_and_all_else(study, poor_activations, tmp_path, probe):
    n_values = len(kept_values(study.attributes)[ATTRIBUTE])
    train, _, y_train = labelled_by_hand(study, poor_activations, "train")
    nouns, _, y = labelled_by_hand(study, poor_activations, "test")
    assert len(set(y)) == 1
    for ranking, table in zip(
        study.rankings,
        probe_both_rankings(study, tmp_path, probe, True, 3, poor_activations),
        strict=True,
    ):
        neurons = read_parquet(ranking).column("neuron").to_pylist()
        for row in table.to_pylist():
            if row["split"] != "test":
                continue
            evaluate = BY_HAND[probe](train, y_train, neurons[: row["k"]], n_values)
            right, conditional_entropy = evaluate(nouns, y)
            assert row["nmi"] is None
            assert row["majority"] == 1
            assert row["accuracy"] == pytest.approx(right.mean(), abs=TOLERANCE[probe]["accuracy"])
            assert row["mi"] == pytest.approx(-conditional_entropy, abs=TOLERANCE[probe]["mi"])
            assert row["selectivity"] == row["accuracy"] - row["control_accuracy"]
