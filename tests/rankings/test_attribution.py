"""Facts about counterparts and first-order effects, against plain transcriptions of both."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import nn

from tests.support.commands import call
from tests.support.formulas_effects import (
    PlainCounterparts,
    effects_by_hand,
    read_aimed,
    total_margin,
)
from tests.support.formulas_models import plain_model, plain_tokenizer
from tests.support.treebank_files import block, keep, read_text, row, words_of
from workflow_scripts.activations import build_lexicon, extract_activations
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.lexicon import entries
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.truth import read_truth
from workflow_scripts.files.words import attributes_of, kept_values
from workflow_scripts.kernels.counterparts import Counterparts
from workflow_scripts.kernels.words import Entry, NothingToRankError
from workflow_scripts.models import compile_model
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.rankings import compute_statistics, effects, rank_neurons
from workflow_scripts.rankings.rankers import ModelTask

# Counterparts.

NUMBER = ("PL", "SG")


IDS = {"dog": 7, "dogs": 8, "doges": 9, "Dogs": 10}


def entry(key, lemma="dog", value="SG", case=None, upos="NOUN", one=True):
    """A word of one subtoken, or of several."""
    return Entry(key, IDS[key] if one else None, lemma, upos, (value, case))


def counterpart(word, *lexicon, lemma_alone=False):
    found = Counterparts(lexicon, 0, NUMBER, lemma_alone).of(word)
    return found and found.key


DOG = entry("dog")


@pytest.mark.parametrize(
    ("lexicon", "expected"),
    [
        ([(entry("dogs", value="PL"), 1)], "dogs"),
        ([(entry("dogs", value="PL", lemma="cat"), 1)], None),
        ([(entry("dogs", value="PL", lemma=None), 1)], None),
        ([(entry("dogs", value="PL", upos="VERB"), 1)], None),
        ([(entry("dogs", value="PL", one=False), 1)], None),
        ([(entry("dogs", value="DU"), 1)], None),
        # Its own counterpart.
        ([(entry("dogs", value="PL"), 1), (entry("dog", value="PL"), 1)], None),
        ([(entry("dogs", value="PL"), 1), (entry("dog", value="PL", upos="VERB"), 1)], None),
        ([(entry("dogs", value="PL"), 1), (entry("dog", value="PL", lemma="cat"), 1)], "dogs"),
        # Most of the others equal, and a value in neither is equal.
        ([(entry("doges", value="PL", case="GEN"), 9), (entry("dogs", value="PL"), 1)], "dogs"),
        # The most frequent, and then the first by code point.
        ([(entry("dogs", value="PL"), 1), (entry("doges", value="PL"), 2)], "doges"),
        ([(entry("dogs", value="PL"), 2), (entry("doges", value="PL"), 2)], "doges"),
        ([(entry("dogs", value="PL"), 2), (entry("Dogs", value="PL"), 2)], "Dogs"),
        # Frequency is that of all analyses with lemma, UPOS and value.
        (
            [
                *((entry("dogs", value="PL", case=case), 2) for case in (None, "GEN")),
                (entry("doges", value="PL"), 3),
            ],
            "dogs",
        ),
    ],
)
def test_a_counterpart_differs_in_the_value_alone(lexicon, expected):
    assert counterpart(DOG, *lexicon) == expected


def test_where_a_method_names_the_value_the_counterpart_has_that():
    """Of three values: the next one in order, or the one that is aimed at."""
    values = ("DU", "PL", "SG")
    words = {"DU": entry("dog", value="DU"), "PL": entry("dogs", value="PL")}
    lexicon = [(words["PL"], 1), (entry("doges", value="SG"), 1), (words["DU"], 1)]
    for aims, expected in (
        (None, {"DU": "dogs", "PL": "doges"}),
        (dict.fromkeys(values), {"DU": "dogs", "PL": "doges"}),
        ({"DU": "SG", "PL": "SG"}, {"DU": "doges", "PL": "doges"}),
    ):
        found = Counterparts(lexicon, 0, values, False, aims)
        assert {value: found.of(word).key for value, word in words.items()} == expected


def test_of_the_word_class_the_lemma_alone_says_what_the_counterpart_is():
    other = entry("dogs", value="PL", upos="VERB")
    assert counterpart(DOG, (other, 1), lemma_alone=True) == "dogs"


@pytest.mark.parametrize(
    "word",
    [
        entry("dog", lemma=None),
        entry("dog", value=None),
        entry("dog", value="DU"),
        entry("dog", one=False),
    ],
)
def test_a_word_without_lemma_kept_value_or_one_subtoken_has_no_counterpart(word):
    lexicon = [(entry("dogs", lemma=word.lemma, value=value), 1) for value in ("PL", "SG", "DU")]
    assert counterpart(word, *lexicon) is None


REAL = [
    ("UD_English-EWT", "minilm-en-mlm", "Part of Speech"),
    ("UD_French-Sequoia", "tiny-multi-mlm", "Gender and Noun Class"),
]


@pytest.mark.parametrize(("treebank", "name", "attribute"), REAL)
def test_counterparts_of_real_words_are_those_of_the_plain_search(
    shared, real_words, tmp_path, treebank, name, attribute
):
    folder = shared / "models" / name
    words = words_of(real_words(treebank))
    values = kept_values(keep(real_words(treebank), 100))[attribute]
    call(build_lexicon, model=folder, **words, lexicon=tmp_path / "lexicon.parquet")
    given = model_task(folder, words, tmp_path / "lexicon.parquet", attribute, values, 0)
    found = effects.aimed_sentences(given, SimpleNamespace(max_subtokens=512, device=cpu))
    plain = PlainCounterparts(plain_tokenizer(folder), words, attribute, values)
    expected = read_aimed(plain, words["words_dev"])
    assert len(found) == len(expected)
    assert [one.aimed.tolist() for one in found] == [
        [list(map(int, three)) for three in aimed] for _, _, aimed in expected
    ]
    for one, (_, edited, _) in zip(found, expected, strict=True):
        by_place = [[place, value] for places, value in edited for place in places]
        assert one.edited.tolist() == by_place


cpu = torch.device("cpu")


def model_task(folder, words, lexicon, attribute, values, layer):
    return ModelTask(
        folder=folder,
        device="cpu",
        layer=layer,
        words=words["words_dev"],
        lexicon=lexicon,
        attribute=attribute,
        values=tuple(values),
        lemma_alone=attribute == "Part of Speech",
    )


# Effects.


class Plain:
    """A published BERT, run plainly up to a layer and from there on."""

    def __init__(self, folder, layer):
        self.layer, self.plain = layer, plain_model(folder).requires_grad_(False)

    def states(self, ids):
        states = self.plain.bert(torch.tensor([ids]), output_hidden_states=True).hidden_states
        return states[self.layer][0]

    def run_on(self, states, ids):
        states = states[None]
        for module in self.plain.bert.encoder.layer[self.layer :]:
            states = module(states)
        return self.plain.cls(states)[0]


class Tiny(Plain):
    """Number in the tiny model, with plain passes of it from a layer on."""

    def __init__(self, intervened, layer, attribute="Number"):
        super().__init__(intervened.model, layer)
        self.model = MaskedLM(intervened.model)
        self.means = read_statistics(
            intervened.folder / f"{attribute}-{layer}.safetensors", scatters=False
        ).means
        self.values = kept_values(intervened.attributes)[attribute]
        lexicon = intervened.folder / "lexicon.parquet"
        given = model_task(
            intervened.model, intervened.words, lexicon, attribute, self.values, layer
        )
        self.aimed = effects.aimed_sentences(given, self.model)
        aims = [(i + 1) % len(self.values) for i in range(len(self.values))]
        self.shift = self.means[aims] - self.means
        plain = PlainCounterparts(
            plain_tokenizer(intervened.model), intervened.words, attribute, self.values
        )
        self.by_hand = read_aimed(plain, intervened.words["words_dev"])


@pytest.fixture(params=[0, 2, 3])
def tiny(request, intervened):
    return Tiny(intervened, request.param)


def test_effects_are_those_of_the_formula(tiny):
    for alphas in ([0.0], [0.5, 1.5, 2.5, 3.5]):
        found = effects.first_order(tiny.model, tiny.aimed, tiny.layer, tiny.shift, alphas)
        expected = effects_by_hand(tiny.run_on, tiny.states, tiny.by_hand, tiny.means, alphas)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_an_effect_is_what_a_small_translation_does(tiny):
    found = effects.first_order(tiny.model, tiny.aimed, tiny.layer, tiny.shift, [0.0])
    given = tiny.run_on, tiny.states, tiny.by_hand, tiny.means
    for neuron in (0, 5, 11):
        ends = [total_margin(*given, [neuron], alpha) for alpha in (0.02, -0.02)]
        assert found[neuron] == pytest.approx((ends[0] - ends[1]) / 0.04, rel=0.03, abs=2e-3)


def test_effects_of_real_words_are_those_of_the_formula(shared, real_words, tmp_path):
    """Of seven values, in sentences of one batch."""
    folder = shared / "models/minilm-en-mlm"
    words = words_of(real_words("UD_English-EWT"))
    values = kept_values(keep(real_words("UD_English-EWT"), 100))["Part of Speech"]
    call(build_lexicon, model=folder, **words, lexicon=tmp_path / "lexicon.parquet")
    given = model_task(folder, words, tmp_path / "lexicon.parquet", "Part of Speech", values, 4)
    model = MaskedLM(folder)
    aimed = effects.aimed_sentences(given, model)[:12]
    by_hand = [
        (one.read.ids.tolist(), [([at], value) for at, value in one.edited], one.aimed.tolist())
        for one in aimed
    ]
    means = np.random.default_rng(1).normal(size=(len(values), model.width)) / 10
    aims = [*range(1, len(values)), 0]
    plain = Plain(folder, 4)
    for alphas in ([0.0], [0.5, 1.0]):
        found = effects.first_order(model, aimed, 4, means[aims] - means, alphas)
        expected = effects_by_hand(plain.run_on, plain.states, by_hand, means, alphas)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_with_a_linear_head_effects_are_what_translation_does(intervened):
    """At the last layer, of any β and of all neurons together."""
    tiny = Tiny(intervened, 3)
    for model in (tiny.plain, tiny.model._model):
        model.cls.predictions.transform = nn.Identity()
    tiny.model.__dict__.pop("_vocabulary", None)
    found = effects.first_order(tiny.model, tiny.aimed, 3, tiny.shift, [0.0])
    given = tiny.run_on, tiny.states, tiny.by_hand, tiny.means
    unchanged = total_margin(*given, [], 1)
    for neurons in ([0], [7], [15], range(16)):
        for beta in (1, 4):
            moved = total_margin(*given, [*neurons], beta) - unchanged
            assert moved == pytest.approx(beta * found[[*neurons]].sum(), rel=1e-5, abs=1e-5)
    along = effects.first_order(tiny.model, tiny.aimed, 3, tiny.shift, [0.5, 1.5])
    np.testing.assert_allclose(along, found, rtol=1e-5, atol=1e-6)


def test_integrated_effects_of_all_neurons_add_up_to_what_translation_does(intervened):
    """More nearly than those of the gradient at the start alone."""
    tiny = Tiny(intervened, 2)
    given = tiny.run_on, tiny.states, tiny.by_hand, tiny.means
    moved = total_margin(*given, range(16), 1) - total_margin(*given, [], 1)
    start = effects.first_order(tiny.model, tiny.aimed, 2, tiny.shift, [0.0]).sum()
    alphas = [(j + 0.5) / 4 for j in range(4)]
    along = effects.first_order(tiny.model, tiny.aimed, 2, tiny.shift, alphas).sum()
    assert abs(along - moved) < abs(start - moved) / 5


def test_of_more_words_some_are_drawn(tiny, monkeypatch):
    n = sum(len(one.aimed) for one in tiny.aimed)
    monkeypatch.setattr(effects, "WORDS", n // 3)
    some, again = (effects.drawn(tiny.aimed, np.random.default_rng(seed)) for seed in (1, 1))
    assert sum(len(one.aimed) for one in some) == n // 3
    assert all(len(one.aimed) for one in some)
    assert [one.aimed.tolist() for one in some] == [one.aimed.tolist() for one in again]
    of_ids = {}
    for one in tiny.aimed:
        of_ids.setdefault(one.read.ids.tobytes(), set()).update(map(tuple, one.aimed.tolist()))
    for one in some:  # all edits of the sentence, and words of its own
        assert set(map(tuple, one.aimed.tolist())) <= of_ids[one.read.ids.tobytes()]


def test_numbers_do_not_depend_on_the_batches(tiny, monkeypatch):
    together = effects.first_order(tiny.model, tiny.aimed, tiny.layer, tiny.shift, [0.0])
    monkeypatch.setattr(effects, "GRADIENTS", 10**6)
    alone = effects.first_order(tiny.model, tiny.aimed, tiny.layer, tiny.shift, [0.0])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


# The rankers.


def ranked(ranker, folder, tmp_path, words, lexicon, statistics, **options):
    files = [tmp_path / f"{ranker}-{direction}.parquet" for direction in ("ttb", "btt")]
    call(
        rank_neurons,
        ranker=ranker,
        model=folder,
        words_dev=words["words_dev"],
        lexicon=lexicon,
        statistics=statistics,
        part_of_speech="Part of Speech",
        device="cpu",
        rankings=files,
        **{"seed": 1, "beta": 1.0} | options,
    )
    return [read_parquet(file).to_pydict() for file in files]


@pytest.mark.parametrize("ranker", ["attribution", "integrated"])
def test_rankings_are_the_effects_in_order(intervened, tmp_path, ranker):
    tiny = Tiny(intervened, 2)
    ttb, btt = ranked(
        ranker,
        intervened.model,
        tmp_path,
        intervened.words,
        intervened.folder / "lexicon.parquet",
        intervened.folder / "Number-2.safetensors",
        beta=4.0,
    )
    alphas = [0.0] if ranker == "attribution" else [0.5, 1.5, 2.5, 3.5]
    expected = effects_by_hand(tiny.run_on, tiny.states, tiny.by_hand, tiny.means, alphas)
    assert ttb["neuron"] == np.argsort(-expected, kind="stable").tolist()
    np.testing.assert_allclose(ttb["score"], np.sort(expected)[::-1], rtol=1e-3, atol=1e-4)
    assert btt["neuron"] == ttb["neuron"][::-1]


def sentence(forms, feats):
    """One sentence of nouns, with lemmas without their ending."""
    return block(
        *(
            row(i, form, "NOUN", f"Number={feat}", form.rstrip("s"))
            for i, (form, feat) in enumerate(zip(forms, feats, strict=True), start=1)
        )
    )


@pytest.mark.parametrize("knobs", [{}, {"correlated": True}, {"used": 9}])
def test_attribution_finds_all_used_neurons_of_a_compiled_model(small_treebank, tmp_path, knobs):
    words = words_of(small_treebank / "words")
    attributes = keep(small_treebank / "words", 20)
    folder = tmp_path / "model"
    knobs = {
        **{"attribute": "Number", "used": 5, "decoys": [0.02, 0.05, 0.1, 0.2], "noise": 16},
        **{"layers": 2, "xor": False, "rotate": 0, "correlated": False},
    } | knobs
    call(
        compile_model,
        **words,
        attributes=attributes,
        compile=json.dumps(knobs),
        seed=1,
        model=folder,
    )
    activations = f"{tmp_path}/{{layer}}-{{split}}.parquet"
    call(extract_activations, model=folder, **words, layers=[0, 1, 2], activations=activations)
    call(build_lexicon, model=folder, **words, lexicon=tmp_path / "lexicon.parquet")
    used = np.zeros(len(read_truth(folder).information))
    used[read_truth(folder).used] = 1
    for layer in (0, 1, 2):
        statistics = tmp_path / f"{layer}.safetensors"
        call(
            compute_statistics,
            model="planted",
            treebank="english",
            attribute="Number",
            layer=layer,
            words_train=words["words_train"],
            activations_train=activations.format(layer=layer, split="train"),
            attributes=attributes,
            statistics=statistics,
        )
        for ranker in ("attribution", "integrated"):
            ttb, _ = ranked(
                ranker, folder, tmp_path, words, tmp_path / "lexicon.parquet", statistics
            )
            order = np.argsort(ttb["neuron"])
            found = average_precision_score(used, np.array(ttb["score"])[order])
            assert found == pytest.approx(1, abs=1e-12)


def test_a_treebank_without_counterparts_is_an_error_that_says_so(tiny_model, tmp_path):
    texts = {"train": sentence(["dog", "cats"], ["Sing", "Plur"])}
    texts |= dict.fromkeys(("dev", "test"), texts["train"])
    words = words_of(read_text(tmp_path, **texts))
    call(build_lexicon, model=tiny_model, **words, lexicon=tmp_path / "lexicon.parquet")
    given = model_task(tiny_model, words, tmp_path / "lexicon.parquet", "Number", NUMBER, 0)
    with pytest.raises(NothingToRankError, match="none of 2 dev words that fit the model has a"):
        effects.aimed_sentences(given, MaskedLM(tiny_model))


def test_the_lexicon_counts_training_words(real_words, shared, tmp_path):
    words = words_of(real_words("UD_English-EWT"))
    lexicon = tmp_path / "lexicon.parquet"
    call(build_lexicon, model=shared / "models/minilm-en-mlm", **words, lexicon=lexicon)
    attributes = attributes_of(words["words_train"])
    found = {}
    for one, n in entries(lexicon, attributes):
        if one.key == "dogs" and one.values[attributes.index("Number")] == "PL":
            found[one.upos] = found.get(one.upos, 0) + n
    train = read_parquet(words["words_train"], ["form", "upos", "Number"]).to_pylist()
    of = [w["upos"] for w in train if w["form"].lower() == "dogs" and w["Number"] == "PL"]
    assert found == {upos: of.count(upos) for upos in found}
    assert sum(found.values()) == len(of) > 0
