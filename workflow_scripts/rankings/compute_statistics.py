"""Compute class statistics: labelled training words -> `statistics/.../layer-{l}.safetensors`.

One pass in bounded memory gives the counts, means and scatters that Probeless, the Gaussian
ranker and probe, and translation are made of: of the words by value and, with `--control`, by
control label.
"""

import argparse
from pathlib import Path

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.statistics import write_statistics
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.class_statistics import RunningClassStatistics
from workflow_scripts.kernels.words import Configuration, UnfitValueError


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", required=True, help="its name in the configuration")
    parser.add_argument("--treebank", required=True, help="its name in the configuration")
    parser.add_argument("--attribute", required=True, help="its name in the schema")
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--seed", type=int, nargs="?", help="of the control labels")
    configuration.add_word_options(parser, splits=("train",))
    parser.add_argument("--attributes", type=Path, required=True, help="attributes.csv")
    configuration.add_control_option(parser)
    parser.add_argument("--statistics", type=Path, required=True, help="safetensors to write")
    return parser


def main(options: argparse.Namespace) -> None:
    values = values_of(options.attributes, options.attribute)
    names = (options.model, options.treebank, options.attribute, options.layer)
    of = Configuration(*names, tuple(values))
    words = configuration.labelled(options, "train", of)
    with configuration.named_in_errors(of):
        check_every_value(words.y, len(values))
    labels = {"values": words.y}
    if options.control:
        control_label = configuration.control_of(options, words.y, len(values))
        labels["control"] = np.array(list(map(control_label, words.forms)), np.int32)
    running = {name: RunningClassStatistics(len(values), words.n_neurons) for name in labels}
    start = 0
    for x in words.batches():
        for name, y in labels.items():
            running[name].add(x, y[start : start + len(x)])
        start += len(x)
    found = {name: running.pop(name).read() for name in labels}  # one copy at a time
    write_statistics(options.statistics, of, found, options.made_by)


def check_every_value(y: np.ndarray, n_values: int) -> None:
    """Raise UnfitValueError where a value is in none of the labels `y` (n,) of words with a vector.

    Its mean would be the zero vector, from which rankers and interventions would measure.
    """
    for value in np.flatnonzero(np.bincount(y, minlength=n_values) == 0).tolist():
        raise UnfitValueError(
            value,
            "has no training word that the model gives a vector: their sentences are too long for "
            "it (is there a blank line after each?), or they have no subtoken",
        )


def values_of(attributes: Path, attribute: str) -> list[str]:
    """Return an attribute's kept values, sorted.

    Raises InputError where the treebank has not enough of the attribute.
    """
    kept = kept_values(attributes)
    if attribute not in kept:
        raise InputError(
            f"{attributes}: keeps no values of {attribute!r}; "
            f"it has {', '.join(map(repr, kept)) or 'no attribute'}"
        )
    return kept[attribute]


if __name__ == "__main__":
    run(arguments(), main)
