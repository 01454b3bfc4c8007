"""Facts about what a model gives where neurons are changed, whatever the batch.

The by-hand version runs a BERT on one unpadded sentence and changes its states in plain loops.
"""

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from tests.support.formulas_interventions import METHODS, change_by_hand, read_by_hand
from tests.support.formulas_models import plain_model, predict_by_hand
from tests.support.little_memory import scarce
from workflow_scripts.files.states import read_states
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions.methods import EditTask, ablation, translation
from workflow_scripts.interventions.prediction import EditedSentence, Edits, predict_edited
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models import batching
from workflow_scripts.models.masked_lm import MaskedLM


def labelled_sentences(folder, words_file, attribute, values, n_sentences):
    """(ids, word of each subtoken, {place: value index}) of sentences with such a word."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for sentence in sentences(words_file, ["form", attribute]):
        ids, words = read_by_hand(tokenizer, sentence.columns["form"])
        labels = [None if w is None else sentence.columns[attribute][w] for w in words]
        value_of = {i: values.index(v) for i, v in enumerate(labels) if v in values}
        if value_of:
            found.append((ids, words, value_of))
        if len(found) == n_sentences:
            return found
    raise AssertionError("too few sentences")


def assert_predicts_as_by_hand(folder, sentences, layer, methods, ks, n_values):
    """`predict_edited` of all sentences at once, against each alone, for random class means."""
    plain, model = plain_model(folder), MaskedLM(folder)
    stream = np.random.default_rng(4)
    d = plain.config.hidden_size
    neurons = stream.permutation(d)
    given = []
    for ids, words, value_of in sentences:
        with torch.no_grad():
            states = plain(torch.tensor([ids]), output_hidden_states=True).hidden_states[layer][0]
        read = Subtokens(
            np.array(ids, np.int32), np.array([-1 if w is None else w for w in words], np.int32)
        )
        places, values = np.array(list(value_of)), np.array(list(value_of.values()))
        given.append(EditedSentence(read, states.numpy().copy(), places, values))
    spread = np.concatenate([sentence.states for sentence in given]).std()
    means = stream.normal(0, spread / 4, (n_values, d))
    counts = np.arange(1, n_values + 1)
    for method in methods:
        module, options = METHODS[method]
        values = ["A", "PL", "Z"][:n_values]
        edit = module.edit(EditTask(neurons, values, lambda: means, lambda: counts), **options)
        (found,) = predict_edited(model, given, layer, [Edits(edit, neurons, ks)]).of
        expected = np.array(
            [
                [
                    predicted
                    for ids, _, value_of in sentences
                    for place, predicted in enumerate(
                        predict_by_hand(
                            plain,
                            ids,
                            value_of,
                            layer,
                            lambda h, z, k=k, method=method: change_by_hand(
                                h, z, k, neurons, means, method, counts, to=1
                            ),
                        )
                    )
                    if place in value_of
                ]
                for k in ks
            ]
        )
        np.testing.assert_array_equal(found, expected)
        read_ids = np.array([ids[place] for ids, _, value_of in sentences for place in value_of])
        assert (found[-1] != read_ids).any()  # the edit does something
        assert (found[0] != found[-1]).any()


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_predictions_equal_a_forward_pass_by_hand(tiny_model, small_treebank, layer):
    words = small_treebank / "words" / "test.parquet"
    values = ["ADJ", "N", "V"]
    given = labelled_sentences(tiny_model, words, "Part of Speech", values, 25)
    by_value = [name for name in METHODS if name not in ("resample", "same")]
    assert_predicts_as_by_hand(tiny_model, given, layer, by_value, [1, 5, 15], 3)


@pytest.mark.parametrize("layer", [0, 3, 6])
def test_predictions_of_a_pretrained_model_equal_a_forward_pass_by_hand(shared, real_words, layer):
    folder = shared / "models" / "minilm-en-mlm"
    words = real_words("UD_English-EWT") / "test.parquet"
    given = labelled_sentences(folder, words, "Number", ["PL", "SG"], 5)
    methods = ["ablation", "translation"]
    assert_predicts_as_by_hand(folder, given, layer, methods, [10, 60, 300], 2)


def edited_number(intervened):
    """Number at layer 2, as `predict_edited` takes it."""
    cached = read_states(
        intervened.folder / "subtokens.parquet", intervened.folder / "states-2.parquet"
    )
    given = [
        EditedSentence(s.read, s.states, places, places % 2)
        for s in cached
        for places in [np.flatnonzero(s.read.words >= 0)]
    ]
    means = read_statistics(intervened.folder / "Number-2.safetensors").means
    edit = translation.edit(
        EditTask(np.arange(16), ["PL", "SG"], lambda: means), beta=8, scaled=True
    )
    edits = [Edits(edit, np.arange(16), [3, 8]), Edits(edit, np.arange(16)[::-1], [8])]
    return lambda: [
        found.tolist() for found in predict_edited(MaskedLM(intervened.model), given, 2, edits).of
    ]


@pytest.mark.parametrize("subtokens", [1, 100, 1 << 20])
def test_predictions_do_not_depend_on_the_batch(intervened, monkeypatch, subtokens):
    expected = edited_number(intervened)()
    monkeypatch.setattr(batching, "SUBTOKENS_AT_ONCE", {"cpu": subtokens})
    assert edited_number(intervened)() == expected


def test_out_of_memory_halves_the_batch_and_changes_no_prediction(intervened, monkeypatch):
    expected = edited_number(intervened)()
    monkeypatch.setattr(MaskedLM, "upper", scarce(MaskedLM.upper, 2))
    assert edited_number(intervened)() == expected


def test_the_states_that_are_given_stay_as_they_are(intervened):
    cached = read_states(
        intervened.folder / "subtokens.parquet", intervened.folder / "states-2.parquet"
    )
    before = cached[0].states.copy()
    sentence = EditedSentence(cached[0].read, cached[0].states, np.array([1]), np.array([0]))
    edit = ablation.edit(EditTask(np.arange(16), ["PL", "SG"]))
    edits = [Edits(edit, np.arange(16), [1, 16])]
    predict_edited(MaskedLM(intervened.model), [sentence], 2, edits)
    np.testing.assert_array_equal(cached[0].states, before)
