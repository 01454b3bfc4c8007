"""Collect probes: the scores of one model and treebank, all configurations in one file."""

import argparse
from pathlib import Path

import polars as pl

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import ALL, SCORES
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.tables import collection

SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"probe": pl.String, "ranking": pl.String, "k": pl.Int32, "split": pl.String}
    | {name: pl.Int32 if name == "unseen" else pl.Float64 for name in SCORES}
)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    collection.add_options(parser)
    parser.add_argument("--probes", nargs="+", required=True, help="linear, gaussian ...")
    parser.add_argument("--whole", action="store_true", help="also the probes on all neurons")
    parser.add_argument("--collected", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    parts = [pl.DataFrame(schema=SCHEMA)]
    options.rankings += [ALL] if options.whole else []
    for of, ranking, names in collection.names_of(options):
        for probe in options.probes:
            path = options.folder / of.path / f"{probe}-by-{ranking}.parquet"
            scores = read_frame(path)
            parts.append(collection.named(scores, **names, probe=probe, ranking=ranking))
    rows = pl.concat(part.select(list(SCHEMA)) for part in parts)
    write_parquet(options.collected, rows.to_arrow(), made_by("collect_probes", options.made_by))


if __name__ == "__main__":
    run(arguments(), main)
