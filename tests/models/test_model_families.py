"""Facts about families of models: each, run below and above every layer, is the published model.

The model that it is compared with reads one sentence at a time, whole, without padding. Where a
state is edited, a plain hook edits it there, on a module that the family is known to have.
"""

import logging
from itertools import count

import pytest
import torch
from transformers import AutoModelForMaskedLM
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from tests.support.small_models import (
    FAMILIES,
    IN_PARTS,
    ONE_BY_ONE,
    REFUSED,
    SIZES,
    WITH_HOOK,
    above,
    assert_close,
    random_sentences,
    save_random_model,
    whole,
)
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.with_hook import WithHook

RUN = [family for family in FAMILIES if family not in REFUSED]
LAYERS = {  # where the layers of a family are
    "bert": "bert.encoder.layer",
    "roberta": "roberta.encoder.layer",
    "xlm-roberta": "roberta.encoder.layer",
    "camembert": "roberta.encoder.layer",
    "distilbert": "distilbert.transformer.layer",
    "electra": "electra.encoder.layer",
    "albert": "albert.encoder.albert_layer_groups",
    "deberta-v2": "deberta.encoder.layer",
    "modernbert": "model.layers",
    "longformer": "longformer.encoder.layer",
    "convbert": "convbert.encoder.layer",
    "fnet": "fnet.encoder.layer",
}


def change(states):
    """Edit two subtokens of (1, s, d): half of the neurons become 0, half another number."""
    states = states.clone()
    states[0, [1, 3], ::2] = 0
    states[0, [1, 3], 1::2] += 1.5
    return states


def hooks_that_edit(model, family, layer):
    """Make a plain model change the states at a layer, until the hooks are removed."""
    encoder = model.base_model
    if layer == SIZES["num_hidden_layers"]:

        def change_last(module, args, output):
            output.last_hidden_state = change(output.last_hidden_state)
            return output

        return [encoder.register_forward_hook(change_last)]
    if family in WITH_HOOK:
        squeeze = family == "squeezebert"
        if layer == 0:
            module = encoder.embeddings if squeeze else encoder.layer_norm_emb
        else:
            norms = encoder.encoder.layers if squeeze else encoder.layer_norm2
            module = norms[layer - 1].output if squeeze else norms[layer - 1]

        def change_returned(module, args, states):
            # SqueezeBERT's layers have neurons before subtokens.
            return change(states.mT).mT if squeeze and layer else change(states)

        return [module.register_forward_hook(change_returned)]
    number = count()

    def change_given(module, args):
        return (change(args[0]), *args[1:]) if next(number) == layer else args

    layers = model.get_submodule(LAYERS[family])
    return [module.register_forward_pre_hook(change_given) for module in layers]


def assert_equals_the_whole_model(folder, lengths=(9, 4, 12)):
    model = MaskedLM(folder)
    read = random_sentences(lengths)
    batch = model.batch(read)
    plain = whole(folder, read)
    several = model.lower(batch, range(model.n_layers + 1))
    for layer in range(model.n_layers + 1):
        states = model.lower(batch, [layer])[layer]
        last = above(model, states, batch, layer)
        for row, (hidden, best) in enumerate(plain):
            n = len(best)
            assert_close(states[row, :n], hidden[layer])
            assert_close(several[layer][row, :n], hidden[layer])
            assert_close(last[row, :n], hidden[-1])
            assert model.predict(last[row, :n]).tolist() == best.tolist()


@pytest.mark.parametrize("family", RUN)
def test_lower_upper_and_predict_equal_the_whole_model_at_every_layer(folder_of, family):
    assert_equals_the_whole_model(folder_of(family))


@pytest.mark.parametrize("family", [*LAYERS, *WITH_HOOK])
def test_edited_states_give_what_a_plain_hook_gives(folder_of, family):
    """For both sentences of a batch, each edited, against one sentence at a time."""
    model = MaskedLM(folder_of(family))
    plain = AutoModelForMaskedLM.from_pretrained(folder_of(family)).eval()
    read = random_sentences((9, 6))
    batch = model.batch(read)
    for layer in range(model.n_layers + 1):
        states = model.lower(batch, [layer])[layer]
        edited = torch.cat([change(own[None]) for own in states])
        last = above(model, edited, batch, layer)
        for row, sentence in enumerate(read):
            ids = torch.tensor(sentence.ids[None], dtype=torch.long)
            n = len(sentence.ids)
            unchanged = run_plainly(plain, ids)[0]
            hooks = hooks_that_edit(plain, family, layer)
            read_by_head, best = run_plainly(plain, ids)
            for hook in hooks:
                hook.remove()
            assert_close(last[row, :n], read_by_head)
            assert model.predict(last[row, :n]).tolist() == best.tolist()
            assert not torch.allclose(read_by_head, unchanged, rtol=1e-2)


def run_plainly(model, ids):
    """What the LM head of a plain model reads, (s, d), and its arg max (s,)."""
    read_by_head = []
    keep = model.base_model.register_forward_hook(
        lambda module, args, output: read_by_head.append(output.last_hidden_state[0])
    )
    with torch.no_grad():
        best = model(ids).logits[0].argmax(-1)
    keep.remove()
    return read_by_head[0], best


@pytest.mark.parametrize("family", ["bert", "longformer", *ONE_BY_ONE, *WITH_HOOK])
def test_the_states_that_are_given_stay_as_they_are(folder_of, family):
    """They are edited further for the next k; XLM writes into its states."""
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    for layer in range(4):
        states = torch.randn(3, 12, 16)
        given = states.clone()
        model.upper(given, batch, layer, torch.tensor([3, 13]))
        assert torch.equal(given, states)


@pytest.mark.parametrize("family", RUN)
def test_the_wanted_rows_are_those_of_all_rows(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    wanted = torch.tensor([0, 3, 11, 12, 15, 30])  # of each sentence, in no regular pattern
    wanted = wanted[batch.mask.flatten()[wanted] == 1]
    for layer in range(4):
        states = model.lower(batch, [layer])[layer]
        every = above(model, states, batch, layer).flatten(0, 1)
        assert_close(model.upper(states, batch, layer, wanted), every[wanted])
        assert_close(model.upper(states, batch, layer, wanted[:1]), every[wanted[:1]])


@pytest.mark.parametrize("changes", [{"num_hidden_groups": 3}, {"num_hidden_layers": 1}])
def test_albert_equals_the_whole_model_however_its_layers_share_weights(tmp_path, changes):
    save_random_model("albert", tmp_path, **changes)
    assert_equals_the_whole_model(tmp_path)


@pytest.mark.parametrize(
    "changes", [{"conv_kernel_size": 3}, {"legacy": False}, {"position_biased_input": False}]
)
def test_every_kind_of_deberta_equals_the_whole_model(tmp_path, changes):
    """Also with a convolution between its layers 0 and 1, and with the other LM head."""
    save_random_model("deberta-v2", tmp_path, **changes)
    assert_equals_the_whole_model(tmp_path)


@pytest.mark.parametrize("family", ["bert", "albert", "deberta-v2", "roberta", "modernbert"])
def test_layers_above_and_below_do_not_run(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    inner = next(iter(model._model.get_submodule(LAYERS[family])))
    attentions = [type(m) for m in inner.modules() if type(m).__name__.endswith("Attention")][:1]
    ran = []
    for module in model._model.modules():
        if type(module) in attentions:
            module.register_forward_hook(lambda *_: ran.append(1))
    states = model.lower(batch, [1])[1]
    assert len(ran) == 1
    model.upper(states, batch, 2, torch.tensor([3]))  # finds once which rows can be left out
    ran.clear()
    model.upper(states, batch, 2, torch.tensor([3]))
    assert len(ran) == 1


@pytest.mark.parametrize("family", WITH_HOOK)
def test_a_family_without_layers_that_run_apart_runs_whole_and_the_log_says_so(
    folder_of, family, caplog
):
    with caplog.at_level(logging.INFO):
        MaskedLM(folder_of(family))
    assert f"({family}): no layers that run apart: run whole, with a hook" in caplog.text
    assert str(folder_of(family)) in caplog.text


@pytest.mark.parametrize("family", ONE_BY_ONE)
def test_a_family_whose_numbers_depend_on_the_padding_reads_one_sentence_at_a_time(
    folder_of, family, caplog
):
    with caplog.at_level(logging.INFO):
        MaskedLM(folder_of(family))
    assert f"({family}): numbers depend on the padding: run one sentence at a time" in caplog.text


@pytest.mark.parametrize("family", IN_PARTS)
def test_a_family_that_runs_in_parts_has_nothing_to_say(folder_of, family, caplog):
    with caplog.at_level(logging.INFO):
        MaskedLM(folder_of(family))
    assert not [record for record in caplog.records if record.name == "masked_lm"]


@pytest.mark.parametrize("family", REFUSED)
def test_a_family_that_is_not_the_published_model_either_way_is_refused_by_name(folder_of, family):
    with pytest.raises(ValueError, match=rf"{folder_of(family)}: .*\({family}\) cannot be run"):
        MaskedLM(folder_of(family))


def test_a_model_that_keeps_a_layers_states_beside_the_others_runs_whole(folder_of, monkeypatch):
    """A BERT whose LM head also reads layer 1: not run, it would be other states."""
    layers_of = type(AutoModelForMaskedLM.from_pretrained(folder_of("bert")).bert.encoder)

    def forward(self, hidden_states, attention_mask=None, **kwargs):
        kept = []
        for layer in self.layer:
            hidden_states = layer(hidden_states, attention_mask)
            kept.append(hidden_states)
        return BaseModelOutputWithPastAndCrossAttentions(hidden_states + kept[0])

    monkeypatch.setattr(layers_of, "forward", forward)
    assert isinstance(MaskedLM(folder_of("bert"))._running, WithHook)
    assert_equals_the_whole_model(folder_of("bert"))
