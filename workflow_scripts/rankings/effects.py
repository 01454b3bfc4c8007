"""Effects: what translation would do to the model's own output, to first order, neuron by neuron.

m(w) is the logit of a word's counterpart less that of the word itself, where the model reads the
word unmasked and unedited; M = Σ m(w) over the W dev words of one subtoken that have a counterpart
(`kernels/counterparts.py`), at most 5,000, drawn. With s all subtokens that the intervention edits
in the sentences of these words, z the value of the word of s and z' the next value,

    effect(n) = (1/W) Σ_s ∂M/∂h_s[n] · (q_z' - q_z)[n]

the gradient taken at h, or its mean over h + α (q_z' - q_z) for several α: all edits at once, as
the intervention makes them (attribution patching of the whole edit; integrated gradients along it:
Sundararajan et al. 2017). So one pass forwards and backwards of each sentence serves all neurons.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workflow_scripts.files.lexicon import entries
from workflow_scripts.files.words import compared_attributes, sentences
from workflow_scripts.kernels.counterparts import Counterparts
from workflow_scripts.kernels.subtokens import Subtokens, of_labelled_words
from workflow_scripts.kernels.words import Entry, NothingToRankError, target
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.treebank_pass import read_through
from workflow_scripts.rankings.rankers import ModelTask, RankingTask

log = logging.getLogger("effects")

WORDS = 5000
"""How many words with a counterpart there are at most."""
FEW_WORDS = 100
"""Below so many the log warns."""
GRADIENTS = 4
"""A gradient holds so many times as much memory as a pass without: so much smaller batches."""


@dataclass(frozen=True)
class AimedSentence:
    """A sentence with words that have a counterpart, and all that the intervention edits in it."""

    read: Subtokens
    edited: np.ndarray
    """(r, 2) int64: place and value of each subtoken that is edited."""
    aimed: np.ndarray
    """(w, 3) int64: place, own subtoken and counterpart's of each word with a counterpart."""


def effects(task: RankingTask, alphas: Sequence[float]) -> np.ndarray:
    """Return (d,) float64, the effect of translating each neuron; positive: to the counterparts.

    `alphas` are the shares of the way at which the gradient is taken. Uses `"model"`,
    `"statistics"` and `"seed"`. Raises NothingToRankError where no dev word has a counterpart.
    """
    given = task.model()
    model = MaskedLM(given.folder, resolve_device(given.device))
    model.require_lm_head()
    model.require_layers([given.layer])
    aimed = drawn(aimed_sentences(given, model), task.stream("effects"))
    means = task.statistics().means
    aims = [target(value, len(means)) for value in range(len(means))]
    return first_order(model, aimed, given.layer, means[aims] - means, alphas)


def aimed_sentences(given: ModelTask, model: MaskedLM) -> list[AimedSentence]:
    """Return the dev sentences that fit the model and have a word with a counterpart, in order.

    Raises NothingToRankError where there is none.
    """
    attributes = compared_attributes(given.words, given.attribute)
    place = attributes.index(given.attribute)
    known = Counterparts(entries(given.lexicon, attributes), place, given.values, given.lemma_alone)
    reader = Reader(given.folder)
    index = {value: i for i, value in enumerate(given.values)}
    columns = ("lemma", "upos", *attributes)
    dev = {s.number: s.columns for s in sentences(given.words, list(columns))}
    found: list[AimedSentence] = []
    n_labelled = n_alone = 0
    for window, read in read_through(given.words, reader, model):
        for sentence, subtokens in zip(window, read, strict=True):
            words = dev[sentence.number]
            labels = [index.get(value, -1) for value in words[given.attribute]]
            edited = of_labelled_words(subtokens.words, labels)
            of_word, first, count = np.unique(
                subtokens.words[edited[:, 0]], return_index=True, return_counts=True
            )
            n_labelled += len(of_word)
            aimed = []
            for word, at in zip(of_word[count == 1], edited[first[count == 1], 0], strict=True):
                own = int(subtokens.ids[at])
                lemma, upos, *values = (words[name][word] for name in columns)
                n_alone += lemma is not None
                if own == reader.unknown_id:  # which stands for any word, and is no key
                    continue
                other = known.of(Entry(reader.decode([own]), own, lemma, upos, tuple(values)))
                if other is not None:
                    aimed.append((at, own, other.subtoken))
            if aimed:
                found.append(AimedSentence(subtokens, edited, np.array(aimed, np.int64)))
    n_aimed = sum(len(sentence.aimed) for sentence in found)
    log.info("%d of %d dev words have a counterpart of one subtoken", n_aimed, n_labelled)
    if not n_aimed:
        raise NothingToRankError(
            f"none of {n_labelled:,} dev words that fit the model has a counterpart, another word "
            f"of one subtoken with the same lemma and the next value; {n_alone:,} of them are one "
            "subtoken and have a lemma"
        )
    if n_aimed < FEW_WORDS:
        log.warning("%d words alone say what a neuron does: do not build on this ranking", n_aimed)
    return found


def drawn(aimed: list[AimedSentence], stream: np.random.Generator) -> list[AimedSentence]:
    """Return the sentences with at most WORDS of the words that have a counterpart, drawn."""
    sentence = np.repeat(np.arange(len(aimed)), [len(one.aimed) for one in aimed])
    if len(sentence) <= WORDS:
        return aimed
    log.info("%d of them drawn", WORDS)
    chosen = np.sort(stream.choice(len(sentence), WORDS, replace=False))
    every = np.concatenate([one.aimed for one in aimed])
    return [
        AimedSentence(aimed[i].read, aimed[i].edited, every[chosen[sentence[chosen] == i]])
        for i in np.unique(sentence[chosen])
    ]


def first_order(
    model: MaskedLM,
    aimed: Sequence[AimedSentence],
    layer: int,
    shift: np.ndarray,
    alphas: Sequence[float],
) -> np.ndarray:
    """Return (d,) float64, the mean effect on a word; `shift` (Z, d) is q_z' - q_z of each value.

    The gradient is its mean over the states with `alphas` times the shift added.
    """
    total = np.zeros(model.width)
    on_device = torch.from_numpy(shift.astype(np.float32)).to(model.device)

    def compute(rows: np.ndarray) -> None:
        some = [aimed[i] for i in rows]
        batch = model.batch([sentence.read for sentence in some])
        states = model.lower(batch, [layer])[layer].clone()
        width = states.shape[1]

        def flat(of_sentences: list[np.ndarray]) -> list[torch.Tensor]:
            """Return the columns of all sentences, the places those in the batch laid flat."""
            found = np.concatenate(of_sentences)
            found[:, 0] += np.repeat(np.arange(len(rows)) * width, list(map(len, of_sentences)))
            return list(torch.from_numpy(found).to(model.device).unbind(1))

        edited, value = flat([sentence.edited for sentence in some])
        places, ids, others = flat([sentence.aimed for sentence in some])
        edit = torch.zeros_like(states)
        edit.view(-1, model.width)[edited] = on_device[value]
        gradient = torch.zeros_like(states)
        for alpha in alphas:
            gradient += model.gradient(states + alpha * edit, batch, layer, places, ids, others)
        of_batch = (gradient * edit).sum((0, 1), dtype=torch.float64) / len(alphas)
        total[:] += of_batch.cpu().numpy()

    lengths = [len(sentence.read.ids) for sentence in aimed]
    Batches(model.device, share=1 / GRADIENTS).each(lengths, compute)
    return total / sum(len(sentence.aimed) for sentence in aimed)
