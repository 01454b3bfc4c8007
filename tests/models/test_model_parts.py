"""Facts about a model in parts: what runs, what is left as it was, and models that cannot be used.

That the parts are those of the whole model, `test_model_families` says of each family.
"""

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    BertModel,
)

from tests.support.small_models import above, assert_close, random_sentences, whole
from workflow_scripts.models import masked_lm, vocabulary
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader


@pytest.mark.parametrize("layer", range(4))
def test_upper_runs_on_from_the_states_that_it_is_given(folder_of, layer):
    """Not from the sentence's own: two sentences with their states exchanged exchange the rest."""
    model = MaskedLM(folder_of("bert"))
    batch = model.batch(random_sentences((7, 7)))
    states = model.lower(batch, [layer])[layer]
    there = above(model, states, batch, layer)
    exchanged = above(model, states.flip(0), batch, layer)
    assert_close(exchanged, there.flip(0))


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "electra", "deberta-v2"])
def test_behind_the_last_attention_only_wanted_rows_are_computed(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    rows = []
    for module in model._running.layers[-1].modules():
        if isinstance(module, torch.nn.Linear) and 32 in (module.in_features, module.out_features):
            module.register_forward_pre_hook(lambda _, args: rows.append(args[0].shape[:-1]))
    model.upper(model.lower(batch, [2])[2], batch, 2, torch.tensor([1, 5]))
    rows = rows[-2:]  # of the pass itself; what was tried before it came first
    assert rows == [(1, 2), (1, 2)]


def test_predictions_do_not_depend_on_how_many_go_through_the_head_at_once(folder_of, monkeypatch):
    model = MaskedLM(folder_of("bert"))
    rows = torch.randn(50, 16, generator=torch.Generator().manual_seed(3))
    at_once = model.predict(rows)
    monkeypatch.setattr(vocabulary, "LOGITS_AT_ONCE", {"cpu": 90 * 7})
    assert model.predict(rows).tolist() == at_once.tolist()
    assert model.predict(rows[:0]).tolist() == []


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_the_model_is_unchanged_afterwards(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    inner = model._model
    weights = {name: tensor.clone() for name, tensor in inner.state_dict().items()}
    modules = [name for name, _ in inner.named_modules()]
    with torch.no_grad():
        before = inner(input_ids=batch.ids, attention_mask=batch.mask).logits
    for layer in range(4):
        model.predict(above(model, model.lower(batch, [0, layer])[layer], batch, layer)[0])
    assert_untouched(inner, weights, modules)
    with torch.no_grad():
        after = inner(input_ids=batch.ids, attention_mask=batch.mask).logits
    assert torch.equal(before, after)


def assert_untouched(inner, weights, modules):
    assert [name for name, _ in inner.named_modules()] == modules
    for name, tensor in inner.state_dict().items():
        assert torch.equal(tensor, weights[name])
    for module in inner.modules():
        assert not module._forward_pre_hooks
        assert "forward" not in vars(module)


@pytest.mark.parametrize("part", ["lower", "upper", "predict"])
def test_the_model_is_unchanged_after_an_error_inside_it(folder_of, part):
    model = MaskedLM(folder_of("bert"))
    batch = model.batch(random_sentences())
    inner = model._model
    weights = {name: tensor.clone() for name, tensor in inner.state_dict().items()}
    modules = [name for name, _ in inner.named_modules()]
    states = torch.zeros(3, 12, 16)
    wrong = masked_lm.Batch(batch.ids, batch.mask[:, :5])  # a mask of another length
    run = {
        "lower": lambda: model.lower(wrong, [2]),
        "upper": lambda: model.upper(states, wrong, 2, torch.tensor([3])),
        "predict": lambda: model.predict(torch.zeros(4, 17)),  # one neuron too many
    }
    with pytest.raises(RuntimeError):
        run[part]()
    assert_untouched(inner, weights, modules)


@pytest.mark.parametrize(
    ("family", "positions"),
    [("bert", 40), ("distilbert", 40), ("roberta", 38), ("mpnet", 38), ("ibert", 38)],
)
def test_the_longest_sentence_is_the_last_that_the_positions_can_address(
    folder_of, family, positions
):
    model = MaskedLM(folder_of(family))
    assert model.max_subtokens == positions
    model.lower(model.batch(random_sentences((positions,))), [1])
    with pytest.raises((IndexError, RuntimeError)):
        model.lower(model.batch(random_sentences((positions + 1,))), [1])


def test_a_checkpoint_without_lm_head_is_a_clear_error_for_interventions_only(folder_of, tmp_path):
    BertModel.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    model = MaskedLM(tmp_path)
    read = random_sentences()
    states = model.lower(model.batch(read), [2])[2]
    assert_close(states[0, :9], whole(folder_of("bert"), read[:1])[0][0][2])
    with pytest.raises(ValueError, match=f"{tmp_path}: the checkpoint has no LM head"):
        model.require_lm_head()


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_a_checkpoint_with_a_tied_lm_head_has_one(folder_of, family):
    MaskedLM(folder_of(family)).require_lm_head()


def test_a_checkpoint_that_lacks_weights_of_a_layer_is_refused(folder_of, tmp_path):
    """A configuration with one layer more than the weights have."""
    AutoModelForMaskedLM.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    config.num_hidden_layers = 4
    config.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=str(tmp_path)):
        MaskedLM(tmp_path)


def test_damaged_weights_are_a_clear_error(folder_of, tmp_path):
    AutoModelForMaskedLM.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match=str(tmp_path)):
        MaskedLM(tmp_path)


@pytest.mark.parametrize("what", [MaskedLM, Reader])
def test_an_empty_folder_is_a_clear_error(tmp_path, what):
    with pytest.raises(ValueError, match=f"{tmp_path}(: no tokenizer with|.*cannot be read)"):
        what(tmp_path)
