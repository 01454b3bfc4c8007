"""Intervening: run a model on from edited states, for many rankings and values of k at once.

A sentence stands in a batch as often as it is edited, beside sentences of its own length: nothing
is padded, and the products are as large as a batch may be whatever the treebank. The states at the
layer are given, so nothing below it runs; words that are not edited are never sent through the LM
head; a sentence without an edited word is left out by the caller.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from workflow_scripts import InputError
from workflow_scripts.interventions.methods import Edit
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.encoder import Batch
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.precision import (
    EXACT,
    error_of_leads,
    fast_products,
    is_faster,
    leads,
)

log = logging.getLogger("prediction")


@dataclass(frozen=True)
class EditedSentence:
    """A sentence in which some words are intervened on."""

    read: Subtokens
    states: np.ndarray
    """(s, d) float32: the hidden states at the layer."""
    edited: np.ndarray
    """(r,) int: positions of the subtokens of the words intervened on, in order."""
    rows: np.ndarray
    """(r,) int: which row of the edit's shift each takes, that of its word's value or word."""
    asked: np.ndarray | None = None
    """(a,) int: positions whose predictions are asked for; None: those that are edited."""

    @property
    def places(self) -> np.ndarray:
        """(a,) int: the positions whose predictions are asked for."""
        return self.edited if self.asked is None else self.asked


@dataclass(frozen=True)
class Edits:
    """What is done to every edited word: the edit of the first k neurons of a ranking, for each k.

    All that are run together are of one method and one attribute, so of as many rows.
    """

    edit: Edit
    neurons: np.ndarray
    """(d,) int, the ranking."""
    ks: Sequence[int]
    """Each from 0 to d."""


class Predicted(NamedTuple):
    """What a model gives under each edit."""

    of: list[np.ndarray]
    """For each of the rankings' edits (len(ks), R) int32: vocabulary ids of each subtoken that is
    asked for, R over all sentences in order."""
    computed_again: float | None
    """Which share of the edited sentences was not sure in the faster products; None: not tried."""


SAMPLED = 61
"""One in so many edited sentences of a batch is computed in float32 too, to see the error."""
SAFETY = 3
"""How many times the largest error seen a prediction must lead by."""


@torch.inference_mode()
def predict_edited(
    model: MaskedLM,
    sentences: Sequence[EditedSentence],
    layer: int,
    edits: Sequence[Edits],
    precision: str = EXACT,
    progress: Callable[[int], object] | None = None,
) -> Predicted:
    """Return what the model gives for each subtoken that is asked for under each edit.

    With `precision` fast, what is not sure in the device's faster products is computed again.
    `progress`, where given, is called with the number of predictions done.
    """
    n_ks = [len(of.ks) for of in edits]
    n_rows = sum(len(sentence.places) for sentence in sentences)
    if sum(n_ks) * n_rows == 0:
        return Predicted([np.empty((n, n_rows), np.int32) for n in n_ks], None)
    intervention = _Intervention(model, sentences, layer, edits)
    pairs = np.arange(len(sentences) * sum(n_ks))
    done = progress or (lambda n: None)
    computed_again = None
    if is_faster(precision, model.device):
        again = intervention.fast(pairs, done)
        intervention.exact(again, lambda n: None)
        computed_again = len(again) / len(pairs)
    else:
        intervention.exact(pairs, done)
    return Predicted(np.split(intervention.predicted(), np.cumsum(n_ks)[:-1]), computed_again)


@torch.inference_mode()
def margins_edited(
    model: MaskedLM,
    sentences: Sequence[EditedSentence],
    layer: int,
    edits: Sequence[Edits],
    asked: np.ndarray,
    progress: Callable[[int], object] | None = None,
) -> list[np.ndarray]:
    """Return log p(own) - log p(other) at one subtoken of each sentence under each edit, in nats.

    `asked` (S, 3) int64 has the place of the subtoken, and the two ids. For each of the rankings'
    edits (len(ks), S) float32. `progress` is called with the number of margins done.
    """
    n_ks = [len(of.ks) for of in edits]
    found = torch.zeros((sum(n_ks), len(sentences)), device=model.device)
    if found.numel():
        intervention = _Intervention(model, sentences, layer, edits)
        places, own, other = torch.from_numpy(asked).to(model.device).unbind(1)

        def compute(pairs: np.ndarray) -> None:
            copies = intervention.copies(pairs)
            of_sentence, of_edit = (torch.from_numpy(x) for x in np.divmod(pairs, sum(n_ks)))
            length = copies.states.shape[1]
            rows = torch.arange(len(pairs), device=model.device) * length + places[of_sentence]
            last = model.upper(copies.states, copies.batch, layer, rows)
            found[of_edit, of_sentence] = model.margins(last, own[of_sentence], other[of_sentence])
            if progress:
                progress(len(pairs))

        intervention.each(np.arange(found.numel()), compute)
    return np.split(found.cpu().numpy(), np.cumsum(n_ks)[:-1])


class _Intervention:
    """The sentences under the edits: pair p is sentence p // E under edit p % E, of E edits."""

    def __init__(
        self,
        model: MaskedLM,
        sentences: Sequence[EditedSentence],
        layer: int,
        edits: Sequence[Edits],
    ):
        self._model, self._sentences, self._layer = model, sentences, layer
        self._edited = _Places([sentence.edited for sentence in sentences])
        self._asked = _Places([sentence.places for sentence in sentences])
        rows = [np.empty(0, np.int64), *(sentence.rows for sentence in sentences)]
        self._rows = np.concatenate(rows)
        self._apply = _Applied(edits, model.device)
        self._n_edits = sum(len(of.ks) for of in edits)
        self._n_rows = sum(len(sentence.places) for sentence in sentences)
        self._lengths = np.array([len(sentence.read.ids) for sentence in sentences])
        n_all = self._n_edits * self._n_rows
        self._predicted = torch.zeros(n_all, dtype=torch.int32, device=model.device)
        self._waiting: list[tuple[torch.Tensor, torch.Tensor]] = []

    def predicted(self) -> np.ndarray:
        """Return (E, R) int32, the predictions of each edit."""
        return self._predicted.view(self._n_edits, self._n_rows).cpu().numpy()

    def exact(self, pairs: np.ndarray, done: Callable[[int], object]) -> None:
        """Predict the pairs in float32; `done` is called with the number of predictions."""

        def compute(some: np.ndarray) -> None:
            copies = self.copies(pairs[some])
            self._ask(self._upper(copies), copies.where)
            done(len(copies.rows))

        self.each(pairs, compute)
        try:
            self._ask_waiting(at_least=1)
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"{self._model.device} has too little memory for the LM head; set device: cpu"
            ) from error

    def fast(self, pairs: np.ndarray, done: Callable[[int], object]) -> np.ndarray:
        """Predict the pairs in the device's faster products; return those that are not sure.

        They are where a prediction leads by less than SAFETY times the largest error that a sample
        of every batch shows.
        """
        model = self._model
        n_pairs = len(self._sentences) * self._n_edits
        least_lead = torch.full((n_pairs,), torch.inf, device=model.device)
        error = torch.zeros((), device=model.device)

        def compute(some: np.ndarray) -> None:
            nonlocal error
            copies = self.copies(pairs[some])
            with fast_products(model.device):
                fast = self._upper(copies)
            n_at_once = model.rows_at_once
            sample = self._sample(pairs[some])
            exact = self._upper(self.copies(pairs[some][sample]))
            sampled = torch.from_numpy(np.flatnonzero(sample[copies.of_row]))
            of_sample = fast[sampled.to(model.device)]
            for last, same in zip(of_sample.split(n_at_once), exact.split(n_at_once), strict=True):
                with fast_products(model.device):
                    logits = model.logits(last)
                error = torch.maximum(error, error_of_leads(logits, model.logits(same)))
            of_pair = torch.from_numpy(pairs[some][copies.of_row]).to(model.device)
            for last, where, pair in zip(
                *(x.split(n_at_once) for x in (fast, copies.where, of_pair)), strict=True
            ):
                with fast_products(model.device):
                    first, lead = leads(model.logits(last))
                self._predicted[where] = first.int()
                least_lead.scatter_reduce_(0, pair, lead.nan_to_num(-torch.inf, torch.inf), "amin")
            done(len(copies.rows))

        self.each(pairs, compute)
        again = np.flatnonzero((least_lead < SAFETY * error).cpu().numpy())
        log.info(
            "fast: leads of predictions err by up to %.2g; %d of %d edited sentences with one that "
            "leads by less than %d times as much are computed again",
            error.item(),
            len(again),
            len(pairs),
            SAFETY,
        )
        return again

    def _sample(self, pairs: np.ndarray) -> np.ndarray:
        """Return which of a batch's pairs are sampled, (p,) bool: at least one.

        Of one sentence other edits than of the next, however many there are.
        """
        sentence, edit = np.divmod(pairs, self._n_edits)
        sample = (sentence + edit) % SAMPLED == 0
        sample[0] |= not sample.any()
        return sample

    def each(self, pairs: np.ndarray, compute: Callable[[np.ndarray], None]) -> None:
        """Call `compute` on batches of indices of `pairs`, of sentences of one length."""
        lengths = self._lengths[pairs // self._n_edits]
        Batches(self._model.device).each(lengths, compute, padding=0)

    def copies(self, pairs: np.ndarray) -> "_Copies":
        """Return edited sentences of one length, (sentence, edit) pairs."""
        device = self._model.device
        of_sentence, of_edit = np.divmod(pairs, self._n_edits)
        once, copy = np.unique(of_sentence, return_inverse=True)
        copies = torch.from_numpy(copy).to(device)
        batch = self._model.batch([self._sentences[i].read for i in once])
        states = torch.from_numpy(np.stack([self._sentences[i].states for i in once])).to(device)
        states = states[copies]
        of_row, position, number = self._edited.of(of_sentence)
        edited = torch.from_numpy(of_row * states.shape[1] + position).to(device)
        self._apply(states, edited, of_edit[of_row], self._rows[number])
        of_row, position, number = self._asked.of(of_sentence)
        rows = torch.from_numpy(of_row * states.shape[1] + position).to(device)
        where = torch.from_numpy(of_edit[of_row] * self._n_rows + number).to(device)
        return _Copies(Batch(batch.ids[copies], batch.mask[copies]), states, of_row, rows, where)

    def _upper(self, copies: "_Copies") -> torch.Tensor:
        return self._model.upper(copies.states, copies.batch, self._layer, copies.rows)

    def _ask(self, last: torch.Tensor, where: torch.Tensor) -> None:
        """Have the LM head predict from `last` (r, d) for `where` (r,), soon, and with others."""
        before = self._waiting
        self._waiting = [*before, (last, where)]
        try:
            self._ask_waiting(at_least=self._model.rows_at_once)
        except torch.OutOfMemoryError:
            self._waiting = before  # the rest comes again, with half of its batch
            raise

    def _ask_waiting(self, at_least: int) -> None:
        """Predict what waits, where it is so much; whole portions of the LM head, or all."""
        n = sum(len(last) for last, _ in self._waiting)
        if n < at_least:
            return
        last, where = (torch.cat(parts) for parts in zip(*self._waiting, strict=True))
        n -= n % at_least
        self._predicted[where[:n]] = self._model.predict(last[:n]).int()
        self._waiting = [(last[n:], where[n:])] if n < len(last) else []


@dataclass(frozen=True)
class _Copies:
    """Edited sentences (b) of one length: the same sentence as often as it is edited."""

    batch: Batch
    states: torch.Tensor
    """(b, s, d): edited."""
    of_row: np.ndarray
    """(r,) int64: which of the b a subtoken that is asked for is in, in order."""
    rows: torch.Tensor
    """(r,) int64: the subtokens that are asked for, in the batch laid flat."""
    where: torch.Tensor
    """(r,) int64: where their predictions go."""


class _Places:
    """Where subtokens of sentences stand: in their sentence, and among all of them."""

    def __init__(self, positions: Sequence[np.ndarray]):
        """Take the positions (r,) of each sentence."""
        self._counts = np.array([len(of) for of in positions], np.int64)
        self._first = np.cumsum(self._counts) - self._counts
        self._position = np.concatenate([np.empty(0, np.int64), *positions])

    def of(self, sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (row, position, number), int64, of the subtokens of (b,) sentences.

        `row` is which of the b, `number` the subtoken's among those of all sentences.
        """
        counts = self._counts[sentences]
        row = np.repeat(np.arange(len(sentences)), counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        number = self._first[sentences][row] + within
        return row, self._position[number], number


class _Applied:
    """Edits on the device, where they change states."""

    def __init__(self, edits: Sequence[Edits], device: torch.device):
        d = len(edits[0].neurons)
        position = np.empty((len(edits), d), np.int64)
        for row, of in enumerate(edits):
            position[row, of.neurons] = np.arange(d)
        self._position = torch.from_numpy(position).to(device)
        self._scale = torch.from_numpy(np.stack([of.edit.scale for of in edits])).to(device)
        self._shift = torch.from_numpy(np.stack([of.edit.shift for of in edits])).to(device)
        self._ranking = np.repeat(np.arange(len(edits)), [len(of.ks) for of in edits])
        self._k = np.concatenate([np.asarray(of.ks, np.int64) for of in edits])

    def __call__(
        self, states: torch.Tensor, rows: torch.Tensor, edit: np.ndarray, of_shift: np.ndarray
    ) -> None:
        """Change, in states (b, s, d), the subtokens `rows` (r,) of the batch laid flat.

        Each by its `edit` (r,), a number among all rankings and k, and its row `of_shift` (r,).
        """
        flat = states.view(-1, states.shape[-1])  # a view: edits show in `states`
        ranking = torch.from_numpy(self._ranking[edit]).to(states.device)
        k = torch.from_numpy(self._k[edit]).to(states.device)
        own = torch.from_numpy(of_shift.astype(np.int64)).to(states.device)
        h = flat[rows]
        edited = h * self._scale[ranking] + self._shift[ranking, own]
        flat[rows] = torch.where(self._position[ranking] < k[:, None], edited, h)
