"""The device: whether one that a study names is surely not on this machine.

Found without importing PyTorch, which takes seconds: by how it was built and what the driver says.
Where neither is sure, nothing is said, and the job that runs there finds out.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_COUNT = """
import ctypes
try:
    driver = ctypes.CDLL("libcuda.so.1")
except OSError:
    print(0)
else:
    count = ctypes.c_int()
    error = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    print({0: count.value, 100: 0}.get(error, ""))  # 100: no device
"""
AMD = Path("/dev/kfd")
"""There with a GPU of AMD, whose PyTorch calls it cuda too."""


def why_not_here(device: str, same_python: bool) -> str | None:
    """Return why a device (`cpu`, `auto`, `cuda`, `cuda:1`) is surely not here, in a few words.

    None where it is here, or may be. With `same_python`, jobs run with the Python that asks.
    """
    if not device.startswith("cuda"):
        return None
    if same_python and _version_of_torch().endswith("+cpu"):
        return "PyTorch here is the one for CPUs alone"
    if AMD.exists():
        return None
    there = _gpus_of_driver()
    if there is None or int(device.partition(":")[2] or 0) < there:
        return None
    return f"{there or 'no'} GPU is available here"


def _version_of_torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def _gpus_of_driver() -> int | None:
    """Return how many GPUs NVIDIA's driver counts; None where it cannot be asked.

    Asked in a process of its own, since a driver once started outlives its use.
    """
    if sys.platform == "win32":
        return None
    try:
        done = subprocess.run(
            [sys.executable, "-c", _COUNT], capture_output=True, text=True, timeout=60, check=True
        )
        return int(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
