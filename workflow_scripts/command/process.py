"""The process of a command: what must be said before the libraries are imported.

A job computes on one core unless its command says otherwise, whatever machine it runs on: sums then
have one order, and a study's tables are the same bytes with `--cores 1` and with 64. Only commands
are settled so (`python -m workflow_scripts...`): a notebook that imports the project keeps its own.
"""

import gc
import logging
import os
import sys

is_command = False
"""Whether this process runs a command, as `settle` notes."""
ONE_CORE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def settle() -> None:
    """Set garbage collector, threads and hub of a command's process."""
    global is_command
    is_command = True
    # Collecting garbage while a command imports PyTorch and transformers takes a fifth of that time
    # and finds none; `line.run` turns it on again.
    gc.disable()
    for variable in ONE_CORE:
        os.environ.setdefault(variable, "1")
    # Polars orders rows itself where order matters; Arrow and tokenizers need no pool of their own.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Hubs are for the download rules, which lift this.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


def keep_pandas_out() -> None:
    """Let a command's Arrow think that there is no pandas, unless it is asked for one.

    It looks once, when it first converts a column, and would import it for that (0.15 s in every
    command). Who asks, by `table.to_pandas()`, has it still.
    """
    arrow = sys.modules.get("pyarrow")
    if not is_command or arrow is None or "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        arrow.array([])  # it looks
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """Finds, where Python looks for modules, that there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def leave() -> None:
    """End a command's process that ended well, without taking down what it imported.

    That takes 0.1 s where PyTorch is. All files are closed by then, and no thread is at work.
    """
    if is_command:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
