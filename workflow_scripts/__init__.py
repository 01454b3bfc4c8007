"""The Python of the workflow: one command a rule, and the rooms that the commands call.

A job computes on one core unless its command says otherwise, whatever machine it runs on: sums
then have one order, and a study's tables are the same bytes with `--cores 1` and with 64.
"""

import gc
import os
import sys

if sys.argv[0] == "-m":
    # A command, whose module `python -m` is still looking for. Collecting garbage while it imports
    # PyTorch and transformers takes a fifth of that time and finds none; `run` turns it on again.
    gc.disable()
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
# Polars orders rows itself where order matters; Arrow and tokenizers need no pool of their own.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Hubs are for the download rules, which lift this.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
