"""Keep the values that a treebank has enough of: words files -> `attributes.csv`."""

import argparse
import csv
import logging
from pathlib import Path

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import read_batches, whole_file
from workflow_scripts.files.words import attributes_of, largest_min_types, nearest, values_of
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words.values import ValueCounts

log = logging.getLogger("keep_values")

COLUMNS: tuple[str, ...] = ("attribute", "value", "split", "words", "forms", "kept")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
    parser.add_argument(
        "--min-types", type=int, required=True, help="distinct forms that a value needs in a split"
    )
    parser.add_argument("--attributes", type=Path, required=True, help="CSV to write")
    return parser


def main(options: argparse.Namespace) -> None:
    counts = ValueCounts()
    for split in SPLITS:
        path = getattr(options, f"words_{split}")
        attributes = attributes_of(path)
        for batch in read_batches(path, 1 << 16, ["form", *attributes]):
            forms = batch.column("form").to_pylist()
            for attribute in attributes:
                counts.add(split, attribute, forms, values_of(batch.column(attribute)))
    kept = counts.kept(options.min_types)
    for attribute, values in kept.items():
        log.info("%s: %s", attribute, ", ".join(values))
    rows = counts.rows(options.min_types)
    if not kept:
        log.warning(
            "with min_types %d nothing is kept: %s",
            options.min_types,
            nearest(largest_min_types(rows)),
        )
    with (
        whole_file(options.attributes, options.made_by) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row | {"kept": str(row["kept"]).lower()})


if __name__ == "__main__":
    run(arguments(), main)
