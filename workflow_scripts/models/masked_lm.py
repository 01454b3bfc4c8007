"""Masked language models: run one below a layer, above a layer, and through its LM head.

    model = MaskedLM(folder, device="cpu")
    states = model.lower(batch, layers=[2, 4])      # {2: (b, s, d), 4: (b, s, d)}
    last = model.upper(states[2], batch, 2, rows)   # (r, d), what the LM head reads there
    ids = model.predict(last)                       # (r,), the arg max over the vocabulary
    model.gradient(states[2], batch, 2, rows, ids, others)   # (b, s, d), of logits' differences

Layers are `output_hidden_states` indices: 0 the embeddings' output, L what the LM head reads (after
a final norm where there is one). Nothing here is written for one family of models: `in_parts` finds
the layers among the model's modules and runs those that are needed; a model without such layers is
run `with_hook`; which of the two is right, `running` finds out by comparing with the whole model.
To run the head alone, the encoder is replaced by the states.
"""

import logging
import re
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

from workflow_scripts import InputError
from workflow_scripts.files.lm_head import no_lm_head, require_masked_lm
from workflow_scripts.files.model_folder import check_weights, reason, weight_names
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models.encoder import Batch, Encoder, standing_in
from workflow_scripts.models.from_transformers import AutoModelForMaskedLM, ModelOutput, ShapesAlone
from workflow_scripts.models.from_transformers import logging as transformers_logging
from workflow_scripts.models.precision import leads
from workflow_scripts.models.running import NOT_RUN, OneByOne, Running, choose
from workflow_scripts.models.vocabulary import LOGITS_AT_ONCE, Vocabulary
from workflow_scripts.models.with_hook import WithHook

log = logging.getLogger("masked_lm")

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


_HARMLESS = re.compile(
    r"(^|\.)(pooler|seq_relationship|sop_classifier)\.|(^|\.)(position_ids|token_type_ids|inv_freq)$"
)
"""Weights that a masked language model is published with and does not read.

Poolers and heads for pairs of sentences, which nothing of ours asks; numbers that are computed
anew. What the library knows of its families besides, it leaves out itself.
"""


class MaskedLM:
    """A pretrained masked language model in float32, in evaluation mode."""

    def __init__(self, folder: Path, device: str = "cpu"):
        """Load a Hugging Face folder with safetensors weights; no code of the folder is run.

        Raises InputError, naming the folder, where it cannot be loaded.
        """
        require_masked_lm(folder)
        check_weights(folder)
        try:
            with ShapesAlone():
                model, loading = AutoModelForMaskedLM.from_pretrained(
                    str(folder),
                    dtype=torch.float32,
                    local_files_only=True,
                    trust_remote_code=False,
                    use_safetensors=True,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # to name them: see _require_encoder
                    # What a configuration may ask a model to return, for other uses.
                    return_dict=True,
                    output_attentions=False,
                    output_hidden_states=False,
                )
        except Exception as error:  # whatever the library meets in a folder
            raise InputError(
                f"{folder}: no masked language model that can be loaded ({reason(error)})"
            ) from error
        self.folder = folder
        self.device = torch.device(device)
        self._missing = sorted(loading["missing_keys"] - _share_biases(model, loading))
        self._not_taken = [
            name for name in sorted(loading["unexpected_keys"]) if not _HARMLESS.search(name)
        ]
        self._model = model.eval().requires_grad_(False).to(self.device)
        self._encoder_name = model.base_model_prefix
        self._require_encoder(loading["mismatched_keys"])
        self._require_padding()
        self._running = self._choose_running()

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
        return positions - next((first + 1 for first in self._counts_from_padding), 0)

    @property
    def _counts_from_padding(self) -> list[int]:
        """The padding_idx that RoBERTa-like models count positions from; empty in others."""
        return [
            module.padding_idx
            for name, module in self._model.named_modules()
            if name.endswith("position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ]

    @property
    def _pad_token_id(self) -> int | None:
        """The id of the padding token; None where the configuration has none (`-1` in some)."""
        found = self._model.config.pad_token_id
        return found if found is not None and 0 <= found < self._model.config.vocab_size else None

    def require_layers(self, layers: Sequence[int]) -> None:
        """Raise InputError, naming the folder, where a layer is asked that the model has not."""
        for layer in layers:
            if not 0 <= layer <= self.n_layers:
                raise InputError(f"layer {layer}: {self.folder} has layers 0 to {self.n_layers}")

    def require_lm_head(self) -> None:
        """Raise InputError, naming the folder, where the checkpoint has no LM head, or another."""
        encoder = f"{self._encoder_name}."
        head = [name for name in self._missing if not name.startswith(encoder)]
        if head:
            why = f"missing {head[0]}"
            if not self._model.config.tie_word_embeddings and head[0] in self._tied:
                why += ", which tie_word_embeddings: false in config.json asks for"
            raise InputError(no_lm_head(self.folder, why))
        modules = dict(self._model.named_children())
        for name in self._not_taken:
            if name.split(".")[0] in modules:
                raise InputError(
                    f"{self.folder}: the LM head's weights have {name}, which config.json knows "
                    "nothing of"
                )

    @property
    def _tied(self) -> dict[str, str]:
        """Which weights the family ties to which others, where the configuration says so."""
        tied = self._model._tied_weights_keys
        return tied if isinstance(tied, dict) else {}

    def _require_encoder(self, of_other_shape: Collection[tuple]) -> None:
        """Raise InputError where weights are not those of config.json.

        Those that are missing would be random, and those that no module takes are a part of the
        model that would not run.
        """
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
        of_encoder = [name for name in self._not_taken if self._is_of_encoder(name)]
        if of_encoder:
            raise InputError(
                f"{self.folder}: the weights have {of_encoder[0]}, which config.json knows nothing "
                "of"
            )
        if self._not_taken:
            log.info(
                "%s: %d weights of other heads, such as %s, are not used",
                self.folder,
                len(self._not_taken),
                self._not_taken[0],
            )

    def _is_of_encoder(self, name: str) -> bool:
        """Whether a weight stands below the encoder; it may have been saved without the rest."""
        first = name.split(".")[0]
        if first == self._encoder_name or hasattr(self._encoder, first):
            return True
        alone = not any(n.startswith(f"{self._encoder_name}.") for n in weight_names(self.folder))
        return alone and first not in dict(self._model.named_children())

    def _require_padding(self) -> None:
        """Raise InputError where a model counts positions from a padding token that it has not."""
        if self._pad_token_id is None and self._counts_from_padding:
            raise InputError(
                f"{self.folder}/config.json: pad_token_id: {self._model.config.pad_token_id}: this "
                "model counts positions from it; write the id of its padding token (1 in RoBERTa)"
            )

    @torch.inference_mode()
    def _choose_running(self) -> Running:
        """Return how to run the encoder; raise InputError where no way equals the whole model."""
        what = f"{self.folder}: {type(self._model).__name__} ({self._model.config.model_type})"
        try:
            _ = self.max_subtokens  # which a configuration may not have
            encoder = Encoder(self._encoder, self.n_layers, self.width)
            n_ids = self._model.config.vocab_size
            read = [
                Subtokens((np.arange(7, 7 + length) % n_ids).astype(np.int32), np.zeros(length))
                for length in (7, 4)
            ]
            running = choose(encoder, self.batch(read))
            self._check_head(self.batch(read[:1]))
        except torch.OutOfMemoryError:
            raise
        except NOT_RUN as error:
            why = reason(error)
            raise InputError(
                f"{what} cannot be run from a layer, in parts or whole with a hook ({why})"
            ) from error
        way = running
        if isinstance(running, OneByOne):
            log.info("%s: numbers depend on the padding: run one sentence at a time", what)
            way = running.way
        if isinstance(way, WithHook):
            log.info("%s: no layers that run apart: run whole, with a hook", what)
        return running

    def _check_head(self, batch: Batch) -> None:
        """Raise ValueError where the LM head alone predicts other subtokens than the model."""
        last = self._encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        logits = self._model(input_ids=batch.ids, attention_mask=batch.mask).logits
        if not torch.equal(self._head(last[0]).argmax(-1), logits[0].argmax(-1)):
            raise ValueError("its LM head reads more than the last layer")

    def batch(self, sentences: Sequence[Subtokens]) -> Batch:
        """Pad sentences to their longest.

        Raises InputError where a subtoken is none of the model's vocabulary.
        """
        highest = max(sentence.ids.max(initial=0) for sentence in sentences)
        if highest >= self._model.config.vocab_size:
            raise InputError(
                f"{self.folder}: the tokenizer gives subtoken {highest}, the model's vocabulary "
                f"has {self._model.config.vocab_size}; they are not of the same model, or "
                "a token was added without an embedding"
            )
        length = max(len(sentence.ids) for sentence in sentences)
        ids = np.full((len(sentences), length), self._pad_token_id or 0, np.int64)
        mask = np.zeros_like(ids)
        for row, sentence in enumerate(sentences):
            ids[row, : len(sentence.ids)] = sentence.ids
            mask[row, : len(sentence.ids)] = 1
        return Batch(torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device))

    @torch.inference_mode()
    def lower(self, batch: Batch, layers: Sequence[int]) -> dict[int, torch.Tensor]:
        """Return the hidden states (b, s, d) of each asked layer, from one pass."""
        return self._running.lower(batch, layers)

    @torch.inference_mode()
    def upper(
        self, states: torch.Tensor, batch: Batch, layer: int, rows: torch.Tensor
    ) -> torch.Tensor:
        """Run on from the states (b, s, d) at `layer`; return what the LM head reads of `rows`.

        `rows` (r,) int64 are subtokens of the batch laid flat, b · s; the result is (r, d).
        """
        if layer == self.n_layers:
            return states.flatten(0, 1)[rows]
        return self._running.upper(states, batch, layer, rows)

    @torch.inference_mode()
    def margins(self, last: torch.Tensor, ids: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """Return log p(id) - log p(other), (r,) in nats, for rows (r, d) of what the LM head reads.

        Of each row of `ids` (r,) int64 and `others` (r,) int64: the logits' difference.
        """
        parts = zip(*(x.split(self.rows_at_once) for x in (last, ids, others)), strict=True)
        return torch.cat([self._margins(*part) for part in parts])

    def _margins(self, last: torch.Tensor, ids: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        if self._vocabulary is None:
            logits = self._head(last)
            return (logits.gather(1, ids[:, None]) - logits.gather(1, others[:, None]))[:, 0]
        # Of two rows of the output embeddings alone.
        output = self._model.get_output_embeddings()
        weight = output.weight[ids] - output.weight[others]
        margins = (self._before_output(last) * weight).sum(1)
        return margins if output.bias is None else margins + output.bias[ids] - output.bias[others]

    def gradient(
        self,
        states: torch.Tensor,
        batch: Batch,
        layer: int,
        rows: torch.Tensor,
        ids: torch.Tensor,
        others: torch.Tensor,
    ) -> torch.Tensor:
        """Return (b, s, d), the gradient of the sum of margins by the states (b, s, d) at `layer`.

        Those of `others` (r,) int64 over `ids` (r,) int64 at `rows` (r,) int64, subtokens of the
        batch laid flat (see `margins`).
        """
        with torch.inference_mode(False), torch.enable_grad():
            given = states.clone().requires_grad_()
            if layer == self.n_layers:
                last = given.flatten(0, 1)[rows]
            else:
                last = self._running.upper(given, batch, layer, rows)
            of_last = torch.cat(
                [
                    self._gradient_of_head(*part)
                    for part in zip(
                        *(x.split(self.rows_at_once) for x in (last.detach(), ids, others)),
                        strict=True,
                    )
                ]
            )
            return torch.autograd.grad(last, given, of_last)[0]

    def _gradient_of_head(
        self, last: torch.Tensor, ids: torch.Tensor, others: torch.Tensor
    ) -> torch.Tensor:
        """Return (r, d), the gradient of the margins by what the LM head reads, `last` (r, d)."""
        last.requires_grad_()
        return torch.autograd.grad(self._margins(last, others, ids).sum(), last)[0]

    @property
    def rows_at_once(self) -> int:
        """How many rows the LM head is asked for at once: no more logits than that are held."""
        if self._vocabulary is not None:
            return self._vocabulary.rows
        return max(1, LOGITS_AT_ONCE[self.device.type] // self._model.config.vocab_size)

    @torch.inference_mode()
    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Return the LM head's logits (r, V) for rows (r, d) of what it reads."""
        return self._head(last)

    @torch.inference_mode()
    def predict(self, last: torch.Tensor) -> torch.Tensor:
        """Return the LM head's arg max (r,) int64 for rows (r, d) of what it reads."""
        if self._vocabulary is None:
            predicted = [leads(self._head(part))[0] for part in last.split(self.rows_at_once)]
            return torch.cat(predicted) if len(last) else last.new_zeros(0, dtype=torch.long)
        return self._vocabulary.argmax(self._before_output(last))

    def _before_output(self, last: torch.Tensor) -> torch.Tensor:
        """Return (r, e), what the vocabulary product that ends the LM head is given."""
        output = self._model.get_output_embeddings()
        with standing_in([output], lambda module, own, args, kwargs: args[0]):
            return self._head(last)

    def _head(self, last: torch.Tensor) -> torch.Tensor:
        """Return what the LM head gives for rows (r, d) of what it reads."""
        given = self._output_type(last_hidden_state=last[None])
        ids = torch.zeros((1, len(last)), dtype=torch.long, device=self.device)
        with standing_in([self._encoder], lambda *_: given):
            return self._model(input_ids=ids).logits[0]

    @cached_property
    @torch.inference_mode()
    def _output_type(self) -> type[ModelOutput]:
        """Return what the encoder returns: a head may read more of it than the states."""
        return type(
            self._encoder(input_ids=torch.ones((1, 4), dtype=torch.long, device=self.device))
        )

    @cached_property
    @torch.inference_mode()
    def _vocabulary(self) -> Vocabulary | None:
        """Return the vocabulary product that ends the LM head; None where it ends otherwise."""
        output = self._model.get_output_embeddings()
        if not isinstance(output, nn.Linear):
            return None
        given: list[torch.Tensor] = []
        hook = output.register_forward_hook(lambda module, args, result: given.append(result))  # pyright: ignore[reportArgumentType]
        states = torch.linspace(-1, 1, 2 * self.width, device=self.device)
        try:
            logits = self._head(states.view(2, -1))
        finally:
            hook.remove()
        # The logits themselves: a head that goes on from them, if only by 0, needs all of them.
        if len(given) != 1 or given[0].data_ptr() != logits.data_ptr():
            return None
        return Vocabulary(output.weight, output.bias)

    @property
    def _encoder(self) -> nn.Module:
        return getattr(self._model, self._encoder_name)


def _share_biases(model: nn.Module, loading: dict) -> set[str]:
    """Let a bias that the weights lack be the one that it is tied to; return those that were.

    A decoder of its own (`tie_word_embeddings: false`) shares no weight with the embeddings, but
    its bias is still the head's, and is saved once.
    """
    tied = model._tied_weights_keys if isinstance(model._tied_weights_keys, dict) else {}
    missing = set(loading["missing_keys"])
    shared = set()
    for pair in tied.items():
        for name, other in (pair, pair[::-1]):
            if name.endswith("bias") and name in missing and other not in missing:
                parent, _, last = name.rpartition(".")
                setattr(model.get_submodule(parent), last, model.get_parameter(other))
                shared.add(name)
    return shared
