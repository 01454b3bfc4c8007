"""Interventions by hand: a BERT on one unpadded sentence, its states changed in plain loops."""

from collections import Counter

import torch
from transformers import AutoTokenizer

from tests.support.formulas_models import plain_model, predict_by_hand
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import kept_values
from workflow_scripts.interventions.methods import ablation, translation

METHODS = {
    "ablation": (ablation, {}),
    "translation": (translation, {"beta": 8.0, "scaled": True}),
    "unscaled": (translation, {"beta": 1.5, "scaled": False}),
}


def alpha(position, d, beta, scaled):
    return beta * (0.001 / beta) ** (position / (d - 1)) if scaled else beta


def change_by_hand(h, value, k, neurons, means, method):
    """The vector `h` (d,) of a subtoken whose word has the value of that index."""
    module, options = METHODS[method]
    d = len(h)
    h = h.tolist()
    for position in range(k):
        n = neurons[position]
        if module is ablation:
            h[n] = 0.0
        else:
            step = means[(value + 1) % len(means)][n] - means[value][n]
            h[n] += alpha(position, d, **options) * step
    return torch.tensor(h, dtype=torch.float32)


def read_by_hand(tokenizer, forms):
    """Ids, and the word of every subtoken (None: a special token)."""
    encoded = tokenizer(forms, is_split_into_words=True)
    return encoded["input_ids"], encoded.word_ids()


def spell(tokenizer, ids):
    return "".join(tokenizer.decode(ids, skip_special_tokens=False).split())


def plain_lexicon(tokenizer, words, attribute):
    """{key: {(lemma, upos, value)}} of all words of a treebank."""
    lexicon = {}
    for path in words.values():
        for word in read_parquet(path).to_pylist():
            ids = tokenizer([word["form"]], is_split_into_words=True, add_special_tokens=False)
            ids = ids["input_ids"]
            if ids and tokenizer.unk_token_id not in ids:
                analysis = word["lemma"], word["upos"], word[attribute]
                lexicon.setdefault(spell(tokenizer, ids), set()).add(analysis)
    return lexicon


def outcome_by_hand(word, predicted, value, aim, lexicon, attribute):
    """The outcome of a word (a row of the words file) whose predicted word differs."""
    if predicted not in lexicon or word["lemma"] is None:
        return {"no_analysis"}
    found = lexicon[predicted]
    same_lemma = [
        (lemma, upos, v)
        for lemma, upos, v in found
        if lemma == word["lemma"] and (attribute == "Part of Speech" or upos == word["upos"])
    ]
    if same_lemma:
        if any(v == value for *_, v in same_lemma):
            return {"correct_lemma_correct_value"}
        reached = aim is not None and any(v == aim for *_, v in same_lemma)
        return {"clwv", "cltv"} if reached else {"clwv"}
    if any(v == value for *_, v in found):
        return {"wrong_lemma_correct_value"}
    return {"wrong_lemma_wrong_value"}


def intervene_by_hand(intervened, attribute, layer, method, ks):
    """{(k, sentence): Counter}, and {(k, sentence, word): (word, predicted, outcome)}."""
    tokenizer = AutoTokenizer.from_pretrained(intervened.model)
    model = plain_model(intervened.model)
    values = kept_values(intervened.attributes)[attribute]
    lexicon = plain_lexicon(tokenizer, intervened.words, attribute)
    means = read_statistics(intervened.folder / f"{attribute}-{layer}.safetensors").means.tolist()
    ranking = read_parquet(intervened.folder / f"{attribute}-{layer}.parquet")
    neurons = ranking.column("neuron").to_pylist()
    counts, changed = {}, {}
    treebank = {}
    for word in read_parquet(intervened.words["words_test"]).to_pylist():
        treebank.setdefault(word["sentence"], []).append(word)
    for number, words in treebank.items():
        ids, places = read_by_hand(tokenizer, [word["form"] for word in words])
        kept = {i: word for i, word in enumerate(words) if word[attribute] in values}
        value_of = {
            place: values.index(words[w][attribute]) for place, w in enumerate(places) if w in kept
        }
        for k in ks if kept else ():
            given = predict_by_hand(
                model,
                ids,
                value_of,
                layer,
                lambda h, z, k=k: change_by_hand(h, z, k, neurons, means, method),
            )
            count = counts[k, number] = Counter(words=len(kept))
            for i, word in kept.items():
                own = [place for place, w in enumerate(places) if w == i]
                before = spell(tokenizer, [ids[place] for place in own])
                after = spell(tokenizer, [given[place] for place in own])
                value = word[attribute]
                aim = values[(values.index(value) + 1) % len(values)]
                aim = None if method == "ablation" else aim
                found = {"correct"}
                if before != after:
                    found = outcome_by_hand(word, after, value, aim, lexicon, attribute)
                count.update(found)
                changed[k, number, i] = before, after, found
    return counts, changed
