"""The machine: its name, and the rates at which it multiplies matrices and moves memory."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import torch

THREADS = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Machine:
    """What the processor does with all its cores."""

    name: str
    float32: float
    """Multiply-add rate of a large float32 matrix product, in FLOP/s."""
    float64: float
    """The same in float64."""
    bfloat16: float
    """The same in bfloat16; where the processor has no instructions for it, that of float32."""
    bandwidth: float
    """Bytes/s read and written, together, by a pass over an array too large for the caches."""


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median time of a call, after one that does not count."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return f"{model or platform.machine()}, {THREADS} cores"


@cache
def machine() -> Machine:
    """Measure this machine, once a process."""
    torch.set_num_threads(THREADS)
    n, d, m = 2048, 768, 3072

    def rate(kind: torch.dtype) -> float:
        a, b = torch.randn(n, d).to(kind), torch.randn(d, m).to(kind)
        out = torch.empty(n, m, dtype=kind)
        return 2 * n * d * m / seconds(lambda: torch.mm(a, b, out=out))

    array = torch.zeros(1 << 25)  # 128 MiB
    bandwidth = 2 * array.nbytes / seconds(lambda: array.mul_(1.0001))
    float32 = rate(torch.float32)
    has_bfloat16 = torch.cpu._is_avx512_bf16_supported()
    return Machine(
        name=_name(),
        float32=float32,
        float64=rate(torch.float64),
        bfloat16=rate(torch.bfloat16) if has_bfloat16 else float32,
        bandwidth=bandwidth,
    )


def describe() -> str:
    """Return the machine and its rates, for a line above a table."""
    here = machine()
    return (
        f"{here.name}; matrix products {here.float32 / 1e9:.0f} GFLOP/s in float32, "
        f"{here.float64 / 1e9:.0f} in float64, {here.bfloat16 / 1e9:.0f} in bfloat16; "
        f"memory {here.bandwidth / 1e9:.0f} GB/s; "
        f"torch {torch.__version__}, numpy {np.__version__}"
    )
