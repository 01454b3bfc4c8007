"""Facts about training a small model from scratch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM

from tests.support.commands import call
from tests.support.treebank_files import read_text, sentence_of
from workflow_scripts import InputError
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models import train_model as train_command
from workflow_scripts.models.made_tokenizer import CLS, MASK, PAD, SEP
from workflow_scripts.models.training import (
    TrainingPlan,
    backward,
    mask_words,
    padded,
    rates,
    start_from,
    train_model,
    train_tokenizer,
    vectors_by_neighbours,
)


@pytest.fixture(scope="module")
def forms(small_treebank):
    path = small_treebank / "words" / "train.parquet"
    return [sentence.columns["form"] for sentence in sentences(path, ["form"])]


def test_a_trained_tokenizer_reads_every_word_between_its_special_tokens(forms):
    tokenizer = train_tokenizer(forms, 300)
    assert len(tokenizer) <= 300
    names = [tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id]
    assert [*names, tokenizer.mask_token_id] == [PAD, CLS, SEP, MASK]
    for ids in tokenizer(forms, is_split_into_words=True)["input_ids"]:
        assert (ids[0], ids[-1]) == (CLS, SEP)
        assert tokenizer.unk_token_id not in ids


def test_a_tokenizer_is_the_same_in_every_run(forms):
    one, two = (train_tokenizer(forms, 300).backend_tokenizer.to_str() for _ in range(2))
    assert one == two


def test_training_is_the_same_in_every_run():
    stream = np.random.default_rng(1)
    read = [np.array([CLS, *stream.integers(5, 30, n), SEP]) for n in stream.integers(1, 9, 40)]
    plan = TrainingPlan(layers=1, width=8, heads=2, epochs=2, batch=16)
    losses = []
    one, two = (
        train_model(read, 30, plan, generator(1, "train"), losses.append).state_dict()
        for _ in range(2)
    )
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert np.isfinite(losses).all()


def test_a_sentence_longer_than_the_model_does_not_stop_training(tmp_path):
    text = sentence_of(*["word"] * 200) + 8 * sentence_of("a", "word")
    words = read_text(tmp_path, **dict.fromkeys(SPLITS, text))
    call(
        train_command,
        words=words / "train.parquet",
        **{"layers": 1, "width": 8, "heads": 2, "vocabulary": 30, "epochs": 1, "seed": 1},
        model=tmp_path / "model",
    )
    assert (tmp_path / "model" / "model.safetensors").exists()


def test_sentences_that_cannot_be_trained_on_are_left_out_and_none_at_all_is_an_error(
    tmp_path, caplog
):
    """A batch of sentences without a known word would ask for nothing, and its loss be NaN."""
    unreadable = "w" * 101  # longer than a WordPiece reads: one unknown subtoken
    long = sentence_of(*["word"] * 200)
    options = {"layers": 1, "width": 8, "heads": 2, "vocabulary": 30, "epochs": 2, "seed": 1}

    def trained(folder, text):
        (tmp_path / folder).mkdir()
        words = read_text(tmp_path / folder, **dict.fromkeys(SPLITS, text))
        model = tmp_path / folder / "model"
        call(train_command, words=words / "train.parquet", **options, model=model)
        return load_file(model / "model.safetensors")

    with caplog.at_level("INFO"):
        weights = trained("some", sentence_of(unreadable) + long + 8 * sentence_of("a", "word"))
    assert all(part.isfinite().all() for part in weights.values())
    assert "8 sentences; left out are 1 that are too long, and 1 without a known subtoken" in (
        caplog.text
    )
    with pytest.raises(InputError, match="of 2 sentences of training words 1 have more than 128"):
        trained("none", sentence_of(unreadable) + long)


@pytest.mark.slow
def test_it_learns_what_stands_beside_a_word_and_gives_back_what_it_sees():
    """Every word of these sentences follows from any other; without training a loss is log 45."""
    stream = np.random.default_rng(5)
    sentences = [
        np.array([CLS, *(5 + 5 * kind + np.arange(5))[: stream.integers(3, 6)], SEP])
        for kind in stream.integers(0, 8, 600)
    ]
    losses = []
    plan = TrainingPlan(layers=1, width=16, heads=2, epochs=30)
    model = train_model(sentences, 45, plan, generator(1, "train"), losses.append)
    assert len(losses) == 30 * -(-600 // plan.batch)
    assert np.mean(losses[:3]) > 3
    assert np.mean(losses[-10:]) < 0.7
    right = {"hidden": [], "seen": []}
    for ids in sentences[:100]:
        for place in range(1, len(ids) - 1):
            given = ids.copy()
            given[place] = MASK
            with torch.no_grad():
                predicted = model(torch.from_numpy(given)[None]).logits[0].argmax(1).numpy()
            right["hidden"].append(predicted[place] == ids[place])
            seen = np.setdiff1d(np.arange(1, len(ids) - 1), place)
            right["seen"].extend(predicted[seen] == ids[seen])
    assert np.mean(right["hidden"]) > 0.9
    assert np.mean(right["seen"]) > 0.98


@pytest.mark.parametrize("n_batches", [1, 2, 3, 10, 19, 20, 21, 40, 1000])
def test_the_rate_rises_for_a_twentieth_and_falls_to_nothing_after_the_last_batch(n_batches):
    found = rates(n_batches)
    assert len(found) == n_batches + 1
    assert found[-1] == 0
    assert (found[:-1] > 0).all()
    assert found.max() == 1
    top = found.argmax()
    assert top == max(1, n_batches // 20) - 1
    assert (np.diff(found[: top + 1]) > 0).all()
    assert (np.diff(found[top:]) < 0).all()


def test_a_loss_that_is_no_number_is_an_error(monkeypatch):
    monkeypatch.setattr("workflow_scripts.models.training.backward", lambda *_: float("nan"))
    plan = TrainingPlan(layers=1, width=8, heads=2, epochs=1)
    with pytest.raises(InputError, match="the loss became nan"):
        train_model([np.array([CLS, 7, SEP])], 30, plan, generator(1, "train"), print)


def test_sentences_of_one_length_have_no_padding_and_others_are_told_from_it():
    ids, there = padded([np.array([2, 7, 3]), np.array([2, 9, 3])])
    assert (ids.tolist(), there) == ([[2, 7, 3], [2, 9, 3]], None)
    ids, there = padded([np.array([2, 7, 3]), np.array([2, 9, 8, 3])])
    assert ids.tolist() == [[2, 7, 3, PAD], [2, 9, 8, 3]]
    assert there is not None
    assert there.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


def test_half_of_an_embedding_is_where_its_neighbours_put_it():
    model = BertForMaskedLM(
        BertConfig(vocab_size=40, hidden_size=400, num_attention_heads=2, num_hidden_layers=1)
    )
    vectors = np.zeros((40, 400), np.float32)
    vectors[np.arange(39), np.arange(39)] = 1
    start_from(model, vectors)
    embeddings = model.bert.embeddings.word_embeddings.weight.detach().numpy()
    along = (embeddings * vectors).sum(1)
    assert along[:39] == pytest.approx(20 * 0.1 / 2**0.5, abs=0.25)
    assert along[:39].mean() == pytest.approx(20 * 0.1 / 2**0.5, abs=0.05)
    rest = embeddings - along[:, None] * vectors
    assert np.linalg.norm(rest, axis=1) == pytest.approx(20 * 0.1 / 2**0.5, abs=0.25)


def test_masking_asks_for_at_least_one_word_of_every_sentence_and_for_nothing_else():
    """A batch that asks for none would have the loss NaN."""
    stream = np.random.default_rng(2)
    hidden = random = asked_for = 0
    for n in [1, 2, 9, 30]:
        ids = stream.integers(5, 300, (200, n + 2))
        ids[:, 0], ids[:, -1] = CLS, SEP
        given, asked = mask_words(ids, 300, stream)
        assert asked.any(1).all()
        assert not asked[:, [0, -1]].any()
        assert (given == ids)[~asked].all()
        hidden += (given == MASK).sum()
        random += ((given != ids) & (given != MASK)).sum()
        asked_for += asked.sum()
        if n == 30:
            assert asked.sum() / (200 * n) == pytest.approx(0.4, abs=0.03)
    assert not (given[asked] < MASK).any()
    assert hidden / asked_for == pytest.approx(0.5, abs=0.03)
    assert random / asked_for == pytest.approx(0.05, abs=0.02)


def test_the_gradient_is_that_of_the_cross_entropy():
    torch.manual_seed(1)
    weights = torch.randn(7, 30, requires_grad=True)
    labels = torch.tensor([3, 3, 0, 29, 12, 5, 5])
    loss = torch.nn.functional.cross_entropy(2 * weights, labels)
    (expected,) = torch.autograd.grad(loss, weights)
    assert backward(2 * weights, labels) == pytest.approx(loss.item(), rel=1e-5)
    assert weights.grad is not None
    assert torch.allclose(weights.grad, expected, atol=1e-7)
    sure = torch.tensor([[200.0, 0.0], [0.0, 0.0]], requires_grad=True)
    assert backward(sure, torch.tensor([1, 0])) == pytest.approx(100.35, abs=0.01)


def test_words_of_one_neighbourhood_begin_near_each_other():
    """In `the cat sleeps`, `the dog sleeps`, `a red hat`, cat and dog are of one kind."""
    the, cat, dog, sleeps, a, red, hat, alone = range(5, 13)
    text = [[the, cat, sleeps], [the, dog, sleeps], [a, red, hat], [a, hat], [alone]]
    sentences = [np.array([CLS, *words, SEP]) for words in text * 5]
    vectors = vectors_by_neighbours(sentences, 14, 8, n_neighbours=9)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors[5:12], axis=1) == pytest.approx(1, abs=1e-6)
    assert not vectors[13].any()  # never met
    assert vectors[cat] @ vectors[dog] == pytest.approx(1, abs=1e-6)
    assert vectors[cat] @ vectors[red] < 0.5
    # By the formula: the products of their positive pointwise mutual information, where as many
    # directions are kept as there are.
    whole = vectors_by_neighbours(sentences, 14, 18, n_neighbours=9)
    information = ppmi_of_neighbours(sentences, 14, 9)
    lengths = np.linalg.norm(information, axis=1, keepdims=True)
    unit = information / np.where(lengths > 0, lengths, 1)
    assert whole @ whole.T == pytest.approx(unit @ unit.T, abs=1e-5)


def ppmi_of_neighbours(sentences, vocabulary, n_neighbours):
    """Return max(0, log p(x, y) / p(x) p(y)) for y to the right of x, then to the left."""
    text = [int(i) for ids in sentences for i in ids]
    frequent = sorted(range(vocabulary), key=lambda i: (-text.count(i), i))[:n_neighbours]
    counts = np.zeros((vocabulary, 2 * n_neighbours))
    for ids in sentences:
        for x, y in pairwise(ids):
            if y in frequent:
                counts[x, frequent.index(y)] += 1
            if x in frequent:
                counts[y, n_neighbours + frequent.index(x)] += 1
    found = np.zeros_like(counts)
    for x, y in np.argwhere(counts):
        together = counts[x, y] / counts.sum()
        apart = counts[x].sum() / counts.sum() * counts[:, y].sum() / counts.sum()
        found[x, y] = max(0, np.log(together / apart))
    return found
