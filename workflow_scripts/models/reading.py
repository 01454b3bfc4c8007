"""Reading: pre-split words -> subtokens with the model's special tokens, and back.

Loads nothing but the tokenizer, so that light jobs stay light.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer
from tokenizers.models import WordLevel

from workflow_scripts import InputError
from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens
from workflow_scripts.models.tokenizer import (
    LibrarysReading,
    load_tokenizer,
    mask_token,
    unknown_token,
)

log = logging.getLogger("reading")


class Reader:
    """A model's tokenizer, for words that are split already."""

    def __init__(self, folder: Path):
        """Load the tokenizer of a Hugging Face folder.

        Raises InputError, naming the folder, where there is none.
        """
        self.folder = Path(folder)
        self._tokenizer = load_tokenizer(self.folder)
        with self._named_in_errors():
            self._before_word, self._cut = _mark(self._tokenizer)
        self._compared = False

    @cached_property
    def unknown_id(self) -> int | None:
        """The id of the unknown token, None where the tokenizer has none."""
        return unknown_token(self.folder, self._tokenizer)

    @cached_property
    def mask_id(self) -> int:
        """The id of the mask. Raises InputError, naming the folder, where there is none."""
        found = mask_token(self.folder, self._tokenizer)
        if found is None:
            raise InputError(
                f"{self.folder}: its tokenizer has no mask_token, so no word can be hidden from "
                "the model; name it in tokenizer_config.json, or set concord: false"
            )
        return found

    def read(self, sentences: Sequence[list[str]]) -> list[Subtokens]:
        """Return the subtokens of each sentence, with special tokens, never truncated."""
        return [Subtokens(*arrays) for arrays in self._encoded(sentences, special=True)]

    def read_alone(self, forms: Sequence[str]) -> list[list[int]]:
        """Return the subtoken ids of each form as one pre-split word, without special tokens."""
        encoded = self._encoded([[form] for form in forms], special=False)
        return [ids.tolist() for ids, _ in encoded]

    def decode(self, ids: Sequence[int]) -> str:
        """Return subtokens as text, special tokens kept and white space removed.

        An id for which the tokenizer has no token gives no text: see `without_token`.
        """
        return "".join(self._tokenizer.decode(list(ids), skip_special_tokens=False).split())

    def without_token(self, ids: np.ndarray) -> np.ndarray:
        """Return which ids the tokenizer has no token for, bool of the shape of `ids`.

        A model's vocabulary may be padded to a round number.
        """
        distinct = np.unique(ids)
        none = [self._tokenizer.id_to_token(int(one)) is None for one in distinct]
        return np.isin(ids, distinct[np.array(none, bool)])

    def compare_with_library(self, forms: Iterable[str]) -> None:
        """Log the first word, if any, that the library's own tokenizer would read otherwise."""
        if self._compared:
            return
        difference = self._librarys_reading.difference(forms)
        if difference is not None:
            log.warning("%s: %s", self.folder, difference)
            self._compared = True

    @cached_property
    def _librarys_reading(self) -> LibrarysReading:
        return LibrarysReading(self.folder, self._tokenizer)

    @contextmanager
    def _named_in_errors(self) -> Iterator[None]:
        """Say in an error of the tokenizer whose it is: of an unknown token that it lacks, say."""
        try:
            yield
        except Exception as error:  # of no class
            raise InputError(f"{self.folder}: its tokenizer reads no word ({error})") from error

    def _encoded(
        self, sentences: Sequence[list[str]], special: bool
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return ids and words, (s,) int32 each, of each sentence."""
        try:
            encoded = self._tokenizer.encode_batch(
                [[self._before_word + form for form in forms] for forms in sentences],
                is_pretokenized=True,
                add_special_tokens=special,
            )
        except Exception as error:  # of no class: an unknown token that is not in its vocabulary
            raise InputError(f"{self.folder}: its tokenizer reads no word ({error})") from error
        return [_arrays(encoding, self._cut) for encoding in encoded]


def _arrays(encoding: Encoding, cut: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.asarray(encoding.ids, np.int32)
    words = np.asarray([NO_WORD if w is None else w for w in encoding.word_ids], np.int32)
    if not cut:
        return ids, words
    ends = np.asarray([end for _, end in encoding.offsets])
    kept = (words == NO_WORD) | (ends > cut)
    return ids[kept], words[kept]


def _is_letter(token: str) -> bool:
    return len(token) == 1 and token.isalpha()


def _mark(tokenizer: Tokenizer) -> tuple[str, int]:
    """Return what to put before a word, so that it has the subtokens that it has within a text.

    And how many characters at its start are to be cut off again. A tokenizer that marks word
    starts by a space gives every word one. Found by what it does, since the mark can come from a
    normalizer or from any step before the split; where such a step strips the space of a word that
    stands alone, a letter before it keeps it.
    """
    if isinstance(tokenizer.model, WordLevel) and tokenizer.pre_tokenizer is None:
        return "", 0  # it looks whole words up, and reads no text
    # One that is spelled otherwise than by the unknown token, which may swallow a mark.
    letters = {i: token for token, i in tokenizer.get_vocab().items() if _is_letter(token)}
    letter = "a" if "a" in letters.values() or not letters else letters[min(letters)]
    in_text = "".join(tokenizer.encode(f"{letter} {letter}", add_special_tokens=False).tokens)

    def alone(before: str, cut: int = 0) -> str:
        [read] = tokenizer.encode_batch(
            [[before + letter]], is_pretokenized=True, add_special_tokens=False
        )
        ends = [end for _, end in read.offsets]
        return "".join(token for token, end in zip(read.tokens, ends, strict=True) if end > cut)

    bare = alone("")
    if in_text == bare + bare:
        return "", 0
    if alone(" ") == bare != alone(f"{letter} ", 1):
        return f"{letter} ", 1
    return " ", 0
