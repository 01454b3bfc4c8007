"""Interventions by hand: a BERT on one unpadded sentence, its states changed in plain loops."""

from collections import Counter

import torch
from transformers import AutoTokenizer

from tests.support.formulas_models import plain_model, predict_by_hand
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import attributes_of, kept_values
from workflow_scripts.interventions.methods import ablation, mean, resample, steer, translation

METHODS = {
    "ablation": (ablation, {}),
    "translation": (translation, {"beta": 8.0, "scaled": True}),
    "unscaled": (translation, {"beta": 1.5, "scaled": False}),
    "steer": (steer, {"to": "PL", "beta": 30.0, "scaled": False}),
    "mean": (mean, {}),
    "resample": (resample, {"same": False}),
    "same": (resample, {"same": True}),
}


def alpha(position, d, beta, scaled):
    return beta * (0.001 / beta) ** (position / (d - 1)) if scaled else beta


def change_by_hand(h, value, k, neurons, means, method, counts=None, donor=None, to=None):
    """The vector `h` (d,) of a subtoken whose word has the value of that index.

    `counts` are the training words of each value, `donor` (d,) is the word's, `to` the index of the
    value that is steered to.
    """
    module, options = METHODS[method]
    d = len(h)
    h = h.tolist()
    for position in range(k):
        n = neurons[position]
        if module is ablation:
            h[n] = 0.0
        elif module is mean:
            h[n] = sum(c * q[n] for c, q in zip(counts, means, strict=True)) / sum(counts)
        elif module is resample:
            h[n] = donor[n]
        else:
            target = (value + 1) % len(means) if module is translation else to
            step = means[target][n] - means[value][n]
            h[n] += alpha(position, d, options["beta"], options["scaled"]) * step
    return torch.tensor(h, dtype=torch.float32)


def donors_by_hand(train, words, same, stream):
    """The number of a training word for each of `words`, both lists of values' indices.

    Of those that may be its donor, in the order of values and then of the corpus, a uniform one.
    """
    donors = []
    for share, value in zip(stream.random(len(words)).tolist(), words, strict=True):
        possible = [(z, i) for i, z in enumerate(train) if (z == value) == same]
        donors.append(sorted(possible)[int(share * len(possible))][1])
    return donors


def read_by_hand(tokenizer, forms):
    """Ids, and the word of every subtoken (None: a special token)."""
    encoded = tokenizer(forms, is_split_into_words=True)
    return encoded["input_ids"], encoded.word_ids()


def spell(tokenizer, ids):
    return "".join(tokenizer.decode(ids, skip_special_tokens=False).split())


def plain_lexicon(tokenizer, words, attribute, others=None):
    """{key: {(lemma, upos, value)}} of all words of a treebank; with `others`, their values too."""
    lexicon = {}
    for path in words.values():
        for word in read_parquet(path).to_pylist():
            ids = tokenizer([word["form"]], is_split_into_words=True, add_special_tokens=False)
            ids = ids["input_ids"]
            if ids and tokenizer.unk_token_id not in ids:
                analysis = word["lemma"], word["upos"], word[attribute]
                if others is not None:
                    analysis = (*analysis, tuple(word[name] for name in others))
                lexicon.setdefault(spell(tokenizer, ids), set()).add(analysis)
    return lexicon


def outcome_by_hand(word, predicted, value, aim, lexicon, attribute, others):
    """The outcome of a word (a row of the words file) whose predicted word differs."""
    if predicted not in lexicon or word["lemma"] is None:
        return {"no_analysis"}
    found = lexicon[predicted]
    same_lemma = [
        (v, more)
        for lemma, upos, v, more in found
        if lemma == word["lemma"] and (attribute == "Part of Speech" or upos == word["upos"])
    ]
    if same_lemma:
        if any(v == value for v, _ in same_lemma):
            return {"correct_lemma_correct_value"}
        if all(v is None for v, _ in same_lemma):
            return {"clwv", "no_value"}
        if aim is None or not any(v == aim for v, _ in same_lemma):
            return {"clwv"}
        own = tuple(word[name] for name in others)
        alike = any(v == aim and more == own for v, more in same_lemma)
        return {"clwv", "cltv", "cltv_strict"} if alike else {"clwv", "cltv"}
    if any(v == value for _, _, v, _ in found):
        return {"wrong_lemma_correct_value"}
    if all(v is None for _, _, v, _ in found):
        return {"wrong_lemma_wrong_value", "no_value"}
    return {"wrong_lemma_wrong_value"}


def sentences_of_test(intervened):
    """{number: rows of the words file}"""
    treebank = {}
    for word in read_parquet(intervened.words["words_test"]).to_pylist():
        treebank.setdefault(word["sentence"], []).append(word)
    return treebank


def donors_of_test(intervened, attribute, layer, method, values):
    """{(sentence, word): the vector of its donor}, drawn by seed 1; empty without donors."""
    module, options = METHODS[method]
    if module is not resample:
        return {}
    train = read_parquet(intervened.words["words_train"]).to_pylist()
    path = intervened.folder / f"activations/{layer}/train.parquet"
    vectors = read_parquet(path, ["activation"]).column("activation")
    own = [i for i, word in enumerate(train) if word[attribute] in values]
    test = [
        (number, i, values.index(word[attribute]))
        for number, words in sentences_of_test(intervened).items()
        for i, word in enumerate(words)
        if word[attribute] in values
    ]
    drawn = donors_by_hand(
        [values.index(train[i][attribute]) for i in own],
        [z for *_, z in test],
        options["same"],
        generator(1, "tiny", "english", attribute, layer, "donors"),
    )
    return {
        (number, i): vectors[own[donor]].as_py()
        for (number, i, _), donor in zip(test, drawn, strict=True)
    }


def intervene_by_hand(intervened, attribute, layer, method, ks, ranking=None, statistics=None):
    """{(k, sentence): Counter}, and {(k, sentence, word): (word, predicted, outcome)}.

    Of each sentence with a kept value; `method` is one of METHODS, and steers to the last value.
    The ranking's file and that of the statistics may be another's.
    """
    tokenizer = AutoTokenizer.from_pretrained(intervened.model)
    model = plain_model(intervened.model)
    values = kept_values(intervened.attributes)[attribute]
    others = [name for name in attributes_of(intervened.words["words_test"]) if name != attribute]
    lexicon = plain_lexicon(tokenizer, intervened.words, attribute, others)
    own = intervened.folder / f"{attribute}-{layer}"
    statistics = read_statistics(statistics or own.with_suffix(".safetensors"))
    neurons = read_parquet(ranking or own.with_suffix(".parquet")).column("neuron").to_pylist()
    module, _ = METHODS[method]
    to = len(values) - 1
    counts, changed = {}, {}
    donor_of = donors_of_test(intervened, attribute, layer, method, values)
    for number, words in sentences_of_test(intervened).items():
        ids, places = read_by_hand(tokenizer, [word["form"] for word in words])
        kept = {i: word for i, word in enumerate(words) if word[attribute] in values}
        edited = {
            i: values.index(word[attribute])
            for i, word in kept.items()
            if module is not steer or word[attribute] != values[to]
        }
        changes_at = {place: (edited[w], w) for place, w in enumerate(places) if w in edited}
        beside = [i for i in range(len(words)) if i not in kept and i in places]
        unchanged = {}
        for k in ks if kept else ():
            given = predict_by_hand(
                model,
                ids,
                changes_at,
                layer,
                lambda h, of, k=k, number=number: change_by_hand(
                    *(h, of[0], k, neurons, statistics.means.tolist(), method),
                    statistics.counts.tolist(),
                    donor_of.get((number, of[1])),
                    to,
                ),
            )
            count = counts[k, number] = Counter(words=len(edited), unedited=len(beside))
            read = {}
            for i in [*edited, *beside]:
                own = [place for place, w in enumerate(places) if w == i]
                before = spell(tokenizer, [ids[place] for place in own])
                read[i] = before, spell(tokenizer, [given[place] for place in own])
            for i in edited:
                word, (before, after) = words[i], read[i]
                value = word[attribute]
                aim = values[(values.index(value) + 1) % len(values)]
                aim = {translation: aim, steer: values[to]}.get(module)
                found = {"correct"}
                if before != after:
                    found = outcome_by_hand(word, after, value, aim, lexicon, attribute, others)
                count.update(found)
                changed[k, number, i] = before, after, found
            if k == 0:
                unchanged = {i: after for i, (_, after) in read.items()}
            count["side_effects"] = sum(read[i][1] != unchanged[i] for i in beside)
            count["unedited_errors"] = sum(read[i][0] != read[i][1] for i in beside)
    return counts, changed
