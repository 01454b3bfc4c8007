"""Build one table of the study -> `tables/{table}.csv` and `.parquet`."""

import argparse
from pathlib import Path

import polars as pl

from workflow_scripts.command.given import require
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load, names
from workflow_scripts.files.artifact import made_by, whole_file, write_parquet
from workflow_scripts.files.dictionary import described
from workflow_scripts.files.frames import read_frame
from workflow_scripts.tables.meanings import meanings

COLLECTED = [*names("collections"), "truth"]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--table", required=True, help="probing, interventions ...")
    for name in COLLECTED:
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[], help="collected files")
    parser.add_argument("--report", type=int, nargs="*", help="the k to report")
    parser.add_argument("--seed", type=int, nargs="?", help="for a table that draws")
    parser.add_argument(
        "--compiled", nargs="*", default=[], help="models that a table of trained ones leaves out"
    )
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    parser.add_argument("--parquet", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    table = load("tables", options.table)
    needed = {"report": ["report"], "seed": ["seed"]}
    require(options, table.USES, needed, f"table {options.table}")
    frames = {
        name: pl.concat((read_frame(path) for path in getattr(options, name)), how="diagonal")
        for name in COLLECTED
        if name in table.USES
        and (getattr(options, name) or name not in getattr(table, "OPTIONAL", ()))
    }
    if "trained" in table.USES:
        frames = {
            name: frame.filter(~pl.col("model").is_in(options.compiled))
            for name, frame in frames.items()
        }
    given = {name: getattr(options, name) for name in ("report", "seed") if name in table.USES}
    rows = table.build(frames, **given)
    said = meanings(rows.columns, getattr(table, "COLUMNS", {}))
    metadata = made_by("build_table", options.made_by)
    write_parquet(options.parquet, described(rows.to_arrow(), said), metadata)
    with whole_file(options.csv, options.made_by) as part:
        rows.write_csv(part)


if __name__ == "__main__":
    run(arguments(), main)
