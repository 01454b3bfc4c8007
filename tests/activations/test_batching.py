"""Batches: every sentence once, of like or of equal length, of a constant size."""

import numpy as np
import pytest
import torch

from workflow_scripts import InputError
from workflow_scripts.models.batching import PADDING, SUBTOKENS_AT_ONCE, Batches

CPU = torch.device("cpu")
AT_ONCE = SUBTOKENS_AT_ONCE["cpu"]


def batches_of(lengths, **options):
    """Return the batches, as lists of indices, that `lengths` are cut into."""
    found = []
    Batches(CPU).each(lengths, lambda rows: found.append(rows.tolist()), **options)
    return found


def padded(batch, lengths):
    return len(batch) * max(lengths[i] for i in batch)


@pytest.mark.parametrize("padding", [0, PADDING, 1])
def test_every_sentence_is_in_one_batch_longest_first(padding):
    lengths = np.random.default_rng(0).integers(1, 200, 500).tolist()
    found = [i for batch in batches_of(lengths, padding=padding) for i in batch]
    assert sorted(found) == list(range(500))
    assert [lengths[i] for i in found] == sorted(lengths, reverse=True)


@pytest.mark.parametrize("padding", [0, 1 / 8, 1])
def test_no_sentence_is_padded_by_more_than_its_share(padding):
    lengths = np.random.default_rng(1).integers(1, 100, 3000).tolist()
    for batch in batches_of(lengths, padding=padding):
        longest = max(lengths[i] for i in batch)
        assert min(lengths[i] for i in batch) >= longest * (1 - padding)
        assert padded(batch, lengths) <= AT_ONCE


def test_batches_are_full_where_there_are_sentences_enough():
    lengths = [20] * 1000
    assert [padded(b, lengths) for b in batches_of(lengths)][:-1] == [AT_ONCE // 20 * 20] * 9


def test_a_gpu_has_larger_ones_whatever_its_memory():
    found = []
    card = torch.device("cuda")  # its name alone: there may be none
    Batches(card).each([32] * 4096, lambda rows: found.append(len(rows)))
    assert found == [SUBTOKENS_AT_ONCE["cuda"] // 32] * 4
    assert SUBTOKENS_AT_ONCE["cuda"] > AT_ONCE


def test_a_sentence_longer_than_a_batch_is_a_batch():
    assert batches_of([2 * AT_ONCE, 3]) == [[0], [1]]


def test_a_sentence_without_a_subtoken_is_in_a_batch_too():
    assert batches_of([0, 0]) == [[0, 1]]


def test_what_does_not_fit_is_halved_and_the_next_are_no_larger():
    """Another program on the card has taken the memory."""
    lengths, most = [16] * 10_000, 50
    done, tried = [], []

    def compute(rows):
        tried.append(len(rows))
        if len(rows) > most:
            raise torch.OutOfMemoryError("no memory")
        done.extend(rows.tolist())

    Batches(CPU).each(lengths, compute)
    assert sorted(done) == list(range(10_000))
    assert sum(n > most for n in tried) < 5  # and not each anew


def test_a_sentence_that_does_not_fit_alone_is_an_error_that_names_the_device():
    def compute(rows):
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(InputError, match="cpu has too little memory for one sentence"):
        Batches(CPU).each([3], compute)
