"""The command line that every command shares: a log on standard error, and one clear error.

A command module has `arguments()` and `main(options)`, and ends with `run(arguments(), main)`.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable

from workflow_scripts.errors import InputError


def add_made_by(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what made the Parquet files of a command, for their metadata."""
    parser.add_argument(
        "--made-by", type=json.loads, default={}, help="JSON: code, settings and inputs of the job"
    )


def run(parser: argparse.ArgumentParser, main: Callable[[argparse.Namespace], None]) -> None:
    """Parse the command line and run `main`; bad input ends in one line on standard error.

    InputError and OSError carry messages for the person at the terminal. Anything else is a
    defect and shows its trace; so does everything where NEURON_PITFALLS_DEBUG is set.
    """
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    options = parser.parse_args()
    try:
        main(options)
    except (InputError, OSError) as error:
        if os.environ.get("NEURON_PITFALLS_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
