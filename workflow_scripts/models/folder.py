"""A model's folder, looked at before a library opens it: what is read of it, and what is not.

`transformers` reads whatever weights `config.json` and the index name, pickles too, and code of the
folder where it may. Here only safetensors are let through, and every refusal is one line.
"""

import json
from pathlib import Path
from typing import Any

from workflow_scripts.errors import InputError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
_NOT_READ = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".h5", ".msgpack")


def check_weights(folder: Path) -> None:
    """Raise InputError, naming the file, unless all weights of a folder are safetensors in it."""
    folder = Path(folder)
    config = _json(folder / "config.json")
    name = config.get("transformers_weights")  # a configuration may name its weights
    if name is None:
        name = next((name for name in (WEIGHTS, INDEX) if (folder / name).is_file()), None)
    if name is None:
        others = sorted(path.name for path in folder.iterdir() if path.suffix in _NOT_READ)
        raise InputError(
            f"{folder}: no safetensors weights ({WEIGHTS})"
            + (f", only {', '.join(others)}, which is not read" if others else "")
        )
    if not str(name).endswith(".safetensors.index.json"):
        _check_file(folder, name, "config.json")
        return
    files = _json(folder / name).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise InputError(f"{folder / name}: has no weight_map that says where the weights are")
    for file in dict.fromkeys(map(str, files.values())):
        _check_file(folder, file, name)


def _check_file(folder: Path, name: Any, named_by: str) -> None:
    file = folder / str(name)
    # By name alone: in the library's own cache a folder's files are links to elsewhere.
    outside = Path(str(name)).is_absolute() or ".." in Path(str(name)).parts
    if outside or not file.name.endswith(".safetensors"):
        raise InputError(
            f"{folder / named_by}: names {name!r} for weights; only safetensors files of the "
            "folder are read"
        )
    if not file.is_file():
        raise InputError(f"{file}: is missing; {named_by} names it")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({reason(error)})") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: is not a JSON object")
    return found


def reason(error: Exception) -> str:
    """Return in one line why a library did not open a folder."""
    text = " ".join(str(error).split())
    if "trust_remote_code" in text:
        return "it needs code of its own, auto_map in its configuration, and no such code is run"
    return text if " " in text else f"{type(error).__name__} {text}".strip()
