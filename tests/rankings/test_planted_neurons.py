"""Neurons planted among noise, from words to the scores of both probes, through every stage.

Each word's vector is noise, but on a few neurons its mean depends on the word's value. What is true
of such data is known: which neurons a ranking must find, and what a probe can learn from them.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from workflow_scripts.command.plugins import declared, load, names
from workflow_scripts.command.seeds import generator
from workflow_scripts.kernels.class_statistics import RunningClassStatistics
from workflow_scripts.kernels.control_labels import control_label
from workflow_scripts.kernels.words import SPLITS, LabelledWords
from workflow_scripts.probes.probes import ProbingTask
from workflow_scripts.probes.probes import gaussian as gaussian_probe
from workflow_scripts.probes.probes import linear as linear_probe
from workflow_scripts.rankings.rankers import RankingTask, gaussian, linear, probeless, random

N_VALUES = 3
N_NEURONS = 32
PLANTED = [1, 6, 10, 15, 18, 22, 27, 30]
MEANS = [-0.7, 0.0, 0.7]  # of the values on a planted neuron, in an order of its own
WORDS = {"train": 4000, "dev": 1500, "test": 1500}
RANKERS = {"linear": linear, "gaussian": gaussian, "probeless": probeless}
ALL_RANKERS = {
    name: load("rankers", name)
    for name in names("rankers")
    if name != "random" and "model" not in declared("rankers", name, "USES")
}
PROBES = {"linear": linear_probe, "gaussian": gaussian_probe}


def stream(*names):
    return generator(1, "planted", *names)


def draw(split, n):
    """Vectors, values, and control labels of n words of many forms; a form has one value."""
    noise = np.random.default_rng([5, SPLITS.index(split)])
    means = np.zeros((N_VALUES, N_NEURONS))
    for order, neuron in enumerate(PLANTED):
        means[:, neuron] = np.roll(MEANS, order)
    forms = noise.integers(0, 2000, n)
    y = (forms % N_VALUES).astype(np.int32)
    x = 2 + noise.normal(size=(n, N_NEURONS)) + means[y]  # neurons need not be around 0
    control = [control_label(f"form{form}", N_VALUES, seed=1) for form in forms]
    return x.astype(np.float32), {"values": y, "control": np.array(control, np.int32)}


@pytest.fixture(scope="module")
def data():
    """Words of every split, and class statistics gathered from them in blocks."""
    x, labels = {}, {"values": {}, "control": {}}
    for split, n in WORDS.items():
        x[split], drawn = draw(split, n)
        for name in labels:
            labels[name][split] = drawn[name]
    statistics = {}
    for name in labels:
        running = RunningClassStatistics(N_VALUES, N_NEURONS)
        for start in range(0, WORDS["train"], 700):
            block = slice(start, start + 700)
            running.add(x["train"][block], labels[name]["train"][block])
        statistics[name] = running.read()
    return SimpleNamespace(x=x, labels=labels, statistics=statistics)


@pytest.fixture(scope="module")
def rankings(data):
    """The neurons of every ranking, `linear-ttb` ... `random`."""
    task = RankingTask(
        n_neurons=N_NEURONS,
        n_values=lambda: N_VALUES,
        select=lambda: 20,
        threads=1,
        statistics=lambda: data.statistics["values"],
        words=lambda split: LabelledWords(data.x[split], data.labels["values"][split]),
        stream=stream,
    )
    found = {"random": random.rank(task)[""].neurons}
    for name, ranker in ALL_RANKERS.items():
        for direction, ranking in ranker.rank(task).items():
            found[f"{name}-{direction}"] = ranking.neurons
    return found


@pytest.fixture(scope="module")
def accuracies(data, rankings):
    """{(probe, ranking, "values" or "control"): accuracy on test (K,)}, at k = 1..20."""
    found = {}
    for ranking, neurons in rankings.items():
        if ranking.partition("-")[0] not in {*RANKERS, "random"}:
            continue
        first = neurons[:20]
        for labels in ("values", "control"):
            task = ProbingTask(
                neurons=first,
                ks=range(1, 21),
                n_values=N_VALUES,
                words={
                    split: LabelledWords(data.x[split][:, first], data.labels[labels][split])
                    for split in SPLITS
                },
                statistics=lambda labels=labels: data.statistics[labels],
                stream=stream,
                threads=1,
            )
            for probe, module in PROBES.items():
                found[probe, ranking, labels] = module.evaluate(task)["test"].accuracy
    return found


@pytest.mark.parametrize("ranker", ALL_RANKERS)
def test_every_ranking_has_the_planted_neurons_first_and_its_opposite_last(rankings, ranker):
    assert sorted(rankings[f"{ranker}-ttb"][:8]) == PLANTED
    assert sorted(rankings[f"{ranker}-btt"][-8:]) == PLANTED


def test_the_random_ranking_has_some_of_them_early(rankings):
    assert len(set(rankings["random"][:8]) & set(PLANTED)) in (2, 3)


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("probe", PROBES)
def test_top_to_bottom_beats_random_and_random_beats_bottom_to_top(accuracies, probe, ranker):
    top, some, bottom = (
        accuracies[probe, ranking, "values"][7]
        for ranking in (f"{ranker}-ttb", "random", f"{ranker}-btt")
    )
    assert top > some + 0.1
    assert some > bottom + 0.1
    assert bottom < 0.4  # about chance


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("probe", PROBES)
def test_accuracy_rises_to_the_last_planted_neuron_and_no_further(accuracies, probe, ranker):
    accuracy = accuracies[probe, f"{ranker}-ttb", "values"]
    assert accuracy[7] > accuracy[5] + 0.02
    assert accuracy[5] > accuracy[3] + 0.02
    assert accuracy[3] > accuracy[1] + 0.02
    assert accuracy[7:] == pytest.approx(accuracy[7], abs=0.025)


@pytest.mark.parametrize("ranking", [f"{r}-{d}" for r in RANKERS for d in ("ttb", "btt")])
@pytest.mark.parametrize("probe", PROBES)
def test_control_labels_are_hardly_learnt_so_selectivity_is_where_the_value_is(
    data, accuracies, probe, ranking
):
    control = accuracies[probe, ranking, "control"]
    test = data.labels["control"]["test"]
    assert control == pytest.approx(1 / 3, abs=0.05)
    assert np.bincount(test) / len(test) == pytest.approx(1 / 3, abs=0.05)
    selectivity = accuracies[probe, ranking, "values"] - control
    if ranking.endswith("ttb"):
        assert (selectivity[1:] > 0.1).all()
        assert (selectivity[7:] > 0.3).all()
    else:
        assert np.abs(selectivity[:8]).max() < 0.06
