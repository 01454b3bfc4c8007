"""Threads: how many a job works with. The rule says it, so that results do not vary with cores."""

import argparse
import sys


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how many threads a command works with."""
    parser.add_argument("--threads", type=int, default=1, help="as many cores are used")


def use_threads(n: int) -> None:
    """Let torch, where the command has loaded it, work with `n` threads."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(n)
