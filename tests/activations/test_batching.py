"""Batches of like length: every sentence once, sized by the cache or by the card's memory."""

import numpy as np
import pytest
import torch

from workflow_scripts import InputError
from workflow_scripts.models.batching import SUBTOKENS_AT_ONCE, Batches

CPU = torch.device("cpu")


class Card:
    """A GPU's memory: what is held beside a call is `bytes_a_subtoken` a padded subtoken."""

    def __init__(self, total, bytes_a_subtoken):
        self.total = total
        self.bytes_a_subtoken = bytes_a_subtoken
        self.subtokens = 0

    def needed(self, call):
        call()
        return self.subtokens * self.bytes_a_subtoken


def batches_of(lengths, memory=None):
    """Return the batches, as lists of indices, that `lengths` are cut into."""
    found = []

    def compute(rows):
        found.append(rows.tolist())
        if memory is not None:
            memory.subtokens = len(rows) * max(lengths[i] for i in rows)

    Batches(CPU, memory).each(lengths, compute)
    return found


def padded(batch, lengths):
    return len(batch) * max(lengths[i] for i in batch)


@pytest.mark.parametrize("card", [None, Card(1 << 24, 100)])
def test_every_sentence_is_in_one_batch_longest_first(card):
    lengths = np.random.default_rng(0).integers(1, 200, 500).tolist()
    found = [i for batch in batches_of(lengths, card) for i in batch]
    assert sorted(found) == list(range(500))
    assert [lengths[i] for i in found] == sorted(lengths, reverse=True)


def test_on_a_cpu_a_batch_is_what_stays_in_the_cache():
    lengths = [20] * 1000
    assert max(padded(b, lengths) for b in batches_of(lengths)) <= SUBTOKENS_AT_ONCE


def test_a_sentence_longer_than_a_batch_is_a_batch():
    assert batches_of([2 * SUBTOKENS_AT_ONCE, 3]) == [[0], [1]]


@pytest.mark.parametrize(
    ("total", "fits"), [(1 << 24, 1 << 16), (3 << 23, 1 << 16), (1 << 16, 1 << 8)]
)
def test_on_a_gpu_batches_grow_or_shrink_to_half_of_the_card(total, fits):
    """128 bytes a subtoken: half of 2^24 bytes hold 2^16 of them."""
    lengths = [16] * 40_000
    first, second, *_ = batches_of(lengths, Card(total, 128))
    assert padded(first, lengths) == SUBTOKENS_AT_ONCE
    assert padded(second, lengths) == fits


def test_a_second_run_on_the_same_card_has_the_same_batches():
    lengths = np.random.default_rng(1).integers(1, 60, 3000).tolist()
    assert batches_of(lengths, Card(1 << 22, 300)) == batches_of(lengths, Card(1 << 22, 300))


def test_what_does_not_fit_after_all_is_halved_and_grows_no_more():
    """Another program on the card has taken the memory."""
    lengths = [16] * 10_000
    card = Card(1 << 30, 128)
    done, most = [], 1000

    def compute(rows):
        card.subtokens = len(rows) * 16
        if len(rows) > most:
            raise torch.OutOfMemoryError("no memory")
        done.extend(rows.tolist())

    batches = Batches(CPU, card)
    batches.each(lengths, compute)
    assert sorted(done) == list(range(10_000))
    assert most / 2 * 16 < batches.subtokens <= most * 16  # and no less for each failure


def test_a_sentence_that_does_not_fit_alone_is_an_error_that_names_the_device():
    def compute(rows):
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(InputError, match="cpu has too little memory for one sentence"):
        Batches(CPU).each([3], compute)
