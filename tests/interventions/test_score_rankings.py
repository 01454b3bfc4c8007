"""Facts about scores of rankings in a compiled model, by plain loops over its words."""

import json
from itertools import pairwise
from math import log

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from transformers import AutoModelForMaskedLM, AutoTokenizer

from tests.support.commands import call
from tests.support.formulas_interventions import plain_lexicon
from tests.support.formulas_linear import accuracy, train_linear
from tests.support.treebank_files import keep, words_of
from workflow_scripts.activations import build_lexicon, extract_activations
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.truth import Truth
from workflow_scripts.interventions import score_rankings
from workflow_scripts.kernels.retrieval import area_under_roc, average_precision
from workflow_scripts.kernels.softmax_regression import initial_weights
from workflow_scripts.models import compile_model
from workflow_scripts.rankings import compute_statistics, rank_neurons

KNOBS = {
    **{"attribute": "Number", "used": 2, "decoys": [0.1], "noise": 3},
    **{"layers": 2, "xor": False, "rotate": 0, "correlated": False},
}
LAST = 8 * 2 * 1
N_RANDOM = 3
NAMES = ("planted", "english", "Number", 1)


@pytest.fixture(scope="module")
def scored(small_treebank, tmp_path_factory):
    """The rows of the command, and what it read."""
    folder = tmp_path_factory.mktemp("scored")
    words = words_of(small_treebank / "words")
    attributes = keep(small_treebank / "words", 20)
    model = folder / "model"
    knobs = json.dumps(KNOBS)
    call(compile_model, **words, attributes=attributes, compile=knobs, seed=1, model=model)
    activations = f"{folder}/{{layer}}-{{split}}.parquet"
    call(extract_activations, model=model, **words, layers=1, activations=activations)
    call(build_lexicon, model=model, **words, lexicon=folder / "lexicon.parquet")
    of_splits = {f"activations_{s}": folder / f"1-{s}.parquet" for s in ("train", "test")}
    train = {
        "words_train": words["words_train"],
        "activations_train": of_splits["activations_train"],
    }
    statistics = folder / "statistics.safetensors"
    names = dict(zip(("model", "treebank", "attribute", "layer"), NAMES, strict=True))
    call(compute_statistics, **names, **train, attributes=attributes, statistics=statistics)
    rankings = {}
    for ranker, ends in (("probeless", ("ttb", "btt")), ("random", ("",))):
        files = [folder / f"{ranker}-{end}.parquet" for end in ends]
        call(rank_neurons, ranker=ranker, statistics=statistics, seed=1, rankings=files)
        rankings[ranker] = files[0]
    own, score_rankings.N_RANDOM = score_rankings.N_RANDOM, N_RANDOM
    call(
        score_rankings,
        model=model,
        planted="planted",
        device="cpu",
        words_train=words["words_train"],
        words_test=words["words_test"],
        **of_splits,
        statistics=statistics,
        schema="unimorph",
        lexicon=folder / "lexicon.parquet",
        rankings=[*rankings.values()],
        seed=1,
        scores=folder / "scores.parquet",
    )
    score_rankings.N_RANDOM = own
    rows = read_parquet(folder / "scores.parquet").to_pylist()
    orders = [read_parquet(path).column("neuron").to_numpy() for path in rankings.values()]
    return rows, orders, ByHand(model, words)


class ByHand:
    """A compiled model as it is published, and the words of a treebank."""

    def __init__(self, folder, words):
        self.truth = json.loads((folder / "truth.json").read_text())
        self.model = AutoModelForMaskedLM.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.ids = self.tokenizer.get_vocab()
        self.rows = self.model.bert.embeddings.word_embeddings.weight.detach().numpy()
        self.lexicon = plain_lexicon(self.tokenizer, words, "Number")
        self.values = self.truth["values"]
        self.words = {
            split: [
                word
                for word in read_parquet(words[f"words_{split}"]).to_pylist()
                if word["Number"] in self.values
            ]
            for split in ("train", "test")
        }
        self.x = {
            split: np.array([self.rows[self.ids[word["form"]]] for word in of])
            for split, of in self.words.items()
        }
        self.y = {
            split: np.array([self.values.index(word["Number"]) for word in of])
            for split, of in self.words.items()
        }
        self.means = [self.x["train"][self.y["train"] == z].astype(float).mean(0) for z in (0, 1)]

    def cltv(self, order, k):
        """The share of test words that translating the first k neurons at layer 1 moves."""
        states = self.x["test"].astype(float).copy()
        for i, z in enumerate(self.y["test"]):
            for n in order[:k]:
                states[i, n] += self.means[1 - z][n] - self.means[z][n]
        with torch.no_grad():
            hidden = self.model.bert.encoder.layer[1](torch.from_numpy(states).float()[:, None])
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden
            predicted = self.model.cls(hidden)[:, 0].argmax(1).tolist()
        moved = 0
        for word, i in zip(self.words["test"], predicted, strict=True):
            form = self.tokenizer.convert_ids_to_tokens(i)
            found = {
                value
                for lemma, upos, value in self.lexicon.get(form, ())
                if (lemma, upos) == (word["lemma"], word["upos"])
            }
            target = self.values[1 - self.values.index(word["Number"])]
            moved += form != word["form"] and word["Number"] not in found and target in found
        return moved / len(predicted)

    def linear(self, order, k):
        """The test accuracy of a linear probe on the first k neurons."""
        first = order[:k]
        start = initial_weights(generator(1, *NAMES, "linear", k), k, 2)
        trained = train_linear(self.x["train"][:, first], self.y["train"], *start)[-1]
        return accuracy(self.x["test"][:, first], self.y["test"], trained[0], trained[1])


def area(curve):
    """By trapezoids over ln(1 + k), of {k: value}."""
    ks = sorted(curve)
    whole = sum((log(1 + b) - log(1 + a)) * (curve[a] + curve[b]) / 2 for a, b in pairwise(ks))
    return whole / (log(1 + ks[-1]) - log(1 + ks[0]))


def scaled_by_hand(curve, ks, order, best, drawn):
    def of(order):
        return area({k: curve(order, k) for k in ks})

    lowest = np.mean([of(random) for random in drawn])
    return (of(order) - lowest) / (of(best) - lowest)


def test_areas_are_those_of_every_word_of_the_test_split_one_by_one(scored):
    rows, orders, by_hand = scored
    d = by_hand.rows.shape[1]
    drawn = [generator(1, *NAMES, "score_rankings", i).permutation(d) for i in range(N_RANDOM)]
    used = by_hand.truth["used"]
    first_used = used + [n for n in range(d) if n not in used]
    information = by_hand.truth["mutual_information"]
    telling = sorted(range(d), key=lambda n: (-information[n], n))
    for row, order in zip(rows, orders, strict=True):
        moved = scaled_by_hand(by_hand.cltv, range(LAST + 1), order, first_used, drawn)
        assert row["use_area"] == pytest.approx(moved, abs=1e-9)
        ks = range(1, LAST + 1)
        read = scaled_by_hand(by_hand.linear, ks, order, telling, drawn)
        assert row["encoded_area"] == pytest.approx(read, abs=0.02)


def test_rows_say_what_they_are_of_and_how_early_the_neurons_stand(scored):
    rows, orders, by_hand = scored
    assert [row["ranking"] for row in rows] == ["probeless-ttb", "random"]
    assert {row["planted"] for row in rows} == {"planted"}
    for row, order in zip(rows, orders, strict=True):
        for kind in ("used", "encoded"):
            found = np.isin(order, by_hand.truth[kind])
            place = -np.arange(len(order))
            assert row[f"ap_{kind}"] == pytest.approx(average_precision_score(found, place))
            assert row[f"auroc_{kind}"] == pytest.approx(roc_auc_score(found, place))


def test_each_ranking_stands_beside_what_all_others_from_the_top_elect():
    """By points for the first 100 places, and those without any in order at the end."""
    stream = np.random.default_rng(4)
    orders = {name: stream.permutation(130) for name in ("a-ttb", "b-ttb", "c-ttb", "d-btt", "r")}
    files = [
        ({"ranking": name, "direction": name[2:] or None}, order) for name, order in orders.items()
    ]
    used, encoded = np.arange(0, 20), np.arange(0, 60, 3)
    truth = Truth("Number", used, encoded, 5, np.zeros(130))
    for name in orders:
        points = np.zeros(130)
        for other in {"a-ttb", "b-ttb", "c-ttb"} - {name}:
            for place in range(100):
                points[orders[other][place]] += 100 - place
        elected = sorted(range(130), key=lambda n: (-points[n], n))
        found = score_rankings.votes(name, files, truth)
        for kind, relevant in (("used", used), ("encoded", encoded)):
            expected = average_precision_score(np.isin(elected, relevant), -np.arange(130))
            assert found[f"vote_ap_{kind}"] == pytest.approx(expected)
    alone = score_rankings.votes("a-ttb", files[:1], truth)
    assert alone == {"vote_ap_used": None, "vote_ap_encoded": None}


@pytest.mark.parametrize("seed", range(5))
def test_retrieval_is_that_of_scikit_learn(seed):
    stream = np.random.default_rng(seed)
    neurons = stream.permutation(40)
    relevant = stream.choice(40, 1 + 3 * seed, replace=False)
    found = np.isin(neurons, relevant)
    place = -np.arange(40)
    assert average_precision(neurons, relevant) == pytest.approx(
        average_precision_score(found, place)
    )
    assert area_under_roc(neurons, relevant) == pytest.approx(roc_auc_score(found, place))


def test_what_is_not_there_cannot_be_found_and_the_best_order_has_everything_first():
    assert np.isnan(average_precision(np.arange(4), np.array([], int)))
    assert np.isnan(area_under_roc(np.arange(4), np.arange(4)))
    assert average_precision(np.array([2, 0, 1]), np.array([2])) == 1
    assert area_under_roc(np.array([1, 0, 2]), np.array([2])) == 0
