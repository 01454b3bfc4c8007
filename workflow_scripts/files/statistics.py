"""The statistics files: class counts, means and scatters of one configuration, as safetensors.

Each tensor has a checksum in the metadata, which is compared when it is read.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from workflow_scripts.files.artifact import ArtifactError, whole_file
from workflow_scripts.kernels.class_statistics import ClassStatistics

TENSORS = ("counts", "means", "scatters")


def write_statistics(path: Path, statistics: ClassStatistics) -> None:
    """Write class statistics."""
    tensors = {name: getattr(statistics, name) for name in TENSORS}
    checksums = {name: _checksum(tensor) for name, tensor in tensors.items()}
    with whole_file(path) as part:
        # One entry: several would lie in an order that changes from run to run.
        save_file(tensors, part, {"checksums": json.dumps(checksums)})


def read_statistics(path: Path, scatters: bool = True) -> ClassStatistics:
    """Read class statistics; without `scatters` those are empty, (Z, 0, 0).

    Raises ArtifactError, naming the file, where it is not whole.
    """
    if not Path(path).exists():
        raise ArtifactError(f"{path}: is not there; run the stage that makes it")
    try:
        with safe_open(path, "np") as file:
            checksums = json.loads((file.metadata() or {}).get("checksums", "{}"))
            found = {n: file.get_tensor(n) for n in TENSORS if scatters or n != "scatters"}
    except (SafetensorError, OSError, ValueError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error
    for name, tensor in found.items():
        if checksums.get(name) != _checksum(tensor):
            raise ArtifactError(
                f"{path}: damaged (the checksum of {name} is another); delete it and run again"
            )
    return ClassStatistics(**({"scatters": np.empty((len(found["means"]), 0, 0))} | found))


def _checksum(tensor: np.ndarray) -> str:
    digest = hashlib.blake2b(repr((tensor.dtype.str, tensor.shape)).encode(), digest_size=12)
    digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()
