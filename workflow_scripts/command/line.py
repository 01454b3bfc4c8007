"""The command line that every command shares: a log on standard error, and one clear error.

A command module has `arguments()` and `main(options)`, and ends with `run(arguments(), main)`.
"""

import argparse
import gc
import json
import logging
import os
import re
import sys
from collections.abc import Callable

from workflow_scripts import InputError
from workflow_scripts.command import process


def add_made_by(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what made the Parquet files of a command, for their metadata."""
    parser.add_argument(
        "--made-by", type=json.loads, default={}, help="JSON: code, settings and inputs of the job"
    )


def run(parser: argparse.ArgumentParser, main: Callable[[argparse.Namespace], None]) -> None:
    """Parse the command line and run `main`; bad input ends in one line on standard error.

    InputError and OSError carry messages for the person at the terminal, and so does memory that
    ran out. Anything else is a defect and shows its trace; so does everything where
    NEURON_PITFALLS_DEBUG is set.
    """
    gc.freeze()  # what was imported stays: not to be looked through again, least of all at the end
    gc.enable()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    options = parser.parse_args()
    process.keep_pandas_out()
    try:
        main(options)
    except (InputError, OSError, MemoryError, RuntimeError) as error:
        needed = _out_of_memory(error)
        if os.environ.get("NEURON_PITFALLS_DEBUG") or (
            isinstance(error, RuntimeError) and not needed
        ):
            raise
        print(f"error: {parser.prog}: {needed}" if needed else f"error: {error}", file=sys.stderr)
        sys.exit(1)
    process.leave()


TOO_LITTLE = (
    "run fewer jobs at once (--cores, --resources mem_mb=...), lower neurons.max, or leave the "
    "configuration out with skip"
)
"""What helps where memory runs out."""


def _out_of_memory(error: Exception) -> str:
    """Return what a job needed and what helps, or nothing where it did not run out of memory."""
    # Torch has an error of its own for a GPU alone; a CPU's comes as a RuntimeError.
    said = re.search(r"you tried to allocate \d+ bytes", str(error))
    if isinstance(error, MemoryError):
        return f"out of memory ({error or 'it does not say how much'}): {TOO_LITTLE}"
    return f"out of memory ({said[0]}): {TOO_LITTLE}" if said else ""
