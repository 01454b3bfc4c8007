"""Reading: pre-split words -> subtokens with the model's special tokens, and back.

Loads nothing but the tokenizer, so that light jobs stay light.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workflow_scripts.errors import InputError
from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens
from workflow_scripts.models.folder import reason


class Reader:
    """A model's tokenizer, for words that are split already."""

    def __init__(self, folder: Path):
        """Load the tokenizer of a Hugging Face folder.

        Raises InputError, naming the folder, where there is none.
        """
        from transformers import AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_fast=True
            )
        except Exception as error:  # whatever the library meets in a folder
            raise InputError(
                f"{folder}: no tokenizer that can be loaded ({reason(error)})"
            ) from error
        if not self._tokenizer.is_fast:
            raise InputError(f"{folder}: a fast tokenizer (tokenizer.json) is needed")
        # Where the folder has none, the library makes one that knows nothing but special tokens.
        ordinary = set(self._tokenizer.get_vocab()) - set(self._tokenizer.all_special_tokens)
        if not any(letter.isalnum() for token in ordinary for letter in token):
            raise InputError(f"{folder}: no tokenizer with a vocabulary (tokenizer.json)")
        # A tokenizer that marks word starts by a space gives every word one. Found by what it
        # does, since the mark can come from a normalizer or from any step before the split.
        pre_tokenizer = self._tokenizer.backend_tokenizer.pre_tokenizer
        if hasattr(pre_tokenizer, "add_prefix_space"):
            pre_tokenizer.add_prefix_space = True
        in_text = self._tokenizer.tokenize("a a")
        split = self._tokenizer.tokenize(["a", "a"], is_split_into_words=True)
        self._before_word = "" if "".join(in_text) == "".join(split) else " "

    @property
    def unknown_id(self) -> int | None:
        """The id of the unknown token, None where the tokenizer has none."""
        if self._tokenizer.unk_token_id is not None:
            return self._tokenizer.unk_token_id
        # A configuration can fail to name the unknown token that the tokenizer itself has.
        unknown = getattr(self._tokenizer.backend_tokenizer.model, "unk_token", None)
        return None if unknown is None else self._tokenizer.convert_tokens_to_ids(unknown)

    def read(self, sentences: Sequence[list[str]]) -> list[Subtokens]:
        """Return the subtokens of each sentence, with special tokens, never truncated."""
        if not sentences:
            return []
        encoded = self._tokenizer(
            [[self._before_word + form for form in forms] for forms in sentences],
            is_split_into_words=True,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return [
            Subtokens(
                np.asarray(encoded.encodings[i].ids, np.int32),
                np.asarray(
                    [NO_WORD if w is None else w for w in encoded.encodings[i].word_ids], np.int32
                ),
            )
            for i in range(len(sentences))
        ]

    def read_alone(self, forms: Sequence[str]) -> list[list[int]]:
        """Return the subtoken ids of each form as one pre-split word, without special tokens."""
        if not forms:
            return []
        encoded = self._tokenizer(
            [[self._before_word + form] for form in forms],
            is_split_into_words=True,
            add_special_tokens=False,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return [list(encoding.ids) for encoding in encoded.encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """Return subtokens as text, special tokens kept and white space removed."""
        text = self._tokenizer.decode(
            list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return "".join(text.split())
