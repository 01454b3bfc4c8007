"""The statistics files: class counts, means and scatters of one configuration, as safetensors."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from workflow_scripts.files.artifact import ArtifactError, whole_file
from workflow_scripts.kernels.class_statistics import ClassStatistics


def write_statistics(path: Path, statistics: ClassStatistics) -> None:
    """Write class statistics."""
    with whole_file(path) as part:
        save_file(
            {
                "counts": statistics.counts,
                "means": statistics.means,
                "scatters": statistics.scatters,
            },
            part,
        )


def read_statistics(path: Path, scatters: bool = True) -> ClassStatistics:
    """Read class statistics; without `scatters` those are empty, (Z, 0, 0).

    Raises ArtifactError, naming the file, where it is not whole.
    """
    if not Path(path).exists():
        raise ArtifactError(f"{path}: is not there; run the stage that makes it")
    try:
        with safe_open(path, "np") as file:
            means = file.get_tensor("means")
            empty = np.empty((len(means), 0, 0))
            return ClassStatistics(
                counts=file.get_tensor("counts"),
                means=means,
                scatters=file.get_tensor("scatters") if scatters else empty,
            )
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error
