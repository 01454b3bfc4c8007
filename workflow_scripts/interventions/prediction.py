"""Intervening: run a model on from edited states, for every k in turn.

The states at the layer are given, so nothing below it runs; words that are not edited are never
sent through the LM head; a sentence without an edited word is left out by the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workflow_scripts.interventions.methods import Edit
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.masked_lm import MaskedLM


@dataclass(frozen=True)
class EditedSentence:
    """A sentence in which some words are intervened on."""

    read: Subtokens
    states: np.ndarray
    """(s, d) float32: the hidden states at the layer."""
    edited: np.ndarray
    """(r,) int: positions of the subtokens of the words intervened on, in order."""
    values: np.ndarray
    """(r,) int: the index of their word's value."""


def predict_edited(
    model: MaskedLM,
    sentences: Sequence[EditedSentence],
    layer: int,
    edit: Edit,
    neurons: np.ndarray,
    ks: Sequence[int],
    progress=None,
) -> np.ndarray:
    """Return what the model gives for each edited subtoken when the first k neurons are edited.

    `neurons` is the ranking (d,), `ks` ascending and above 0. The result is (len(ks), R) int32,
    vocabulary ids, R over all sentences in order. `progress`, where given, is called with the
    number of subtokens done.
    """
    ends = np.cumsum([len(sentence.edited) for sentence in sentences])
    predicted = np.empty((len(ks), ends[-1] if len(ends) else 0), np.int32)
    scale = torch.from_numpy(edit.scale).to(model.device)
    shift = torch.from_numpy(edit.shift).to(model.device)
    order = torch.from_numpy(neurons.astype(np.int64)).to(model.device)

    def compute(rows: np.ndarray) -> None:
        mine = [sentences[i] for i in rows]
        batch = model.batch([sentence.read for sentence in mine])
        n_rows, length = batch.ids.shape
        states = torch.zeros((n_rows, length, len(edit.scale)), device=model.device)
        for row, sentence in enumerate(mine):
            states[row, : len(sentence.states)] = torch.tensor(sentence.states)
        places = np.concatenate([s.edited + row * length for row, s in enumerate(mine)])
        at = torch.from_numpy(places.astype(np.int64)).to(model.device)
        value = torch.from_numpy(np.concatenate([s.values for s in mine]).astype(np.int64))
        value = value.to(model.device)
        flat = states.view(-1, states.shape[-1])  # a view: edits show in `states`
        edited = flat[at]
        targets = np.concatenate(
            [np.arange(ends[i] - len(sentences[i].edited), ends[i]) for i in rows]  # pyright: ignore[reportArgumentType, reportCallIssue]
        )
        before = 0
        for row, k in enumerate(ks):
            # Neurons before `before` are edited already: a neuron's edit knows of no other.
            new = order[before:k]
            edited[:, new] = edited[:, new] * scale[new] + shift[:, new][value]
            flat[at] = edited
            before = k
            last = model.upper(states, batch, layer, at)
            predicted[row, targets] = model.predict(last).cpu().numpy()
        if progress is not None:
            progress(len(targets))

    Batches(model.device).each([len(s.read.ids) for s in sentences], compute)
    return predicted
