"""Counterparts and first-order effects, transcribed: one word, one sentence, one neuron at a time.

From what the treebank's words and a published model give, with plain loops.
"""

from collections import Counter

import numpy as np
import torch

from tests.support.formulas_interventions import read_by_hand, spell
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.words import COLUMNS


def next_value(value, values):
    return values[(values.index(value) + 1) % len(values)]


class PlainCounterparts:
    """Looks a word's counterpart up among all words of the treebank."""

    def __init__(self, tokenizer, words, attribute, values, word_class="Part of Speech"):
        self.tokenizer, self.attribute, self.values = tokenizer, attribute, list(values)
        self.lemma_alone = attribute == word_class
        self.known, read = [], {}
        for split, path in words.items():
            for word in read_parquet(path).to_pylist():
                if word["form"] not in read:
                    read[word["form"]] = tokenizer(
                        [word["form"]], is_split_into_words=True, add_special_tokens=False
                    )["input_ids"]
                ids = read[word["form"]]
                if ids and tokenizer.unk_token_id not in ids:
                    self.known.append((spell(tokenizer, ids), tuple(ids), split, word))
        self.of_lemma = {}
        for known in self.known:
            self.of_lemma.setdefault(known[3]["lemma"], []).append(known)

    def of(self, word, ids):
        """The counterpart's subtoken, or None; `ids` are the word's own in its sentence."""
        if len(ids) != 1 or word["lemma"] is None or word[self.attribute] not in self.values:
            return None
        aim = next_value(word[self.attribute], self.values)
        found = [
            known
            for known in self.of_lemma.get(word["lemma"], [])
            if known[3][self.attribute] == aim
            and (self.lemma_alone or known[3]["upos"] == word["upos"])
        ]
        own = spell(self.tokenizer, ids)
        for key, _, _, other in self.of_lemma.get(word["lemma"], []):
            if key == own and other[self.attribute] == aim:
                return None
        found = [known for known in found if len(known[1]) == 1 and known[1] != tuple(ids)]
        others = [name for name in word if name not in (*COLUMNS, self.attribute)]

        def equal(known):
            return sum(known[3][name] == word[name] for name in others)

        most = max(map(equal, found), default=None)
        frequent = Counter(key for key, _, split, _ in found if split.endswith("train"))
        best = [known for known in found if equal(known) == most]
        best.sort(key=lambda known: (-frequent[known[0]], known[0]))
        self.all_else_equal = bool(best) and most == len(others)
        """Of the word that was looked up last."""
        return best[0][1][0] if best else None


def read_aimed(counterparts, path):
    """(ids, [(places, value)], [(place, own, counterpart)]) of the sentences with a counterpart."""
    sentences = {}
    for word in read_parquet(path).to_pylist():
        sentences.setdefault(word["sentence"], []).append(word)
    found = []
    for words in sentences.values():
        ids, of_subtoken = read_by_hand(counterparts.tokenizer, [word["form"] for word in words])
        edited, aimed = [], []
        for i, word in enumerate(words):
            places = [p for p, w in enumerate(of_subtoken) if w == i]
            if word[counterparts.attribute] in counterparts.values and places:
                edited.append((places, counterparts.values.index(word[counterparts.attribute])))
                own = [ids[place] for place in places]
                other = counterparts.of(word, own)
                if other is not None:
                    aimed.append((places[0], own[0], other))
        if aimed:
            found.append((ids, edited, aimed))
    return found


def shift_of(edited, length, means):
    """What translation with α = 1 adds to each subtoken of a sentence, (s, d)."""
    shift = np.zeros((length, means.shape[1]))
    for places, value in edited:
        shift[places] = means[(value + 1) % len(means)] - means[value]
    return torch.tensor(shift)


def margins(logits, aimed):
    return sum(logits[place, other] - logits[place, own] for place, own, other in aimed)


def effects_by_hand(run_on, states_of, aimed_sentences, means, alphas):
    """(d,); `states_of(ids)` are a sentence's states, `run_on(states, ids)` its logits."""
    total, n_words = torch.zeros(means.shape[1], dtype=torch.float64), 0
    for ids, edited, aimed in aimed_sentences:
        n_words += len(aimed)
        states = states_of(ids)
        shift = shift_of(edited, len(ids), means)
        for alpha in alphas:
            given = (states + alpha * shift).float().requires_grad_()
            (gradient,) = torch.autograd.grad(margins(run_on(given, ids), aimed), given)
            total += (gradient.double() * shift).sum(0) / len(alphas)
    return total.numpy() / n_words


def total_margin(run_on, states_of, aimed_sentences, means, neurons, alpha):
    """M per word where the neurons of all words with a value are translated by `alpha`."""
    total, n_words = 0.0, 0
    for ids, edited, aimed in aimed_sentences:
        states = states_of(ids).clone()
        shift = shift_of(edited, len(ids), means).float()
        states[:, neurons] += alpha * shift[:, neurons]
        with torch.no_grad():
            total += margins(run_on(states, ids).double(), aimed).item()
        n_words += len(aimed)
    return total / n_words
