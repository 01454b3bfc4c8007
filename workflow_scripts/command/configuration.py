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
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS


def add_name_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a configuration, and the study's seed."""
    parser.add_argument("--model", required=True, help="its name in the configuration")
    parser.add_argument("--treebank", required=True, help="its name in the configuration")
    parser.add_argument("--attribute", required=True, help="its name in the schema")
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)


def add_word_options(parser: argparse.ArgumentParser, splits: tuple[str, ...] = SPLITS) -> None:
    """Add the options that say where labelled words are."""
    for split in splits:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
        parser.add_argument(
            f"--activations-{split}", type=Path, required=True, help="activation file"
        )
    parser.add_argument("--attributes", type=Path, required=True, help="attributes.csv")


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


def labelled(options: argparse.Namespace, split: str) -> LabelledActivations:
    """Open the labelled words of a split."""
    return LabelledActivations(
        getattr(options, f"activations_{split}"),
        getattr(options, f"words_{split}"),
        options.attribute,
        values_of(options),
    )


def values_of(options: argparse.Namespace) -> list[str]:
    """Return the attribute's kept values, sorted.

    Raises InputError where the treebank has not enough of the attribute.
    """
    kept = kept_values(options.attributes)
    if options.attribute not in kept:
        raise InputError(
            f"{options.attributes}: keeps no values of {options.attribute!r}; "
            f"it has {', '.join(map(repr, kept)) or 'no attribute'}"
        )
    return kept[options.attribute]
