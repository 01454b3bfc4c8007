"""Facts about training a small model from scratch."""

import numpy as np
import pytest
import torch

from tests.support.commands import call
from tests.support.treebank_files import read_text, sentence_of
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models import train_model as train_command
from workflow_scripts.models.training import (
    CLS,
    IGNORED,
    MASK,
    PAD,
    SEP,
    TrainingPlan,
    mask_words,
    train_model,
    train_tokenizer,
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
    plan = TrainingPlan(layers=1, width=8, heads=2, vocabulary=30, epochs=2, batch=16)
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


def test_masking_asks_for_at_least_one_word_of_every_sentence_and_for_nothing_else():
    """A batch that asks for none would have the loss NaN."""
    stream = np.random.default_rng(2)
    rows = [np.array([CLS, *stream.integers(5, 30, n), SEP]) for n in [1, 1, 2, 9] * 50]
    given, labels, attention = mask_words(rows, 30, stream)
    hidden = 0
    for i, ids in enumerate(rows):
        n = len(ids)
        assert attention[i].tolist() == [1] * n + [0] * (11 - n)
        asked = labels[i] != IGNORED
        assert asked.any()
        assert not asked[[0, n - 1]].any()
        assert not asked[n:].any()
        assert labels[i, :n][asked[:n]].tolist() == ids[asked[:n].numpy()].tolist()
        assert given[i, :n][~asked[:n]].tolist() == ids[~asked[:n].numpy()].tolist()
        hidden += int((given[i] == MASK).sum())
    share = hidden / int((labels != IGNORED).sum())
    assert share == pytest.approx(0.5, abs=0.1)
