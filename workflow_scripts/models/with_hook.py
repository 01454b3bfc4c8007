"""With a hook: an encoder that has no layers to be run apart is run whole, from the embeddings.

What the first module call that gives the states of layer l returns is replaced by the given states:
all that follows reads those. Slower than in parts, and every layer runs every time.
"""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import nn

from workflow_scripts.models.encoder import Batch, Encoder, standing_in


@dataclass(frozen=True)
class Place:
    """Where in a forward pass a layer's states come from."""

    module: nn.Module
    call: int
    """Which of the module's calls."""
    transposed: bool
    """Whether it returns (b, d, s), neurons before subtokens."""


class WithHook:
    """An encoder that runs whole, its states at a layer replaced."""

    def __init__(self, encoder: Encoder, example: Batch):
        """Find, in a pass over the example, the module call that gives each layer's states.

        Raises ValueError where a layer has none.
        """
        self.encoder = encoder
        returned: list[tuple[nn.Module, int, torch.Tensor]] = []  # module, which of its calls
        n_calls: Counter[nn.Module] = Counter()

        def record(module, own, args, kwargs):
            result = own(*args, **kwargs)
            states = result[0] if isinstance(result, tuple) else result
            if isinstance(states, torch.Tensor):
                returned.append((module, n_calls[module], states))
            n_calls[module] += 1
            return result

        with standing_in(list(encoder.module.modules())[1:], record):
            states = encoder.states(example)
        self._places = [_place(returned, states[layer], layer) for layer in range(encoder.n_layers)]

    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, from one pass."""
        states = self.encoder.states(batch)
        return {layer: states[layer] for layer in layers}

    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Run with the states (b, s, d) at `layer` < L; return what the LM head reads of `rows`.

        `rows` (r,) int64 are subtokens of the batch laid flat, b · s; the result is (r, d).
        """
        with self.replacing(states, layer):
            return self.encoder.last(batch).flatten(0, 1)[rows]

    def replacing(
        self, states: torch.Tensor, layer: int
    ) -> contextlib.AbstractContextManager[None]:
        """Return a context in which the encoder has the states (b, s, d) at `layer`."""
        place = self._places[layer]
        calls = count()

        def replace(module, own, args, kwargs):
            result = own(*args, **kwargs)
            if next(calls) != place.call:
                return result
            # A copy, since a model may go on to write into it.
            given = (states.mT if place.transposed else states).clone()
            return (given, *result[1:]) if isinstance(result, tuple) else given

        return standing_in([place.module], replace)


def _place(
    returned: Sequence[tuple[nn.Module, int, torch.Tensor]], states: torch.Tensor, layer: int
) -> Place:
    """Return the first module call that gave these states: what follows has them from there."""
    for module, call, given in returned:
        for transposed in (False, True):
            wanted = states.mT if transposed else states
            if given.shape == wanted.shape and torch.equal(given, wanted):
                return Place(module, call, transposed)
    raise ValueError(f"no module gives the states of layer {layer}")
