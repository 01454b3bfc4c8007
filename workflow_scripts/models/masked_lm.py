"""Masked language models: run one below a layer, above a layer, and through its LM head.

    model = MaskedLM(folder, device="cpu")
    states = model.lower(batch, layers=[2, 4])      # {2: (b, s, d), 4: (b, s, d)}
    last = model.upper(states[2], batch, 2, rows)   # (r, d), what the LM head reads there
    ids = model.predict(last)                       # (r,), the arg max over the vocabulary

Layers are `output_hidden_states` indices: 0 the embeddings' output, L what the LM head reads (after
a final norm where there is one). Nothing here is written for one family of models: the layers
are the one ModuleList as long as the configuration says. To run on from layer l, the layers
below it are passed through and a hook puts the given states before layer l, so masks, positions
and norms are the model's own. In the last layer, what stands behind the attention works on each
subtoken alone, and does so for the wanted ones only. To run the head alone, the encoder is
replaced by the states.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForMaskedLM
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import logging as transformers_logging

from workflow_scripts.errors import InputError
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models.folder import check_weights, reason
from workflow_scripts.models.vocabulary import LOGITS_AT_ONCE, Vocabulary

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


_OF_THE_MODEL = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""What a model raises that does not do what is asked of it here."""


@dataclass(frozen=True)
class Batch:
    """Sentences padded to one length."""

    ids: torch.Tensor
    """(b, s) int64."""
    mask: torch.Tensor
    """(b, s) int64, 1 where there is a subtoken."""


class MaskedLM:
    """A pretrained masked language model in float32, in evaluation mode."""

    def __init__(self, folder: Path, device: str = "cpu"):
        """Load a Hugging Face folder with safetensors weights; no code of the folder is run.

        Raises InputError, naming the folder, where it cannot be loaded.
        """
        check_weights(folder)
        try:
            model, loading = AutoModelForMaskedLM.from_pretrained(
                str(folder),
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # to name them: see _require_encoder
            )
        except Exception as error:  # whatever the library meets in a folder
            raise InputError(
                f"{folder}: no masked language model that can be loaded ({reason(error)})"
            ) from error
        self.folder = folder
        self.device = torch.device(device)
        self._missing = sorted(loading["missing_keys"])
        self._model = model.eval().requires_grad_(False).to(self.device)
        self._encoder_name = model.base_model_prefix
        self._require_encoder(sorted(loading["unexpected_keys"]), loading["mismatched_keys"])
        self._layers = self._find_layers()
        self._check_parts()

    @property
    def n_layers(self) -> int:
        """L, the number of layers."""
        return self._model.config.num_hidden_layers

    @property
    def width(self) -> int:
        """d, the number of neurons of a layer."""
        return self._model.config.hidden_size

    @property
    def max_subtokens(self) -> int:
        """The longest sentence that the model's positions can address, special tokens included."""
        positions = self._model.config.max_position_embeddings
        embeddings = (
            module
            for name, module in self._model.named_modules()
            if name.endswith("position_embeddings") and isinstance(module, nn.Embedding)
        )
        embedding = next(embeddings, None)
        if embedding is None or embedding.padding_idx is None:
            return positions
        # RoBERTa-like models count positions from padding_idx + 1.
        return positions - (embedding.padding_idx + 1)

    def require_layers(self, layers: Sequence[int]) -> None:
        """Raise InputError, naming the folder, where a layer is asked that the model has not."""
        for layer in layers:
            if not 0 <= layer <= self.n_layers:
                raise InputError(f"layer {layer}: {self.folder} has layers 0 to {self.n_layers}")

    def require_lm_head(self) -> None:
        """Raise InputError, naming the folder, where the checkpoint has no LM head."""
        encoder = f"{self._encoder_name}."
        head = [name for name in self._missing if not name.startswith(encoder)]
        if head:
            raise InputError(
                f"{self.folder}: the checkpoint has no LM head (missing {head[0]}); "
                "interventions need one: choose another model or set interventions: []"
            )

    def _require_encoder(self, unexpected: list[str], of_other_shape: Collection[tuple]) -> None:
        """Raise InputError where weights are not those of config.json: they would be random."""
        for name, found, expected in sorted(of_other_shape):
            raise InputError(
                f"{self.folder}: the weights have {name} of shape {tuple(found)}, by config.json "
                f"it is {tuple(expected)}"
            )
        encoder = f"{self._encoder_name}."
        missing = [name for name in self._missing if name.startswith(encoder)]
        if missing:
            raise InputError(
                f"{self.folder}: the weights lack {missing[0]}; config.json and weights are not "
                "of the same model"
            )
        layers = [name for name in unexpected if re.search(r"\.layers?\.\d+\.", name)]
        if layers:
            raise InputError(
                f"{self.folder}: the weights have {layers[0]}, which config.json knows nothing of"
            )

    @torch.inference_mode()
    def _check_parts(self) -> None:
        """Compare the model run in parts with the whole model; raise InputError where they differ.

        Layers are found by their number and run by hooks; a family that keeps something beside the
        hidden states, or whose numbers depend on the padding, is refused and not run wrongly.
        """
        n_ids = self._model.config.vocab_size
        read = [
            Subtokens((np.arange(7, 7 + length) % n_ids).astype(np.int32), np.zeros(length))
            for length in (7, 4)
        ]
        middle = self.n_layers // 2
        try:
            _ = self.width, self.max_subtokens  # which a configuration may not have
            batch = self.batch(read)
            states = self.lower(batch, [middle])[middle]
            last = self.upper(
                states, batch, middle, torch.arange(batch.ids.numel(), device=self.device)
            )
            last = last.view(*batch.ids.shape, -1)
            for row, sentence in enumerate(read):
                alone = self.batch([sentence])
                whole = self._whole(alone, middle)
                length = len(sentence.ids)
                same = (
                    torch.allclose(states[row, :length], whole[0][0], rtol=1e-3, atol=1e-4)
                    and torch.allclose(last[row, :length], whole[1][0], rtol=1e-3, atol=1e-4)
                    and torch.equal(self._head(whole[1][0]).argmax(-1), whole[2][0].argmax(-1))
                )
                if not same:
                    raise InputError("its parts do not add up to the whole model")
        except torch.OutOfMemoryError:
            raise
        except _OF_THE_MODEL as error:
            raise InputError(
                f"{self.folder}: {type(self._model).__name__} cannot be run in parts "
                f"({reason(error)})"
            ) from error

    @torch.inference_mode()
    def _whole(self, batch: Batch, layer: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return states at a layer, what the LM head reads, and logits, of the whole model."""
        encoded = self._encoder(
            input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True
        )
        logits = self._model(input_ids=batch.ids, attention_mask=batch.mask).logits
        states = encoded.hidden_states[layer]
        if layer == self.n_layers:
            states = encoded.last_hidden_state
        return states, encoded.last_hidden_state, logits

    def batch(self, sentences: Sequence[Subtokens]) -> Batch:
        """Pad sentences to their longest.

        Raises InputError where a subtoken is none of the model's vocabulary.
        """
        highest = max(sentence.ids.max(initial=0) for sentence in sentences)
        if highest >= self._model.config.vocab_size:
            raise InputError(
                f"{self.folder}: the tokenizer gives subtoken {highest}, the model's vocabulary "
                f"has {self._model.config.vocab_size}; they are not of the same model"
            )
        length = max(len(sentence.ids) for sentence in sentences)
        ids = np.full((len(sentences), length), self._model.config.pad_token_id or 0, np.int64)
        mask = np.zeros_like(ids)
        for row, sentence in enumerate(sentences):
            ids[row, : len(sentence.ids)] = sentence.ids
            mask[row, : len(sentence.ids)] = 1
        return Batch(torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device))

    @torch.inference_mode()
    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, from one pass.

        Layers above the highest asked one are not run.
        """
        if max(layers) == self.n_layers:
            output = self._encoder(
                input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True
            )
            states = dict(enumerate(output.hidden_states[:-1]))
            states[self.n_layers] = output.last_hidden_state
            return {layer: states[layer] for layer in layers}
        taken: dict[int, torch.Tensor] = {}
        hooks = [
            self._layers[layer].register_forward_pre_hook(_take(taken, layer), with_kwargs=True)
            for layer in layers
        ]
        try:
            with self._without(range(max(layers), self.n_layers)):
                self._encoder(input_ids=batch.ids, attention_mask=batch.mask)
        finally:
            for hook in hooks:
                hook.remove()
        return taken

    @torch.inference_mode()
    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Run on from the states (b, s, d) at `layer`; return what the LM head reads of `rows`.

        `rows` (r,) int64 are subtokens of the batch laid flat, b · s; the result is (r, d).
        """
        if layer == self.n_layers:
            return states.flatten(0, 1)[rows]
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
        hooks = [self._layers[layer].register_forward_pre_hook(_put(states), with_kwargs=True)]
        if packing is not None:
            pack = _pack(batch.ids.shape, rows)
            hooks.append(packing.register_forward_pre_hook(pack, with_kwargs=True))
        try:
            with self._without(range(layer)):
                output = self._encoder(input_ids=batch.ids, attention_mask=batch.mask)
        finally:
            for hook in hooks:
                hook.remove()
        last = output.last_hidden_state
        return last.flatten(0, 1)[rows] if packing is None else last[0]

    @cached_property
    @torch.inference_mode()
    def _packing(self) -> nn.Module | None:
        """Return the first module of the last layer from which on each subtoken stands alone.

        Found by trying: with the inputs of that module, and so all that follows, cut down to
        some rows, those rows must come out as they do without. None where no module is such.
        """
        if self._layers[-1] in list(self._layers)[:-1]:
            return None  # one module serves several layers
        layer = self.n_layers - 1
        n_ids = self._model.config.vocab_size
        read = [
            Subtokens((np.arange(5, 5 + length) % n_ids).astype(np.int32), np.zeros(length))
            for length in (7, 5)
        ]
        batch = self.batch(read)
        states = self.lower(batch, [layer])[layer]
        rows = torch.tensor([1, 3, 7, 10, 11], device=self.device)
        modules: list[nn.Module] = []  # in the order in which they run
        hooks = [
            module.register_forward_pre_hook(lambda module, _: modules.append(module))
            for module in self._layers[layer].modules()
            if module is not self._layers[layer]
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

    @torch.inference_mode()
    def predict(self, last: torch.Tensor) -> torch.Tensor:
        """Return the LM head's arg max (r,) int64 for rows (r, d) of what it reads."""
        if self._vocabulary is None:
            rows = max(1, LOGITS_AT_ONCE // self._model.config.vocab_size)
            predicted = [self._head(part).argmax(-1) for part in last.split(rows)]
            return torch.cat(predicted) if len(last) else last.new_zeros(0, dtype=torch.long)
        output = self._model.get_output_embeddings()
        output.forward = _pass_through
        try:
            hidden = self._head(last)
        finally:
            del output.forward  # the class's own forward shows again
        return self._vocabulary.argmax(hidden)

    def _head(self, last: torch.Tensor) -> torch.Tensor:
        """Return what the LM head gives for rows (r, d) of what it reads."""
        encoder = self._encoder
        setattr(self._model, self._encoder_name, _Given(last[None]))
        try:
            ids = torch.zeros((1, len(last)), dtype=torch.long, device=self.device)
            return self._model(input_ids=ids).logits[0]
        finally:
            setattr(self._model, self._encoder_name, encoder)

    @cached_property
    @torch.inference_mode()
    def _vocabulary(self) -> Vocabulary | None:
        """Return the vocabulary product that ends the LM head; None where it ends otherwise."""
        output = self._model.get_output_embeddings()
        if not isinstance(output, nn.Linear):
            return None
        given: list[torch.Tensor] = []
        hook = output.register_forward_hook(lambda module, args, result: given.append(result))
        states = torch.linspace(-1, 1, 2 * self.width, device=self.device)
        try:
            logits = self._head(states.view(2, -1))
        finally:
            hook.remove()
        if len(given) != 1 or not torch.equal(given[0].view_as(logits), logits):
            return None
        return Vocabulary(output.weight, output.bias)

    @property
    def _encoder(self) -> nn.Module:
        return getattr(self._model, self._encoder_name)

    def _find_layers(self) -> nn.ModuleList:
        n_layers = getattr(self._model.config, "num_hidden_layers", None)
        found = [
            module
            for module in self._encoder.modules()
            if isinstance(module, nn.ModuleList) and len(module) == n_layers
        ]
        if not found:
            raise InputError(
                f"{self.folder}: no list of {n_layers} layers found in {type(self._model).__name__}"
            )
        return found[0]

    @contextmanager
    def _without(self, layers: range) -> Iterator[None]:
        """Pass the hidden states through the layers in `layers` unchanged."""
        forwards = {}
        try:
            for layer in layers:
                module = self._layers[layer]
                forwards[layer] = module.forward
                module.forward = _pass_through
            yield
        finally:
            for layer in forwards:
                # The class's own forward shows again.
                del self._layers[layer].forward


def _pass_through(hidden_states: torch.Tensor, *args, **kwargs) -> torch.Tensor:
    return hidden_states


def _take(taken: dict[int, torch.Tensor], layer: int):
    def hook(module, args, kwargs):
        taken[layer] = args[0] if args else kwargs["hidden_states"]

    return hook


def _put(states: torch.Tensor):
    def hook(module, args, kwargs):
        if args:
            return (states, *args[1:]), kwargs
        return args, kwargs | {"hidden_states": states}

    return hook


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


class _Given(nn.Module):
    """An encoder that gives the states it was made with."""

    def __init__(self, states: torch.Tensor):
        super().__init__()
        self.states = states

    def forward(self, *args, **kwargs) -> BaseModelOutput:
        return BaseModelOutput(last_hidden_state=self.states)
