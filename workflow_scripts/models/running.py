"""Running: which way an encoder can be run from a layer, found by comparing with the whole model.

In parts where its parts add up to it; else whole, with a hook; else not at all. Where the numbers
depend on the padding, a sentence at a time. So a family that keeps something beside the hidden
states is refused and not run wrongly.
"""

from collections.abc import Sequence
from typing import Protocol

import torch

from workflow_scripts.models.encoder import Batch, Encoder
from workflow_scripts.models.in_parts import find_parts
from workflow_scripts.models.with_hook import WithHook

NOT_RUN = (
    AssertionError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a model raises that cannot be run in a way that it was not made for."""


class Running(Protocol):
    """A way to run an encoder."""

    encoder: Encoder

    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, from one pass."""
        ...

    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Run on from the states (b, s, d) at `layer` < L; return what the LM head reads of `rows`.

        `rows` (r,) int64 are subtokens of the batch laid flat, b · s; the result is (r, d).
        """
        ...


class OneByOne:
    """A way to run an encoder whose numbers depend on the padding: a sentence at a time."""

    def __init__(self, way: Running):
        self.encoder = way.encoder
        self.way = way

    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, 0 where there is no subtoken."""
        found = [self.way.lower(sentence, layers) for sentence in _alone(batch)]
        return {
            layer: torch.cat([_padded(states[layer], batch) for states in found])
            for layer in layers
        }

    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Do as `Running.upper`; rows where there is no subtoken are 0."""
        length = batch.ids.shape[1]
        last = torch.zeros_like(states).flatten(0, 1)  # (b · s, d)
        for i, sentence in enumerate(_alone(batch)):
            n = sentence.ids.shape[1]
            own = rows[(rows >= i * length) & (rows < i * length + n)]
            if len(own):
                given = states[i : i + 1, :n]
                last[own] = self.way.upper(given, sentence, layer, own - i * length)
        return last[rows]


def choose(encoder: Encoder, example: Batch) -> Running:
    """Return the first way to run the encoder that equals the whole model on the example.

    The example has sentences of several lengths. Raises ValueError where there is no such way.
    """
    for parts in find_parts(encoder, example):
        for running in (parts, OneByOne(parts)):
            if _difference(running, example, [encoder.n_layers // 2]) is None:
                return running
    whole = WithHook(encoder, example)
    _check_edit(whole, example)
    for running in (whole, OneByOne(whole)):
        difference = _difference(running, example, range(encoder.n_layers))
        if difference is None:
            return running
    raise ValueError(difference)


def _difference(running: Running, example: Batch, layers: Sequence[int]) -> str | None:
    """Return how states, or what follows of those at `layers`, differ from the whole model's.

    The whole model reads the sentences one at a time, without padding.
    """
    encoder = running.encoder
    plain = [encoder.states(sentence) for sentence in _alone(example)]
    rows = torch.arange(example.ids.numel(), device=example.ids.device)
    try:
        found = running.lower(example, range(encoder.n_layers))
        for layer, states in found.items():
            if not _equal(states, [own[layer] for own in plain]):
                return f"layer {layer} is not that of the whole model"
        for layer in layers:
            last = running.upper(found[layer], example, layer, rows).view(*example.ids.shape, -1)
            if not _equal(last, [own[-1] for own in plain]):
                return f"what follows of layer {layer} is not that of the whole model"
    except torch.OutOfMemoryError:
        raise
    except NOT_RUN as error:
        return str(error)
    return None


def _check_edit(whole: WithHook, example: Batch) -> None:
    """Raise ValueError where states that are put at a layer are not those that the model has."""
    encoder = whole.encoder
    plain = encoder.states(example)
    for layer in range(encoder.n_layers):
        edited = plain[layer].roll(1, dims=-1)
        with whole.replacing(edited, layer):
            shown = encoder.states(example)
        real = example.mask.bool()
        if not torch.equal(shown[layer][real], edited[real]):
            raise ValueError(f"states put at layer {layer} are not those that it has")
        if torch.allclose(shown[-1][real], plain[-1][real], rtol=1e-3, atol=1e-4):
            raise ValueError(f"states put at layer {layer} change nothing")


def _alone(batch: Batch) -> list[Batch]:
    """Return each sentence without padding, as a batch of its own."""
    lengths = batch.mask.sum(1).tolist()
    return [
        Batch(batch.ids[row : row + 1, :length], batch.mask[row : row + 1, :length])
        for row, length in enumerate(lengths)
    ]


def _padded(states: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Pad states (1, s', d) to the batch's length, (1, s, d)."""
    missing = batch.ids.shape[1] - states.shape[1]
    return torch.nn.functional.pad(states, (0, 0, 0, missing))


def _equal(states: torch.Tensor, plain: Sequence[torch.Tensor]) -> bool:
    """Whether `states` (b, s, d) are `plain`, (1, s', d) a sentence, where there are subtokens."""
    return all(
        torch.allclose(states[row, : own.shape[1]], own[0], rtol=1e-3, atol=1e-4)
        for row, own in enumerate(plain)
    )
