"""The encoder: a masked language model without its LM head, as it is published.

Run whole, it says what every layer's hidden states are: what runs it in parts or with a hook is
compared with it. Knows the model's modules only as something whose forward can be stood in for.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

Forward = Callable[[nn.Module, Callable, tuple, dict], object]
"""Called in a module's place: the module, its own forward, arguments by place and by name."""


@dataclass(frozen=True)
class Batch:
    """Sentences padded to one length."""

    ids: torch.Tensor
    """(b, s) int64."""
    mask: torch.Tensor
    """(b, s) int64, 1 where there is a subtoken."""


@dataclass(frozen=True)
class Encoder:
    """A model's encoder, and how many layers and neurons it has."""

    module: nn.Module
    n_layers: int
    """L."""
    width: int
    """d."""

    def last(self, batch: Batch) -> torch.Tensor:
        """Return what the LM head reads, (b, s, d)."""
        return self.module(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state

    def states(self, batch: Batch) -> list[torch.Tensor]:
        """Return the hidden states (b, s, d) of layers 0 to L; the last is what the LM head reads.

        Raises ValueError where the model has not so many, or not one for each subtoken.
        """
        if self.module.config.is_encoder_decoder:  # pyright: ignore[reportAttributeAccessIssue]
            raise ValueError("it has an encoder and a decoder")
        output = self.module(
            input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True
        )
        states = [*output.hidden_states[:-1], output.last_hidden_state]  # (b, s, d) each
        if len(states) != self.n_layers + 1:
            raise ValueError(f"{self.n_layers} layers, and {len(states)} hidden states")
        for layer, layer_states in enumerate(states):
            if layer_states.shape != (*batch.ids.shape, self.width):
                raise ValueError(f"layer {layer} has not {self.width} neurons for each subtoken")
        return states


@contextmanager
def standing_in(modules: Iterable[nn.Module], forward: Forward) -> Iterator[None]:
    """Call `forward` wherever the forward of one of `modules` would be, and restore them."""

    def stand_in(module: nn.Module, own: Callable) -> Callable:
        return lambda *args, **kwargs: forward(module, own, args, kwargs)

    distinct = list(dict.fromkeys(modules))
    try:
        for module in distinct:
            module.forward = stand_in(module, module.forward)
        yield
    finally:
        for module in distinct:
            # The class's own forward shows again.
            vars(module).pop("forward", None)
