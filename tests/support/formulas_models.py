"""Activations and interventions as the methods define them: one sentence at a time, by hand.

The model is the published one, without a hook: a forward pass calls the modules of a BERT one after
the other and changes the states between two of them.
"""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer


def plain_model(folder):
    """The published model in float32."""
    return AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()


def plain_tokenizer(folder):
    """The published tokenizer."""
    return AutoTokenizer.from_pretrained(folder)


def word_vectors(model, tokenizer, forms, layers):
    """{layer: {word: (d,) tensor}}: the mean of each word's subtokens' hidden states."""
    encoded = tokenizer(forms, is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**encoded, output_hidden_states=True).hidden_states
    of_layers = torch.stack([states[layer][0] for layer in layers]).double()  # (l, s, d)
    found = {layer: {} for layer in layers}
    owner = encoded.word_ids()
    for word in range(len(forms)):
        own = [place for place, w in enumerate(owner) if w == word]
        if own:
            means = of_layers[:, own].mean(dim=1)
            for layer, mean in zip(layers, means, strict=True):
                found[layer][word] = mean
    return found


def predict_by_hand(model, ids, value_of, layer, change):
    """The arg max of every subtoken of a BERT that reads `ids`.

    `value_of` {place: value index} says which subtokens are changed at `layer`, by
    `change(h, value)`, h a tensor (d,).
    """

    def edited(states):
        states = states.clone()
        for place, value in value_of.items():
            states[0, place] = change(states[0, place], value)
        return states

    with torch.no_grad():
        states = model.bert.embeddings(input_ids=torch.tensor([ids]))
        for number, module in enumerate(model.bert.encoder.layer):
            if number == layer:
                states = edited(states)
            states = module(states)
        if layer == len(model.bert.encoder.layer):
            states = edited(states)
        return model.cls(states)[0].argmax(-1).tolist()
