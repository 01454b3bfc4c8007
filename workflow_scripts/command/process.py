"""The process of a command: what must be said before the libraries are imported.

A job computes on one core unless its command says otherwise, whatever machine it runs on: sums then
have one order, and a study's tables are the same bytes with `--cores 1` and with 64. Only commands
are settled so (`python -m workflow_scripts...`): a notebook that imports the project keeps its own.
"""

import gc
import os

ONE_CORE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def settle() -> None:
    """Set garbage collector, threads and hub of a command's process."""
    # Collecting garbage while a command imports PyTorch and transformers takes a fifth of that time
    # and finds none; `line.run` turns it on again.
    gc.disable()
    for variable in ONE_CORE:
        os.environ.setdefault(variable, "1")
    # Polars orders rows itself where order matters; Arrow and tokenizers need no pool of their own.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Hubs are for the download rules, which lift this.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
