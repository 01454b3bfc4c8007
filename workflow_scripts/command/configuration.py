"""One configuration on the command line: a model, a treebank, an attribute and a layer.

Its statistics file names it. The commands that learn from labelled words share these options and
what they open.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.kernels.control_labels import control_labels
from workflow_scripts.kernels.words import (
    SPLITS,
    Configuration,
    NothingToRankError,
    UnfitValueError,
)


def add_statistics_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where a configuration's statistics are."""
    parser.add_argument(
        "--statistics", type=Path, required=True, help="class statistics of the configuration"
    )


def add_word_options(
    parser: argparse.ArgumentParser,
    splits: tuple[str, ...] = SPLITS,
    needed_by: str | None = None,
) -> None:
    """Add the options that say where labelled words are; with `needed_by`, they may be empty."""
    given: dict[str, Any] = {"type": Path} | ({"nargs": "?"} if needed_by else {"required": True})
    who = f", for {needed_by}" if needed_by else ""
    for split in splits:
        parser.add_argument(f"--words-{split}", **given, help=f"words file{who}")
        parser.add_argument(f"--activations-{split}", **given, help=f"activation file{who}")


def add_control_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for a control task."""
    parser.add_argument(
        "--control",
        nargs="?",
        choices=("uniform", "empirical"),
        help="also the control task: labels as likely as each other, or as in training",
    )


def control_of(options: argparse.Namespace, y: np.ndarray, n_values: int) -> Callable[[str], int]:
    """Return the control task as a function of a form; `y` (n,) are the training labels."""
    if options.seed is None:
        raise InputError("--seed: control labels are drawn by it")
    counts = np.bincount(y, minlength=n_values).tolist()
    return control_labels(options.control, options.seed, counts)


@contextmanager
def named_in_errors(of: Configuration, control: bool = False) -> Iterator[None]:
    """Say in the message of an InputError which configuration it is about, and which value.

    With `control` the labels are those of the control task, which have numbers alone.
    """
    try:
        yield
    except NothingToRankError:
        raise  # it is no reason to leave the configuration out
    except InputError as error:
        what = str(error)
        if isinstance(error, UnfitValueError):
            label = f"control label {error.index}" if control else repr(of.values[error.index])
            what = f"{label} {error.what}"
        raise InputError(
            f"{of}: {what}; leave it out with skip: in the configuration, or choose another "
            "min_types"
        ) from error


def stream(of: Configuration, seed: int) -> Callable[..., np.random.Generator]:
    """Return the configuration's source of random streams."""
    return partial(generator, seed, of.model, of.treebank, of.attribute, of.layer)


def labelled(options: argparse.Namespace, split: str, of: Configuration) -> LabelledActivations:
    """Open the labelled words of a split."""
    return LabelledActivations(
        getattr(options, f"activations_{split}"),
        getattr(options, f"words_{split}"),
        of.attribute,
        of.values,
    )
