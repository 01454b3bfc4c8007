"""Say what each column of each table is -> `tables/columns.csv` and `.parquet`.

As the tables' own files say it: a row a column, with its table, type, unit and meaning.
"""

import argparse
from pathlib import Path

import polars as pl

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, whole_file, write_parquet
from workflow_scripts.files.dictionary import Column, columns_of

SCHEMA = dict.fromkeys(("table", "column", *Column._fields), pl.String)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    parser.add_argument("--parquet", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    rows = [
        (path.stem, name, *column)
        for path in options.tables
        for name, column in columns_of(path).items()
    ]
    dictionary = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    metadata = made_by("build_dictionary", options.made_by)
    write_parquet(options.parquet, dictionary.to_arrow(), metadata)
    with whole_file(options.csv, options.made_by) as part:
        dictionary.write_csv(part)


if __name__ == "__main__":
    run(arguments(), main)
