"""Concord, transcribed: one pair of words, one sentence and one edit at a time."""

import torch
from transformers import AutoTokenizer

from tests.support.formulas_effects import PlainCounterparts
from tests.support.formulas_interventions import (
    METHODS,
    change_by_hand,
    donors_of_test,
    read_by_hand,
    sentences_of_test,
)
from tests.support.formulas_models import plain_model
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import kept_values
from workflow_scripts.interventions.methods import steer


def pairs_by_hand(words, attribute, values):
    """(relation, controller, target, attractor) of a sentence, rows of the words file."""
    pairs = []
    for word in words:
        if word["head"] is None:
            continue
        relation, head = word["deprel"], words[word["head"]]
        if relation == "nsubj" or relation.startswith("nsubj:"):
            controller, target = word, None
            if head["upos"] in ("VERB", "AUX") and head[attribute] is not None:
                target = head
            else:
                for child in words:
                    own = child["head"] == head["word"] and child["deprel"].split(":")[0]
                    if own in ("aux", "cop") and child[attribute] is not None:
                        target = child
                        break
            relation = "nsubj"
        elif relation in ("det", "amod"):
            controller, target = head, word
        else:
            continue
        if target is None or target is controller or target[attribute] not in values:
            continue
        if controller[attribute] != target[attribute]:
            continue
        ends = sorted((controller["word"], target["word"]))
        between = {word[attribute] for word in words[ends[0] + 1 : ends[1]]}
        attractor = bool((between & set(values)) - {target[attribute]})
        pairs.append((relation, controller["word"], target["word"], attractor))
    return pairs


def concord_by_hand(intervened, attribute, layer, method, ks, stream):
    """{(k, sentence, relation, attractor, edited): [margins]} of the pairs of test sentences.

    `method` is one of METHODS, and steers to the last value; `stream` draws the other words.
    """
    tokenizer = AutoTokenizer.from_pretrained(intervened.model)
    model = plain_model(intervened.model)
    values = kept_values(intervened.attributes)[attribute]
    statistics = read_statistics(intervened.folder / f"{attribute}-{layer}.safetensors")
    neurons = read_parquet(intervened.folder / f"{attribute}-{layer}.parquet")
    neurons = neurons.column("neuron").to_pylist()
    known = PlainCounterparts(tokenizer, intervened.words, attribute, values)
    donor_of = donors_of_test(intervened, attribute, layer, method, values)
    to = len(values) - 1
    edited = [v for v in values if METHODS[method][0] is not steer or v != values[to]]
    found = {}
    for number, words in sentences_of_test(intervened).items():
        ids, places = read_by_hand(tokenizer, [word["form"] for word in words])
        for relation, controller, target, attractor in pairs_by_hand(words, attribute, values):
            own = [ids[place] for place, w in enumerate(places) if w == target]
            other = known.of(words[target], own)
            if words[controller][attribute] not in edited or controller not in places:
                continue
            if other is None or not known.all_else_equal:
                continue
            beside = [
                i
                for i, word in enumerate(words)
                if word[attribute] in edited and i in places and i not in (controller, target)
            ]
            if not beside:
                continue
            drawn = beside[stream.integers(len(beside))]
            masked = [
                tokenizer.mask_token_id if w == target else i
                for i, w in zip(ids, places, strict=True)
            ]
            for k in ks:
                for name, changed in {"controller": controller, "other": drawn}.items():
                    z = values.index(words[changed][attribute])

                    def change(h, z=z, k=k, place=(number, changed)):
                        return change_by_hand(
                            *(h, z, k, neurons, statistics.means.tolist(), method),
                            statistics.counts.tolist(),
                            donor_of.get(place),
                            to,
                        )

                    at = [place for place, w in enumerate(places) if w == changed]
                    logits = logits_by_hand(model, masked, at, layer, change)
                    p = torch.log_softmax(logits[places.index(target)].double(), dim=0)
                    key = k, number, relation, attractor, name
                    found.setdefault(key, []).append(float(p[own[0]] - p[other]))
    return found


def logits_by_hand(model, ids, places, layer, change):
    """The logits (s, V) of a BERT that reads `ids`, these places changed at the layer."""
    with torch.no_grad():
        states = model.bert.embeddings(input_ids=torch.tensor([ids]))
        for number, module in enumerate([*model.bert.encoder.layer, None]):
            if number == layer:
                states = states.clone()
                for place in places:
                    states[0, place] = change(states[0, place])
            if module is not None:
                states = module(states)
        return model.cls(states)[0]
