"""Collect the files of one model and treebank, of one kind -> `collected/.../{collection}.parquet`.

So a new language adds its own and leaves the others.
"""

import argparse
import re
from pathlib import Path

import polars as pl

from workflow_scripts.command.given import given, require
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.tables.collections import CollectionTask

IN_PATH = re.compile(r"\{configuration(?: of ([^{}]+))?\}")
KINDS = (
    *("rankings", "neurons", "probes", "sentences", "interventions", "concord", "transfer"),
    "examples",
)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--collection", required=True, help="probes, contrasts ...")
    parser.add_argument(
        "--configurations",
        nargs="*",
        default=[],
        metavar="ATTRIBUTE/layer-L",
        help="as in the paths of the files",
    )
    for kind in KINDS:
        parser.add_argument(
            f"--{kind}",
            nargs="*",
            default=[],
            metavar="FILE",
            help="files, with {configuration} in their paths in place of those, or "
            "{configuration of number,tense} in place of those of these attributes",
        )
    parser.add_argument("--words-test", type=Path, nargs="?", help="words file")
    parser.add_argument("--report", type=int, nargs="*", help="the k to report")
    parser.add_argument(
        "--describe", type=int, nargs="?", help="how many neurons of a ranking to describe"
    )
    parser.add_argument("--seed", type=int, nargs="?", help="for a collection that draws")
    parser.add_argument("--collected", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    collection = load("collections", options.collection)
    uses = collection.USES
    needed = {"words": ["words_test"]} | {name: [name] for name in ("report", "describe", "seed")}
    require(options, uses, needed, f"collection {options.collection}")

    def files(kind: str) -> list[Path]:
        patterns = given(kind, uses, lambda: getattr(options, kind))()
        return [
            Path(IN_PATH.sub(configuration, pattern))
            for configuration in options.configurations
            for pattern in patterns
            if _is_of(pattern, configuration)
        ]

    task = CollectionTask(
        files=files,
        words=given("words", uses, lambda: options.words_test),
        report=given("report", uses, lambda: options.report),
        describe=given("describe", uses, lambda: options.describe),
        seed=given("seed", uses, lambda: options.seed),
    )
    # What cannot be computed is empty, not a number that is none.
    rows = collection.collect(task).with_columns(pl.selectors.float().fill_nan(None))
    write_parquet(options.collected, rows.to_arrow(), made_by("collect", options.made_by))


def _is_of(pattern: str, configuration: str) -> bool:
    """Whether there is a file of that pattern for a configuration, ATTRIBUTE/layer-L."""
    named = IN_PATH.search(pattern)
    attributes = named[1] if named else None
    return attributes is None or configuration.rpartition("/")[0] in attributes.split(",")


if __name__ == "__main__":
    run(arguments(), main)
