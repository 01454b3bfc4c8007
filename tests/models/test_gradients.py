"""Facts about gradients: how two logits' difference changes with the states of a layer."""

import pytest
import torch
from transformers import AutoModelForMaskedLM

from tests.support.small_models import (
    FAMILIES,
    REFUSED,
    random_sentences,
    save_random_model,
)
from workflow_scripts.models.masked_lm import MaskedLM

HIDDEN = {"longformer"}
"""Families whose states, as they show them, are copies: no plain gradient is to be had."""
RUN = [family for family in FAMILIES if family not in REFUSED]
ROWS = torch.tensor([1, 4, 13, 15, 30])  # of three sentences of up to 12 subtokens
IDS = torch.tensor([7, 20, 33, 60, 7])
OTHERS = torch.tensor([8, 3, 70, 61, 50])


def margins(model, states, batch, layer):
    """The logits of OTHERS less those of IDS at ROWS, (r,) float64."""
    logits = model.logits(model.upper(states, batch, layer, ROWS)).double()
    rows = torch.arange(len(ROWS))
    return logits[rows, OTHERS] - logits[rows, IDS]


@pytest.mark.parametrize("family", RUN)
def test_a_gradient_is_that_of_the_published_model(family, tmp_path):
    """Which reads one sentence at a time; at each layer whose states it shows as it goes on."""
    save_random_model(family, tmp_path)
    model, plain = MaskedLM(tmp_path), AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    sentences = random_sentences()
    batch = model.batch(sentences)
    length = batch.ids.shape[1]
    shown = 0
    for layer in range(model.n_layers):
        states = model.lower(batch, [layer])[layer]
        found = model.gradient(states, batch, layer, ROWS, IDS, OTHERS)
        for i, sentence in enumerate(sentences):
            n = len(sentence.ids)
            own = (ROWS // length == i) & (ROWS % length < n)
            output = plain(torch.tensor(sentence.ids[None]).long(), output_hidden_states=True)
            logits = output.logits[0, ROWS[own] % length]
            rows = torch.arange(len(logits))
            total = (logits[rows, OTHERS[own]] - logits[rows, IDS[own]]).sum()
            given = output.hidden_states[layer]
            (expected,) = torch.autograd.grad(total, given, allow_unused=True)
            if expected is not None:
                torch.testing.assert_close(found[i, :n], expected[0], rtol=1e-3, atol=1e-5)
                shown += 1
    assert shown or family in HIDDEN


@pytest.mark.parametrize("family", ["bert", "albert", "electra", *sorted(HIDDEN)])
def test_a_gradient_is_what_small_changes_do(family, tmp_path):
    """Along a drawn direction, at every layer, the last one too."""
    save_random_model(family, tmp_path)
    model = MaskedLM(tmp_path)
    batch = model.batch(random_sentences())
    torch.manual_seed(3)
    for layer in range(model.n_layers + 1):
        states = model.lower(batch, [layer])[layer].clone()
        found = model.gradient(states, batch, layer, ROWS, IDS, OTHERS)
        direction = torch.randn_like(states) * batch.mask[..., None]
        along = (found.double() * direction).sum().item()
        size = 2e-3
        ends = [
            margins(model, states + sign * size * direction, batch, layer).sum() for sign in (1, -1)
        ]
        measured = ((ends[0] - ends[1]) / (2 * size)).item()
        assert along == pytest.approx(measured, rel=0.03, abs=0.02 * found.norm().item()), layer


@pytest.mark.parametrize("head", ["logits", "rows of the output embeddings"])
def test_a_gradient_is_that_of_the_plain_model(tmp_path, monkeypatch, head):
    """Whether the head is asked for all logits, a few rows at a time, or for two of them."""
    save_random_model("bert", tmp_path)
    model = MaskedLM(tmp_path)
    if head == "logits":
        monkeypatch.setattr(model, "_vocabulary", None)
        monkeypatch.setattr(MaskedLM, "rows_at_once", 2)
    batch = model.batch(random_sentences())
    plain = AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    for layer in (0, 2, 3):
        output = plain(batch.ids, attention_mask=batch.mask, output_hidden_states=True)
        states = output.hidden_states[layer]
        logits = output.logits.flatten(0, 1)[ROWS]
        rows = torch.arange(len(ROWS))
        total = (logits[rows, OTHERS] - logits[rows, IDS]).sum()
        (expected,) = torch.autograd.grad(total, states)
        found = model.gradient(states.detach(), batch, layer, ROWS, IDS, OTHERS)
        real = batch.mask.bool()
        torch.testing.assert_close(found[real], expected[real], rtol=1e-4, atol=1e-6)


def test_a_gradient_leaves_nothing_behind(tmp_path):
    """Called where no gradient is kept, too: the model predicts what it did."""
    save_random_model("bert", tmp_path)
    model = MaskedLM(tmp_path)
    batch = model.batch(random_sentences())
    states = model.lower(batch, [1])[1]
    before = model.predict(model.upper(states, batch, 1, ROWS))
    with torch.inference_mode():
        model.gradient(states, batch, 1, ROWS, IDS, OTHERS)
    assert torch.equal(model.predict(model.upper(states, batch, 1, ROWS)), before)
    assert not any(weights.requires_grad for weights in model._model.parameters())
