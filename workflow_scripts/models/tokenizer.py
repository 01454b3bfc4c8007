"""A folder's tokenizer: `tokenizer.json` as it is, or what the library makes of other files.

Where there is a `tokenizer.json`, the library takes no more than the vocabulary from it, and the
rest from the class that `tokenizer_config.json` or the model's type names: a normalizer, a split
into words or a whole model that stands in the file alone is lost without a word. So the file is
read as it is. `other_reading` finds a word that the library's would read otherwise, for the log.
"""

import json
import logging
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from workflow_scripts import InputError
from workflow_scripts.files.model_folder import (
    OWN_CODE,
    TOKENIZER,
    TOKENIZER_SETTINGS,
    read_json,
    reason,
    require_content,
    require_tokenizer_files,
    tokenizer_files,
)

log = logging.getLogger("tokenizer")


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a Hugging Face folder, which neither cuts nor pads.

    Raises InputError, naming folder or file, where there is none that can be used.
    """
    files = require_tokenizer_files(folder)
    for name in files:
        require_content(folder / name)
    auto_map = _settings(folder).get("auto_map")
    if isinstance(auto_map, list) or (isinstance(auto_map, dict) and "AutoTokenizer" in auto_map):
        raise InputError(f"{folder}: no tokenizer that can be loaded ({OWN_CODE})")
    if TOKENIZER in files:
        tokenizer = _from_file(folder)
    else:
        tokenizer = _from_library(folder)
        _warn_of_lower_case(folder, tokenizer)
    # A folder may have one that knows nothing but special tokens.
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    if not any(
        letter.isalnum() for token in set(tokenizer.get_vocab()) - special for letter in token
    ):
        raise InputError(f"{folder}: no tokenizer with a vocabulary ({TOKENIZER})")
    if sampling := _read_whole_and_alike(tokenizer):
        log.warning(
            "%s: its tokenizer draws how a word is cut (%s), as in training; here the same word "
            "is always cut alike, without it",
            folder,
            ", ".join(sampling),
        )
    return tokenizer


MASKS = ("[MASK]", "<mask>")
"""What the token of a hidden word is mostly called."""


def mask_token(folder: Path, tokenizer: Tokenizer) -> int | None:
    """Return the id of the token that stands for a hidden word; None where there is none.

    The one that the folder's files name, else the one that the library knows of its class.
    """
    found = _named_token(folder, tokenizer, "mask_token", None)
    if found is None:
        try:
            named = _made_by_library(folder).mask_token
        except Exception:  # it makes none
            named = None
        found = tokenizer.token_to_id(named) if isinstance(named, str) else None
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    usual = [name for name in MASKS if name in special]
    return tokenizer.token_to_id(usual[0]) if found is None and len(usual) == 1 else found


def unknown_token(folder: Path, tokenizer: Tokenizer) -> int | None:
    """Return the id that a tokenizer gives for what it cannot spell; None where it has none.

    The tokenizer's own; a configuration can fail to name it.
    """
    model = json.loads(tokenizer.to_str())["model"]
    if isinstance(model.get("unk_id"), int):  # of a Unigram model
        return model["unk_id"]
    return _named_token(folder, tokenizer, "unk_token", model.get("unk_token"))


def _named_token(folder: Path, tokenizer: Tokenizer, key: str, named: Any) -> int | None:
    """Return the id of a special token, of its name, or else of what the folder's files say."""
    for name in sorted(TOKENIZER_SETTINGS, reverse=True):  # tokenizer_config.json first
        if named is None:
            named = _settings(folder, name).get(key)
    if isinstance(named, dict):
        named = named.get("content")
    return tokenizer.token_to_id(named) if isinstance(named, str) else None


class LibrarysReading:
    """What the library's own tokenizer of a folder makes of words, where it is another one."""

    def __init__(self, folder: Path, tokenizer: Tokenizer):
        """Take a folder and its tokenizer; the library's is made only where it can differ."""
        self._own = tokenizer
        self._librarys: Tokenizer | None = None
        if not (folder / TOKENIZER).is_file():
            return  # it is the library's
        try:
            made = _made_by_library(folder)
            librarys = made.backend_tokenizer
        except Exception:  # it makes none: there is nothing to compare with
            return
        _read_whole_and_alike(librarys)
        added = [_added(librarys), _added(tokenizer)]
        if added[0] == added[1] and _meaning(librarys) == _meaning(tokenizer):
            return
        self._added = sorted(added[0] ^ added[1])
        self._librarys = librarys
        self.name = type(made).__name__

    def difference(self, forms: Iterable[str]) -> str | None:
        """Return what the library would read otherwise, with a word; None where nothing is."""
        if self._librarys is None:
            return None
        forms = list(dict.fromkeys([*self._added, *forms]))
        for special in (False, True):  # a word, rather than what stands around it
            readings = [
                tokenizer.encode_batch(
                    [[form] for form in forms], is_pretokenized=True, add_special_tokens=special
                )
                for tokenizer in (self._own, self._librarys)
            ]
            for form, own, librarys in zip(forms, *readings, strict=True):
                if own.tokens != librarys.tokens:
                    return (
                        f"{form!r} is read as {' '.join(own.tokens)} ({TOKENIZER}), and the "
                        f"library's {self.name} would read {' '.join(librarys.tokens)}"
                    )
        return None


def _added(tokenizer: Tokenizer) -> set[str]:
    """Return the tokens that were added to the vocabulary, but for the special ones."""
    tokens = tokenizer.get_added_tokens_decoder().values()
    return {token.content for token in tokens if not token.special and token.content.strip()}


def _meaning(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return what of a tokenizer says how it reads, to be compared."""
    content = json.loads(tokenizer.to_str())
    return {key: content[key] for key in ("normalizer", "pre_tokenizer", "post_processor", "model")}


_SAMPLING = ("dropout", "alpha", "nbest_size")
"""What makes a BPE or a Unigram model cut a word otherwise at each reading."""


def _read_whole_and_alike(tokenizer: Tokenizer) -> list[str]:
    """Switch off what cuts or pads a sentence, and what draws how a word is cut; return the latter.

    Subword regularization (BPE dropout, sampling of a Unigram model) is for training.
    """
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = tokenizer.model
    sampling = [f"{name} {value:g}" for name in _SAMPLING if (value := getattr(model, name, None))]
    for name in _SAMPLING:
        if getattr(model, name, None) is not None:
            setattr(model, name, None)
    return sampling


def _from_file(folder: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the package has no class of its own for what it meets
        raise InputError(
            f"{folder}: no tokenizer that can be loaded ({TOKENIZER}: {reason(error)})"
        ) from error


def _from_library(folder: Path) -> Tokenizer:
    names = [name for name in tokenizer_files(folder) if name not in TOKENIZER_SETTINGS]
    start = f"{folder}: no {TOKENIZER}, and no tokenizer that can be loaded from {', '.join(names)}"
    try:
        made = _made_by_library(folder)
    except Exception as error:  # whatever the library meets in a folder
        # It tries other ways, and says what the last of them lacks.
        spelled = any(name.endswith(".model") for name in names)
        lacking = _lacking_for_sentencepiece() if spelled else []
        if lacking:
            raise InputError(f"{start}: pip install {' '.join(lacking)}, or {_REMEDY}") from error
        raise InputError(f"{start} ({reason(error)}); {_REMEDY}") from error
    if not made.is_fast:
        raise InputError(f"{start} (the library's {type(made).__name__} is a slow one); {_REMEDY}")
    return made.backend_tokenizer


_REMEDY = f"give it the {TOKENIZER} of a model with the same vocabulary"


def _lacking_for_sentencepiece() -> list[str]:
    """Return which packages are not installed that the library reads SentencePiece models with."""
    lacking = []
    for name in ("sentencepiece", "protobuf"):
        try:
            version(name)
        except PackageNotFoundError:
            lacking.append(name)
    return lacking


def _made_by_library(folder: Path) -> Any:
    """Return what the library makes of a folder, without running code of its own."""
    from workflow_scripts.models.from_transformers import AutoTokenizer
    from workflow_scripts.models.from_transformers import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    return AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False, use_fast=True
    )


def _settings(folder: Path, name: str = "tokenizer_config.json") -> dict[str, Any]:
    """Return one of the files that say how to make or to use a tokenizer; {} without it."""
    return read_json(folder / name) if (folder / name).is_file() else {}


def _special(tokenizer: Tokenizer) -> set[str]:
    return {token.content for token in tokenizer.get_added_tokens_decoder().values()}


def _warn_of_lower_case(folder: Path, tokenizer: Tokenizer) -> None:
    """Log a warning where a cased vocabulary is read lower-cased, as nobody asked for.

    That is the library's choice for a `vocab.txt` alone.
    """
    if "do_lower_case" in _settings(folder):
        return
    special = _special(tokenizer)
    cased = [
        token
        for token in sorted(tokenizer.get_vocab(), key=len, reverse=True)
        if token.isalpha() and token != token.lower() and token not in special
    ]
    encoded = tokenizer.encode_batch(cased, add_special_tokens=False)
    for token, read in zip(cased, encoded, strict=True):
        letters = "".join(token for token in read.tokens if token not in special)
        if letters == letters.lower():
            log.warning(
                "%s: %r, a word of its vocabulary, is read as %s: where the model was trained on "
                "cased text, write do_lower_case: false into its tokenizer_config.json",
                folder,
                token,
                " ".join(read.tokens),
            )
            return
