"""Threads: how many a job may use, for every library that would otherwise take all cores."""

import os
import sys


def use_threads(n: int) -> None:
    """Let torch, if it is loaded, and numba use `n` threads."""
    os.environ["NUMBA_NUM_THREADS"] = str(n)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(n)
