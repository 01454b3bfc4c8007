"""Describe each neuron of one configuration alone -> `neurons/.../layer-{l}/*.parquet`.

Whatever rankings say: a new one describes nothing anew. Each file says its configuration in its
first columns, and has a row

* a neuron (`neurons.parquet`): `information` on the value in bits, and `cohens_d`;
* a neuron and value (`values.parquet`): its training words, `mean`, `sd`, and how many of the words
  lie in each bin, `bin_1` ..., between `low` and `high` (`kernels/single_neurons.py`);
* a neuron and word (`words.parquet`) of the test words in which it is `lowest` and `highest`, with
  form, value and activation; one of a form.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.files.rankings import named, names_of
from workflow_scripts.files.statistics import read_configuration, read_statistics
from workflow_scripts.kernels import single_neurons
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.information import information_of_neurons
from workflow_scripts.kernels.words import Configuration

HELD = 1 << 27
"""How many bytes of activations are in memory at a time: so many neurons of all words."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    configuration.add_word_options(parser, ("train", "test"))
    configuration.add_statistics_option(parser)
    for name in ("neurons", "values", "words"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    of = read_configuration(options.statistics)
    statistics = read_statistics(options.statistics)
    train, test = (configuration.labelled(options, split, of) for split in ("train", "test"))
    metadata = made_by("describe_neurons", options.made_by)

    def write(path: Path, rows: pa.Table) -> None:
        write_parquet(path, named(names_of(of), rows), metadata)

    information, ends, counts = spread_of(train, len(of.values))
    d = pa.array(single_neurons.cohens_d(statistics))
    neurons = pa.array(range(train.n_neurons), pa.int32())
    write(
        options.neurons,
        pa.table({"neuron": neurons, "information": pa.array(information), "cohens_d": d}),
    )
    write(options.values, by_value(of, statistics, ends, counts))
    write(options.words, extremes(of, test))


def blocks(words: LabelledActivations) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield numbers (K,) of neurons and their activations (n, K), no more than HELD at a time.

    The file is read once for each block: once for all but large treebanks.
    """
    size = max(1, HELD // (4 * max(1, len(words.y))))
    for start in range(0, words.n_neurons, size):
        neurons = np.arange(start, min(start + size, words.n_neurons))
        yield neurons, words.load(neurons).x


def spread_of(
    train: LabelledActivations, n_values: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return information (d,), ends (d, 2) and counts (d, Z, BINS) of all neurons."""
    parts = []
    for _, x in blocks(train):
        information = information_of_neurons(x, train.y, n_values)
        parts.append((information, *single_neurons.histograms(x, train.y, n_values)))
    information, ends, counts = map(np.concatenate, zip(*parts, strict=True))
    return information, ends, counts


def by_value(
    of: Configuration, statistics: ClassStatistics, ends: np.ndarray, counts: np.ndarray
) -> pa.Table:
    """Return a row for each neuron and value."""
    d, n_values, _ = counts.shape
    sd = single_neurons.deviations(statistics).T.ravel()
    columns = {
        "neuron": pa.array(np.repeat(np.arange(d), n_values), pa.int32()),
        "value": pa.array(list(of.values) * d, pa.string()),
        "words": pa.array(np.tile(statistics.counts, d), pa.int64()),
        "mean": pa.array(statistics.means.T.ravel(), pa.float64()),
        "sd": pa.array(sd, pa.float64(), mask=np.isnan(sd)),
        "low": pa.array(np.repeat(ends[:, 0], n_values), pa.float64()),
        "high": pa.array(np.repeat(ends[:, 1], n_values), pa.float64()),
    }
    bins = counts.reshape(d * n_values, -1).T
    named_bins = zip(BIN_COLUMNS, bins, strict=True)
    return pa.table(columns | {name: pa.array(one, pa.int32()) for name, one in named_bins})


def extremes(of: Configuration, test: LabelledActivations) -> pa.Table:
    """Return a row for each neuron and word of its two ends."""
    _, forms = np.unique(np.array(test.forms, str), return_inverse=True)
    found, rows = [], []
    for neurons, x in blocks(test):
        for neuron, h in zip(neurons.tolist(), np.ascontiguousarray(x.T), strict=True):
            for end, signed in (("highest", -h), ("lowest", h)):
                words = single_neurons.lowest(signed, forms)
                found += [(neuron, end, i) for i in range(1, len(words) + 1)]
                rows.append((words, h[words]))
    word = np.concatenate([np.empty(0, np.int64), *(words for words, _ in rows)])
    activation = np.concatenate([np.empty(0, np.float32), *(h for _, h in rows)])
    neuron, end, place = zip(*found, strict=True) if found else ((), (), ())
    form_of, value_of = test.forms, of.values
    return pa.table(
        {
            "neuron": pa.array(neuron, pa.int32()),
            "end": pa.array(end, pa.string()),
            "place": pa.array(place, pa.int32()),
            "sentence": pa.array(test.sentences[word], pa.int32()),
            "word": pa.array(test.numbers[word], pa.int32()),
            "form": pa.array([form_of[i] for i in word.tolist()], pa.string()),
            "value": pa.array([value_of[i] for i in test.y[word].tolist()], pa.string()),
            "activation": pa.array(activation, pa.float32()),
        }
    )


if __name__ == "__main__":
    run(arguments(), main)
