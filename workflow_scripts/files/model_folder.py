"""A model's folder, looked at before a library opens it: what is read of it, and what is not.

`transformers` reads whatever weights `config.json` and the index name, pickles too, and code of the
folder where it may. Here only safetensors are let through, and every refusal is one line. Imports
nothing large: planning looks at folders too.
"""

import json
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

from workflow_scripts import InputError

CONFIGURATION = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_SETTINGS = frozenset({"special_tokens_map.json", "tokenizer_config.json"})
VOCABULARIES = frozenset(
    {
        "added_tokens.json",
        "bpe.codes",
        "merges.txt",
        "sentencepiece.bpe.model",
        "spiece.model",
        "spm.model",
        "tokenizer.model",
        "vocab.json",
        "vocab.txt",
    }
)
"""What a tokenizer is made of where there is no `tokenizer.json`."""
_NOT_READ = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".h5", ".msgpack")
_TEXT = (".json", ".txt", ".codes")
_POINTER = b"version https://git-lfs.github.com/"
"""How a file starts that stands for a large one, which Git LFS has not fetched."""


def files_read(folder: Path) -> list[Path]:
    """Return the files of a folder that are read, in order of name: on no other does a result hang.

    Configuration, weights (the safetensors that the library chooses) and tokenizer, as far as they
    are there; links are followed, and one that leads nowhere is none.
    """
    folder = Path(folder)
    names = {CONFIGURATION, *_weights(folder), *tokenizer_files(folder)}
    return [folder / name for name in sorted(names) if (folder / name).is_file()]


def tokenizer_files(folder: Path) -> list[str]:
    """Return the names of the files that a folder's tokenizer is made of, in order."""
    # Beside a tokenizer.json, which is the tokenizer as it is, no vocabulary counts.
    one = (folder / TOKENIZER).is_file()
    names = TOKENIZER_SETTINGS | ({TOKENIZER} if one else VOCABULARIES)
    return sorted(name for name in names if (folder / name).is_file())


def require_tokenizer_files(folder: Path) -> list[str]:
    """Return the names of a tokenizer's files; raise InputError where no vocabulary is there."""
    files = tokenizer_files(folder)
    if set(files) <= TOKENIZER_SETTINGS:
        raise InputError(f"{folder}: no tokenizer with a vocabulary ({TOKENIZER})")
    return files


def _weights(folder: Path) -> list[str]:
    """Return the names of a folder's weights and of the index that names them, if any."""
    try:
        name = _named_weights(folder, read_json(folder / CONFIGURATION))
        if not str(name).endswith(".index.json"):
            return [name] if _inside(name) else []
        return [name, *filter(_inside, _shards(folder, name))] if _inside(name) else []
    except InputError:  # said by check_weights, in the job that needs them
        return [WEIGHTS, INDEX]


def check_weights(folder: Path) -> None:
    """Raise InputError, naming the file, unless all weights of a folder are safetensors in it.

    And the whole, plain weights of a masked language model: no adapter, which the library would
    load or leave out by what is installed, no quantized ones, no decoder.
    """
    folder = Path(folder)
    config = read_json(folder / CONFIGURATION)
    if (folder / "adapter_config.json").exists():
        raise InputError(
            f"{folder}: adapter_config.json: an adapter of another model; merge the two "
            "(merge_and_unload of peft) and give the folder of the whole model"
        )
    name = _named_weights(folder, config)
    if name is None:
        others = sorted(path.name for path in folder.iterdir() if path.suffix in _NOT_READ)
        raise InputError(
            f"{folder}: no safetensors weights ({WEIGHTS})"
            + (f", only {', '.join(others)}, which is not read" if others else "")
        )
    if not str(name).endswith(".safetensors.index.json"):
        _check_file(folder, name, CONFIGURATION)
    else:
        for file in _shards(folder, name):
            _check_file(folder, file, name)
    _check_configuration(folder, config)


def _named_weights(folder: Path, config: dict[str, Any]) -> Any:
    """Return which file has the weights, or names those that do; None where there is none."""
    name = config.get("transformers_weights")  # a configuration may name its weights
    if name is None:
        name = next((name for name in (WEIGHTS, INDEX) if (folder / name).is_file()), None)
    return name


def _shards(folder: Path, index: str) -> list[str]:
    files = read_json(folder / index).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise InputError(f"{folder / index}: has no weight_map that says where the weights are")
    return list(dict.fromkeys(map(str, files.values())))


def _inside(name: Any) -> bool:
    """Whether a name is that of a safetensors file, or of an index of such, in the folder itself.

    By name alone: in the library's own cache a folder's files are links to elsewhere.
    """
    path = Path(str(name))
    outside = path.is_absolute() or ".." in path.parts
    return not outside and path.name.endswith((".safetensors", ".safetensors.index.json"))


def _check_file(folder: Path, name: Any, named_by: str) -> None:
    file = folder / str(name)
    if not _inside(name) or not file.name.endswith(".safetensors"):
        raise InputError(
            f"{folder / named_by}: names {name!r} for weights; only safetensors files of the "
            "folder are read"
        )
    if not file.is_file():
        raise InputError(f"{file}: is missing; {named_by} names it")
    require_content(file)
    _require_whole(file)


def _require_whole(file: Path) -> None:
    """Raise InputError where a safetensors file is not as long as its header says, or is none.

    The header: its length (8 bytes, little-endian), then JSON with where each tensor ends.
    """
    size = file.stat().st_size
    try:
        length, header = _header(file)
        ends = [part["data_offsets"][1] for name, part in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise InputError(f"{file}: is no safetensors file; download it again") from None
    if size != whole:
        raise InputError(f"{file}: has {size} bytes of {whole}; download it again")


def _header(file: Path) -> tuple[int, dict[str, Any]]:
    with file.open("rb") as content:
        length = int.from_bytes(content.read(8), "little")
        if length > file.stat().st_size:
            raise ValueError("a header longer than the file")
        return length, json.loads(content.read(length))


def _check_configuration(folder: Path, config: dict[str, Any]) -> None:
    """Raise InputError, naming the key, where it asks for what no masked LM computes."""
    file = folder / CONFIGURATION
    for key in ("is_decoder", "add_cross_attention"):
        if config.get(key):
            raise InputError(
                f"{file}: {key}: true: a decoder reads nothing to the right of a word; a masked "
                "language model has false"
            )
    if config.get("quantization_config"):
        raise InputError(
            f"{file}: quantization_config: quantized weights are not read; give a model in "
            "float32, float16 or bfloat16"
        )
    # More layers than weights: refused before they are built. Those of ALBERT share theirs.
    names = weight_names(folder)
    layers = ["num_hidden_groups"] if "num_hidden_groups" in config else ["num_hidden_layers"]
    for key in (*layers, "n_layers"):
        value = config.get(key)
        if names and isinstance(value, int) and value > len(names):
            raise InputError(
                f"{file}: {key}: {value}, but there are {len(names)} weights; they are not of the "
                "same model"
            )


def weight_names(folder: Path) -> set[str]:
    """Return the names of a folder's weights, none where they cannot be told.

    From the index, or from the header of the one file.
    """
    try:
        name = _named_weights(folder, read_json(folder / CONFIGURATION))
        if not _inside(name):
            return set()
        if name.endswith(".index.json"):
            return set(read_json(folder / name).get("weight_map") or ())
        return set(_header(folder / name)[1]) - {"__metadata__"}
    except (InputError, OSError, ValueError, TypeError, RecursionError):
        return set()  # what is wrong with them, the library says


def require_content(path: Path) -> None:
    """Raise InputError, naming the file, where it is a pointer to what Git LFS has not fetched.

    Or a text with a byte order mark: a vocabulary would begin with another token.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_POINTER))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if beginning == _POINTER:
        raise InputError(
            f"{path}: a Git LFS pointer and not the file; in its repository run: git lfs pull"
        )
    if path.suffix in _TEXT and beginning.startswith(BOM_UTF8):
        raise InputError(
            f"{path}: begins with a byte order mark, which is no part of it; save it as UTF-8 "
            "without (sed -i '1s/^\\xef\\xbb\\xbf//' takes it off)"
        )
    if path.suffix == ".json" and not beginning.lstrip().startswith((b"{", b"[")):
        raise InputError(f"{path}: is not JSON; download it again")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; raise InputError, naming the file, where it is none."""
    try:
        require_content(path)
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: is not JSON ({reason(error)})") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: is not a JSON object")
    return found


OWN_CODE = "it needs code of its own, auto_map in its configuration, and no such code is run"


def reason(error: Exception) -> str:
    """Return in one line why a library did not open a folder."""
    text = " ".join(str(error).split())
    if "trust_remote_code" in text:
        return OWN_CODE
    text = text.partition(" Model type should be one of ")[0]  # the names of all its classes
    return text if " " in text else f"{type(error).__name__} {text}".strip()
