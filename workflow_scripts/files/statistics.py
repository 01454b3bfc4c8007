"""The statistics files: class counts, means and scatters of one configuration, as safetensors.

A file names its configuration and its classes, the attribute's kept values, and has the
statistics of words by value and, where there is a control task, by control label. The configuration
and each tensor have a checksum in the metadata, which is compared when they are read.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from workflow_scripts.files.artifact import ArtifactError, check_readable, whole_file
from workflow_scripts.files.origin import stamp
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import Configuration

TENSORS = ("counts", "means", "scatters")


def write_statistics(
    path: Path,
    of: Configuration,
    statistics: dict[str, ClassStatistics],
    job: dict[str, Any] | None = None,
) -> None:
    """Write the statistics of a configuration: of `"values"` and, if any, `"control"`."""
    tensors = {
        f"{labels}.{name}": getattr(found, name)
        for labels, found in statistics.items()
        for name in TENSORS
    }
    configuration = json.dumps(asdict(of))
    checksums = {name: _checksum(tensor) for name, tensor in tensors.items()}
    checksums["configuration"] = _checksum(np.frombuffer(configuration.encode(), np.uint8))
    about = {"stamp": stamp(job or {}), "configuration": configuration, "checksums": checksums}
    with whole_file(path) as part:
        # One entry: several would lie in an order that changes from run to run.
        save_file(tensors, part, {"statistics": json.dumps(about)})


def read_configuration(path: Path) -> Configuration:
    """Return what a statistics file is of. Raises ArtifactError where it is not whole."""
    with _opened(path) as file:
        about = _about(file)
        text = about["configuration"]
        _compare(path, about, "configuration", np.frombuffer(text.encode(), np.uint8))
        found = json.loads(text)
        return Configuration(**found | {"values": tuple(found["values"])})


def read_width(path: Path) -> int:
    """Return d, over how many neurons the statistics are."""
    with _opened(path) as file:
        return file.get_slice("values.means").get_shape()[1]


def read_statistics(path: Path, labels: str = "values", scatters: bool = True) -> ClassStatistics:
    """Read the class statistics by value, or by control label.

    Without `scatters` those are empty, (Z, 0, 0). Raises ArtifactError, naming the file, where it
    is not whole, or was made without a control task and is asked for its statistics.
    """
    names = [name for name in TENSORS if scatters or name != "scatters"]
    with _opened(path) as file:
        about = _about(file)
        if f"{labels}.counts" not in about["checksums"]:
            raise ArtifactError(f"{path}: has no statistics by {labels}: made without --control")
        found = {name: file.get_tensor(f"{labels}.{name}") for name in names}
    for name, tensor in found.items():
        _compare(path, about, f"{labels}.{name}", tensor)
    return ClassStatistics(**({"scatters": np.empty((len(found["means"]), 0, 0))} | found))


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    check_readable(path)
    try:
        with safe_open(path, "np") as file:
            yield file
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error


def _about(file: safe_open) -> dict:
    return json.loads((file.metadata() or {})["statistics"])


def _compare(path: Path, about: dict, name: str, found: np.ndarray) -> None:
    if about["checksums"].get(name) != _checksum(found):
        raise ArtifactError(
            f"{path}: damaged (the checksum of {name} is another); delete it and run again"
        )


def _checksum(tensor: np.ndarray) -> str:
    digest = hashlib.blake2b(repr((tensor.dtype.str, tensor.shape)).encode(), digest_size=12)
    digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()
