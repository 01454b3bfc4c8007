"""Commands, run in the process of a test or of a benchmark. Imports none of them."""

import argparse
from types import ModuleType


def call(command: ModuleType, **options) -> argparse.Namespace:
    """Run a command in this process, as its command line would; a list is several arguments."""
    argv = []
    for name, value in options.items():
        values = value if isinstance(value, list | tuple) else [value]
        argv += [f"--{name.replace('_', '-')}", *map(str, values)]
    parsed = command.arguments().parse_args(argv)
    command.main(parsed)
    return parsed
