"""Collect rankings: the first neurons of one model and treebank, all configurations in one file."""

import argparse
from pathlib import Path

import polars as pl

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.tables import collection

FIRST = 100
"""How many neurons of a ranking are kept."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "ranking": pl.String,
    "n_neurons": pl.Int32,
    "position": pl.Int32,
    "neuron": pl.Int32,
}


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    collection.add_options(parser)
    parser.add_argument("--collected", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    parts = [pl.DataFrame(schema=SCHEMA)]
    for of, ranking, names in collection.names_of(options):
        neurons = read_frame(options.folder / of.path / f"{ranking}.parquet").sort("position")
        names = names | {"ranking": ranking, "n_neurons": len(neurons)}
        parts.append(collection.named(neurons.head(FIRST), **names))
    rows = pl.concat(part.select(list(SCHEMA)) for part in parts)
    write_parquet(options.collected, rows.to_arrow(), made_by("collect_rankings", options.made_by))


if __name__ == "__main__":
    run(arguments(), main)
