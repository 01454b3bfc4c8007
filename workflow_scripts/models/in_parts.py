"""In parts: an encoder run below a layer, or above it.

Its layers are the calls of the members of one ModuleList, as many calls as the configuration has
layers: a member each, or some members that serve several. To run on from layer l, the
layers below it are passed through and the given states are put before layer l, so masks,
positions and norms are the model's own. In the last layer, what stands behind the attention works
on each subtoken alone, and does so for the wanted ones only.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from itertools import count

import torch
from torch import nn

from workflow_scripts.models.encoder import Batch, Encoder, standing_in


class InParts:
    """An encoder of which only the layers below or above run."""

    def __init__(self, encoder: Encoder, layers: Sequence[nn.Module], returned: Sequence[int]):
        """Take the modules called as layers 0 to L - 1, and how many values a call returns.

        That many in a tuple, the states first; 0 stands for the states alone.
        """
        self.encoder = encoder
        self.layers = layers
        self._returned = returned

    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, from one pass.

        Layers above the highest asked one are not run.
        """
        if max(layers) == self.encoder.n_layers:
            states = self.encoder.states(batch)
            return {layer: states[layer] for layer in layers}
        taken: dict[int, torch.Tensor] = {}

        def take(layer: int, states: torch.Tensor) -> torch.Tensor:
            if layer in layers:
                taken[layer] = states[:, : batch.ids.shape[1]]
            return states

        self._run(batch, take, range(max(layers), self.encoder.n_layers))
        return taken

    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Run on from the states (b, s, d) at `layer` < L; return what the LM head reads of `rows`.

        `rows` (r,) int64 are subtokens of the batch laid flat, b · s; the result is (r, d).
        """
        return self._run_on(states, batch, layer, rows, self._packing)

    def _run_on(
        self,
        states: torch.Tensor,
        batch: Batch,
        layer: int,
        rows: torch.Tensor,
        packing: nn.Module | None,
    ) -> torch.Tensor:
        """Do as `upper`, from the module `packing` of the last layer on with the rows alone."""

        def put(at: int, own: torch.Tensor) -> torch.Tensor:
            if at != layer:
                return own
            if own.shape == states.shape:
                return states
            # Some models pad to a length of their own.
            return torch.cat([states, own[:, states.shape[1] :]], 1)

        if packing is None:
            return self._run(batch, put, range(layer)).flatten(0, 1)[rows]
        pack = _pack(batch.ids.shape, rows)
        hook = packing.register_forward_pre_hook(pack, with_kwargs=True)
        try:
            return self._run(batch, put, range(layer))[0]
        finally:
            hook.remove()

    def _run(
        self,
        batch: Batch,
        before: Callable[[int, torch.Tensor], torch.Tensor],
        passed: Collection[int],
    ) -> torch.Tensor:
        """Return what the LM head reads, where `before(layer, states)` is what a layer is given.

        The layers in `passed` give it back unchanged.
        """
        numbers = count()

        def forward(module, own, args, kwargs):
            layer = next(numbers)
            args, kwargs = _change_states(args, kwargs, lambda states: before(layer, states))
            if layer not in passed:
                return own(*args, **kwargs)
            states = args[0] if args else kwargs["hidden_states"]
            n_values = self._returned[layer]
            return (states, *[None] * (n_values - 1)) if n_values else states

        with standing_in(self.layers, forward):
            return self.encoder.last(batch)

    @cached_property
    @torch.inference_mode()
    def _packing(self) -> nn.Module | None:
        """Return the first module of the last layer from which on each subtoken stands alone.

        Found by trying: with the inputs of that module, and so all that follows, cut down to
        some rows, those rows must come out as they do without. None where no module is such.
        """
        last = self.layers[-1]
        if last in self.layers[:-1]:
            return None  # one module serves several layers
        device = next(last.parameters()).device
        layer = self.encoder.n_layers - 1
        n_ids = self.encoder.module.config.vocab_size  # pyright: ignore[reportAttributeAccessIssue]
        ids = (torch.arange(5, 19, device=device) % n_ids).view(2, 7)  # pyright: ignore[reportOperatorIssue]
        batch = Batch(ids, torch.ones_like(ids))
        batch.mask[1, 5:] = 0
        states = self.lower(batch, [layer])[layer]
        # More than a sentence is long: a layer may cut what it computes to that length.
        rows = torch.tensor([0, 1, 3, 5, 7, 8, 10, 11], device=device)
        modules: list[nn.Module] = []  # in the order in which they run
        hooks = [
            module.register_forward_pre_hook(lambda module, _: modules.append(module))
            for module in last.modules()
            if module is not last
        ]
        try:
            whole = self._run_on(states, batch, layer, rows, None)
        finally:
            for hook in hooks:
                hook.remove()
        for module in dict.fromkeys(modules):
            try:
                packed = self._run_on(states, batch, layer, rows, module)
            except (RuntimeError, IndexError, TypeError, ValueError):
                continue
            if packed.shape == whole.shape and torch.allclose(packed, whole, rtol=1e-4, atol=1e-5):
                return module
        return None


def find_parts(encoder: Encoder, example: Batch) -> Iterator[InParts]:
    """Yield the encoder with each list of modules that can be its layers, outer lists first.

    Found in a pass over the example: whether they are its layers, only a comparison can say.
    """
    lists = [module for module in encoder.module.modules() if isinstance(module, nn.ModuleList)]
    called: list[tuple[nn.Module, int]] = []

    def record(module, own, args, kwargs):
        returned = own(*args, **kwargs)
        called.append((module, len(returned) if isinstance(returned, tuple) else 0))
        return returned

    with standing_in((member for members in lists for member in members), record):
        encoder.last(example)
    for members in lists:
        calls = [call for call in called if call[0] in list(members)]
        if len(calls) == encoder.n_layers:
            yield InParts(encoder, [call[0] for call in calls], [call[1] for call in calls])


def _change_states(args: tuple, kwargs: dict, change: Callable) -> tuple[tuple, dict]:
    """Change the states in a layer's arguments: the first, or the one of that name."""
    if args:
        return (change(args[0]), *args[1:]), kwargs
    return args, kwargs | {"hidden_states": change(kwargs["hidden_states"])}


def _pack(shape: torch.Size, rows: torch.Tensor):
    """Cut every argument (b, s, ...) down to some rows, (1, r, ...)."""

    def packed(argument):
        if isinstance(argument, torch.Tensor) and argument.shape[:2] == shape:
            return argument.flatten(0, 1)[rows][None]
        return argument

    def hook(module, args, kwargs):
        return (
            tuple(packed(argument) for argument in args),
            {name: packed(argument) for name, argument in kwargs.items()},
        )

    return hook
