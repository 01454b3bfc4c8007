"""One configuration on the command line: a model, a treebank, an attribute and a layer.

The commands that learn from labelled words share these options and what they open.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from workflow_scripts.command.seeds import generator
from workflow_scripts.errors import InputError
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.statistics import read_values
from workflow_scripts.kernels.words import SPLITS


def add_name_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a configuration, and the study's seed."""
    parser.add_argument("--model", required=True, help="its name in the configuration")
    parser.add_argument("--treebank", required=True, help="its name in the configuration")
    parser.add_argument("--attribute", required=True, help="its name in the schema")
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)


def add_word_options(
    parser: argparse.ArgumentParser, splits: tuple[str, ...] = SPLITS, where: str = ""
) -> None:
    """Add the options that say where labelled words are; with `where`, they may have no value."""
    given = {"type": Path} | ({"nargs": "?"} if where else {"required": True})
    for split in splits:
        parser.add_argument(f"--words-{split}", **given, help=f"words file{where}")
        parser.add_argument(f"--activations-{split}", **given, help=f"activation file{where}")


@contextmanager
def named_in_errors(options: argparse.Namespace) -> Iterator[None]:
    """Say in the message of an InputError which configuration it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{options.model}, {options.treebank}, {options.attribute}, layer {options.layer}: "
            f"{error}; leave it out with skip: in the configuration, or choose another min_types"
        ) from error


def stream(options: argparse.Namespace) -> Callable[..., np.random.Generator]:
    """Return the configuration's source of random streams."""
    return partial(
        generator,
        options.seed,
        options.model,
        options.treebank,
        options.attribute,
        options.layer,
    )


def values_of(options: argparse.Namespace) -> list[str]:
    """Return the attribute's kept values, sorted, as its statistics name them."""
    return read_values(options.statistics, options.attribute)


def labelled(options: argparse.Namespace, split: str) -> LabelledActivations:
    """Open the labelled words of a split."""
    return LabelledActivations(
        getattr(options, f"activations_{split}"),
        getattr(options, f"words_{split}"),
        options.attribute,
        values_of(options),
    )
