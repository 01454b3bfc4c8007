"""Facts about single neurons, against plain transcriptions on a real model and on small arrays."""

import math
from bisect import bisect_right
from collections import defaultdict

import numpy as np
import polars as pl
import pytest

from tests.support import formulas_rankings as formulas
from tests.support.commands import call
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.kernels import single_neurons
from workflow_scripts.kernels.class_statistics import RunningClassStatistics
from workflow_scripts.rankings import describe_neurons

N, LAYER = 16, 2
KINDS = ("neurons", "values", "words")


def options_of(intervened, attribute):
    files = f"{intervened.folder}/activations/{LAYER}"
    return {
        f"{kind}_{split}": intervened.words[f"words_{split}"]
        if kind == "words"
        else f"{files}/{split}.parquet"
        for kind in ("words", "activations")
        for split in ("train", "test")
    } | {"statistics": intervened.folder / f"{attribute}-{LAYER}.safetensors"}


@pytest.fixture(scope="module", params=["Number", "Part of Speech"])
def described(request, intervened, tmp_path_factory):
    """The files of a configuration, and its labelled words of train and test."""
    folder = tmp_path_factory.mktemp("described")
    options = options_of(intervened, request.param)
    files = {kind: folder / f"{kind}.parquet" for kind in KINDS}
    call(describe_neurons, **options, **files)
    of = read_configuration(options["statistics"])
    words = {
        split: LabelledActivations(
            options[f"activations_{split}"], options[f"words_{split}"], of.attribute, of.values
        )
        for split in ("train", "test")
    }
    return of, words, {kind: pl.read_parquet(path) for kind, path in files.items()}


def test_every_row_says_its_configuration_first(described):
    of, _, files = described
    names = ("tiny", "english", of.attribute, LAYER)
    for rows in files.values():
        assert rows.columns[:5] == ["model", "treebank", "attribute", "layer", "neuron"]
        assert {row[:4] for row in rows.rows()} == {names}
        assert sorted(set(rows["neuron"])) == list(range(N))


def test_information_and_distance_are_those_of_the_formulas(described):
    of, words, files = described
    train = words["train"].load()
    for row in files["neurons"].iter_rows(named=True):
        h = train.x[:, row["neuron"]]
        bits = formulas.mutual_information(h, train.y, len(of.values))
        assert row["information"] == pytest.approx(bits, abs=1e-12)
        by_value = [h[train.y == z].astype(float).tolist() for z in range(len(of.values))]
        means = [math.fsum(one) / len(one) for one in by_value]
        squares = [(a - q) ** 2 for one, q in zip(by_value, means, strict=True) for a in one]
        sd = math.sqrt(math.fsum(squares) / (len(h) - len(of.values)))
        assert row["cohens_d"] == pytest.approx((max(means) - min(means)) / sd)


def test_words_of_a_value_lie_in_the_bins_that_hold_them(described):
    of, words, files = described
    train = words["train"].load()
    rows = files["values"].rows(named=True)
    assert [(row["neuron"], row["value"]) for row in rows] == [
        (neuron, value) for neuron in range(N) for value in of.values
    ]
    for row in rows:
        h = train.x[:, row["neuron"]].astype(float)
        low, high = np.quantile(h, 0.005), np.quantile(h, 0.995)
        assert (row["low"], row["high"]) == pytest.approx((low, high))
        inner = [low + (high - low) * i / 24 for i in range(1, 24)]
        of_value = h[train.y == of.values.index(row["value"])]
        counts = np.bincount([bisect_right(inner, a) for a in of_value], minlength=24)
        found = [row[name] for name in BIN_COLUMNS]
        assert sum(found) == row["words"] == len(of_value)
        # What lies on an edge to the last digit may be in either bin.
        assert np.abs(counts - found).sum() <= 2
        assert row["mean"] == pytest.approx(of_value.mean())
        assert row["sd"] == pytest.approx(of_value.std(ddof=1))


def test_at_each_end_stand_the_outermost_forms_of_test(described):
    of, words, files = described
    test = words["test"]
    x, forms = test.load().x, test.forms
    found = defaultdict(list)
    for row in files["words"].iter_rows(named=True):
        found[row["neuron"], row["end"]].append(row)
    assert len(found) == 2 * N
    for (neuron, end), rows in found.items():
        sign = -1 if end == "highest" else 1
        order = sorted(range(len(forms)), key=lambda i: (sign * x[i, neuron], i))
        first = {}
        for i in order:
            first.setdefault(forms[i], i)
        expected = list(first.values())[:5]
        assert [row["place"] for row in rows] == [1, 2, 3, 4, 5]
        assert [row["form"] for row in rows] == [forms[i] for i in expected]
        assert [row["activation"] for row in rows] == [x[i, neuron] for i in expected]
        assert [row["value"] for row in rows] == [of.values[test.y[i]] for i in expected]
        read = pl.read_parquet(test._words).select("sentence", "word", "form").rows()
        at = [(row["sentence"], row["word"], row["form"]) for row in rows]
        assert set(at) <= set(read)
        assert [row["sentence"] for row in rows] == [test.sentences[i] for i in expected]


def test_neurons_that_are_held_one_at_a_time_give_the_same_bytes(intervened, tmp_path, monkeypatch):
    """As of a treebank that is too large: what is in memory at a time does not grow with it."""
    options = options_of(intervened, "Number")
    held = []
    load = LabelledActivations.load

    def loaded(self, neurons=None):
        words = load(self, neurons)
        held.append(words.x.nbytes)
        return words

    monkeypatch.setattr(LabelledActivations, "load", loaded)
    most = {}
    for name, bytes_held in (("all", describe_neurons.HELD), ("few", 10_000)):
        monkeypatch.setattr(describe_neurons, "HELD", bytes_held)
        held.clear()
        files = {kind: tmp_path / name / f"{kind}.parquet" for kind in KINDS}
        call(describe_neurons, **options, **files)
        most[name] = max(held)
    assert most["few"] <= 10_000 < most["all"]
    for kind in KINDS:
        one, other = (tmp_path / name / f"{kind}.parquet" for name in ("all", "few"))
        assert one.read_bytes() == other.read_bytes()


# The kernel


def statistics_of(x, y, n_values):
    running = RunningClassStatistics(n_values, x.shape[1])
    running.add(np.asarray(x, np.float32), np.asarray(y))
    return running.read()


def test_a_neuron_that_never_changes_and_one_that_only_the_value_changes():
    y = np.array([0, 0, 1, 1])
    x = np.array([[2.0, -1, 0], [2, -1, 2], [2, 1, 4], [2, 1, 6]], np.float32)
    found = statistics_of(x, y, 2)
    assert single_neurons.cohens_d(found).tolist() == [0, math.inf, 4 / math.sqrt(2)]
    ends, counts = single_neurons.histograms(x, y, 2)
    assert ends[0].tolist() == [2, 2]
    assert counts[0, :, 0].tolist() == [2, 2]
    assert counts[1, 0].tolist() == [2, *[0] * 23]
    assert counts[1, 1].tolist() == [*[0] * 23, 2]


def test_a_value_of_one_word_has_no_deviation():
    found = statistics_of(np.array([[1.0], [3], [5]], np.float32), [0, 0, 1], 2)
    assert single_neurons.deviations(found)[0].tolist() == [math.sqrt(2)]
    assert np.isnan(single_neurons.deviations(found)[1]).all()


def test_where_nearly_all_words_are_equal_the_bins_hold_the_rest_too():
    x = np.zeros((1000, 1), np.float32)
    x[7], x[8] = -2, 4
    ends, counts = single_neurons.histograms(x, np.zeros(1000, int), 1)
    assert ends.tolist() == [[-2, 4]]
    assert counts[0, 0].tolist() == [1, *[0] * 7, 998, *[0] * 14, 1]


def test_of_equal_words_the_earlier_comes_first_and_of_a_form_one():
    h = np.array([3, 1, 1, 0, 0, 2], np.float32)
    forms = np.array([0, 1, 1, 2, 3, 0])
    assert single_neurons.lowest(h, forms).tolist() == [3, 4, 1, 5]
    assert single_neurons.lowest(-h, forms).tolist() == [0, 1, 3, 4]
    assert single_neurons.lowest(h[:0], forms[:0]).tolist() == []
