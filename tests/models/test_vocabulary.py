"""The vocabulary product: the arg max of a full float64 product, whatever is left out."""

import pytest
import torch

from workflow_scripts.models import vocabulary
from workflow_scripts.models.vocabulary import Vocabulary


def pretend(monkeypatch, bfloat16):
    """Let the processor have bfloat16 instructions, or none; PyTorch computes them on any."""
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bfloat16)
    monkeypatch.setattr(vocabulary, "FEW_WORDS", 0)


@pytest.fixture(autouse=True, params=[True, False], ids=["bfloat16", "float32"])
def _processor(request, monkeypatch):
    """Every fact here holds on processors with and without bfloat16."""
    pretend(monkeypatch, request.param)
    some_words = Vocabulary(torch.ones(2, 2), None)
    assert (some_words._rounded is not None) == request.param


def product(weight, bias, hidden):
    return weight.double() @ hidden.double().T + bias.double()[:, None]


def draw(n_rows, width, n_words, scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(n_words, width, generator=generator)
    bias = torch.randn(n_words, generator=generator)
    return weight, bias, scale * torch.randn(n_rows, width, generator=generator)


@pytest.mark.parametrize("width", [1, 16, 63, 384])
@pytest.mark.parametrize("scale", [0.01, 1, 100])
def test_the_arg_max_is_that_of_the_full_product(width, scale):
    weight, bias, hidden = draw(200, width, 3001, scale)
    found = Vocabulary(weight, bias).argmax(hidden)
    assert torch.equal(found, product(weight, bias, hidden).argmax(0))


def test_calls_of_any_size_do_not_meet_in_the_memory_that_is_kept():
    weight, bias, hidden = draw(1100, 16, 700)
    product_of = Vocabulary(weight, bias)
    expected = product(weight, bias, hidden).argmax(0)
    nowhere = torch.full((3, 16), torch.nan)
    for size in (1025, 513, 7, 512, 1100):
        found = product_of.argmax(hidden[:size])
        product_of.argmax(nowhere)  # in float32
        assert torch.equal(found, expected[:size])


def test_logits_that_are_all_negative_are_ordered_too():
    weight, bias, hidden = draw(50, 32, 500)
    bias = bias - 1000
    found = Vocabulary(weight, bias).argmax(hidden)
    assert torch.equal(found, product(weight, bias, hidden).argmax(0))


def test_rows_that_differ_in_the_last_digits_alone_are_told_apart(monkeypatch):
    """In bfloat16, whose candidates are compared in float64; a float32 product cannot always."""
    pretend(monkeypatch, bfloat16=True)
    weight, differences, hidden = draw(50, 64, 400)
    weight = weight[:1] * (1 + 1e-4 * differences[:, None])
    bias = torch.zeros(400)
    found = Vocabulary(weight, bias).argmax(hidden)
    assert torch.equal(found, product(weight, bias, hidden).argmax(0))


def test_of_equal_rows_the_lower_wins():
    weight, bias, hidden = draw(20, 8, 40)
    both = Vocabulary(torch.cat([weight, weight]), torch.cat([bias, bias]))
    assert torch.equal(both.argmax(hidden), Vocabulary(weight, bias).argmax(hidden))


def test_processors_with_and_without_bfloat16_give_the_same(monkeypatch):
    weight, bias, hidden = draw(100, 48, 2000)
    found = []
    for bfloat16 in (True, False):
        pretend(monkeypatch, bfloat16)
        found.append(Vocabulary(weight, bias).argmax(hidden))
    assert torch.equal(*found)


def test_there_may_be_no_bias_and_no_row():
    weight, _, hidden = draw(5, 8, 40)
    words = Vocabulary(weight, None)
    assert torch.equal(words.argmax(hidden), (weight @ hidden.T).argmax(0))
    assert words.argmax(hidden[:0]).tolist() == []


@pytest.mark.parametrize("unused", [-torch.inf, -1e38, -1e4, -100])
@pytest.mark.parametrize("scale", [1, 1e37])
def test_words_that_are_never_predicted_may_have_any_bias(unused, scale):
    weight, bias, hidden = draw(40, 16, 1000)
    bias[900:] = unused
    hidden[3] *= scale
    expected = product(weight, bias, hidden).argmax(0)
    assert torch.equal(Vocabulary(weight, bias).argmax(hidden), expected)


def test_states_that_are_no_numbers_spoil_no_other():
    weight, bias, hidden = draw(40, 16, 1000)
    expected = product(weight, bias, hidden).argmax(0)
    hidden[7] = torch.nan
    found = Vocabulary(weight, bias).argmax(hidden)
    others = torch.arange(40) != 7
    assert torch.equal(found[others], expected[others])
