"""Interventions: one value of k, all words of the test split that have the attribute.

Plain form: every sentence through the whole model and every subtoken through the LM head. Limit:
the matrix products of the layers above for the sentences that have such a word, at the float32
rate, and those of the vocabulary for its subtokens, at the bfloat16 rate.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks import inputs
from benchmarks.extraction import model, products
from benchmarks.machine import THREADS, machine
from benchmarks.measuring import Measured, in_turns, run
from tests.support.commands import call
from tests.support.formulas_models import plain_model, predict_by_hand
from tests.support.treebank_files import keep
from workflow_scripts.activations import cache_states
from workflow_scripts.files.states import CachedSentence, read_states
from workflow_scripts.files.words import kept_values, sentences
from workflow_scripts.interventions.methods import EditTask, ablation
from workflow_scripts.interventions.prediction import Edits, predict_edited
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects
from workflow_scripts.models.masked_lm import MaskedLM


def measure(quick: bool) -> Iterator[Measured]:
    folder, words = model(quick), inputs.treebank(quick)
    n_layers = MaskedLM(folder).n_layers
    layers = [1] if quick else [2, 4, n_layers]
    cache = inputs.folder() / "states"
    call(
        cache_states,
        words=words / "test.parquet",
        model=folder,
        layers=layers,
        subtokens=cache / "subtokens.parquet",
        states=f"{cache}/{{layer}}.parquet",
        threads=THREADS,
    )
    values = kept_values(keep(words, min_types=10 if quick else 100))[inputs.ATTRIBUTE]
    columns = ["lemma", "upos", inputs.ATTRIBUTE]
    test = {s.number: s.columns for s in sentences(words / "test.parquet", columns)}
    for layer in layers:
        cached = read_states(cache / "subtokens.parquet", cache / f"{layer}.parquet")
        _, edited = find_subjects(cached, test, inputs.ATTRIBUTE, dict.fromkeys(values))
        yield _measure(folder, layer, cached, edited, values, quick)


def _measure(
    folder: Path,
    layer: int,
    cached: list[CachedSentence],
    edited: list[np.ndarray],
    values: Sequence[str],
    quick: bool,
) -> Measured:
    model, plain = MaskedLM(folder), plain_model(folder)
    rows = np.zeros(1 + max(int(pairs[:, 1].max(initial=0)) for pairs in edited), np.int64)
    touched = edited_sentences(cached, edited, rows)
    width = touched[0].states.shape[1]
    neurons = np.random.default_rng(2).permutation(width)
    edit = ablation.edit(EditTask(neurons, values))
    k = width // 4
    share = 1 if quick else 16  # of all sentences
    some = list(zip(cached, edited, strict=True))[::share]
    found: list[list[int]] = []

    def ablated(h: torch.Tensor, value: int) -> torch.Tensor:
        h = h.clone()
        h[neurons[:k]] = 0
        return h

    def slow() -> None:
        torch.set_num_threads(THREADS)
        found.clear()
        for sentence, rows in some:
            value_of = dict(rows.tolist())
            ids = sentence.read.ids.tolist()
            predicted = predict_by_hand(plain, ids, value_of, layer, ablated)
            found.append([predicted[place] for place in value_of])

    def ours() -> np.ndarray:
        torch.set_num_threads(THREADS)
        return predict_edited(model, touched, layer, [Edits(edit, neurons, [k])]).of[0][0]

    taken, whole = in_turns(slow, ours, runs=1 if quick else 3)
    ends = np.cumsum([len(rows) for rows in edited])
    predicted = np.split(ours(), ends[:-1])[::share]
    if [rows.tolist() for rows in predicted] != found:
        raise AssertionError(f"layer {layer}: predictions differ from those by hand")
    n_all, n_some, n_touched = (
        sum(len(sentence.read.ids) for sentence in sentences)
        for sentences in (cached, [sentence for sentence, _ in some], touched)
    )
    vocabulary = 2.0 * plain.config.vocab_size * width * int(ends[-1])
    return Measured(
        kernel=f"interventions, layer {layer} of {model.n_layers}, one k",
        size=f"{folder.name}, {inputs.ATTRIBUTE}: {ends[-1]:,} of {n_all:,} subtokens",
        plain=taken * n_all / n_some,
        plain_note=f"ran on 1 test sentence in {share}",
        ours=whole,
        limit=n_touched * products(folder, model.n_layers - layer) / machine().float32
        + vocabulary / machine().bfloat16,
        limit_note="the matrix products above the layer at the float32 rate and those of the "
        "vocabulary at the bfloat16 rate; the last layer needs fewer, so more than 100 % can be",
    )


if __name__ == "__main__":
    run(measure, __doc__)
