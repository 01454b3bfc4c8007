"""Collections: the files of one model and treebank, named on the command line in a few words.

A study has more files than a command line can hold, so a collecting command is given what their
paths are made of.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class CollectedConfiguration:
    """One configuration of the model and treebank."""

    attribute: str
    layer: int
    path: str
    """Its folder, below that of the model and treebank."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which files there are."""
    parser.add_argument("--model", required=True, help="its name in the configuration")
    parser.add_argument("--treebank", required=True, help="its name in the configuration")
    parser.add_argument("--folder", type=Path, required=True, help="folder of their files")
    parser.add_argument(
        "--configurations",
        nargs="*",
        type=_configuration,
        required=True,
        metavar="ATTRIBUTE=FOLDER/layer-L",
    )
    parser.add_argument("--rankings", nargs="+", required=True, help="linear-ttb, ..., random")


def _configuration(text: str) -> CollectedConfiguration:
    attribute, equals, path = text.rpartition("=")
    layer = path.rpartition("/layer-")[2]
    if not equals or not layer.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not ATTRIBUTE=FOLDER/layer-L")
    return CollectedConfiguration(attribute, int(layer), path)


def named(rows: pl.DataFrame, **names: str | int | float | bool | None) -> pl.DataFrame:
    """Return rows with what names them in columns before theirs."""
    return rows.select(*(_literal(value).alias(name) for name, value in names.items()), pl.all())


def _literal(value: str | int | float | bool | None) -> pl.Expr:
    kinds = {str: pl.String, bool: pl.Boolean, int: pl.Int32, float: pl.Float64}
    return pl.lit(value, kinds.get(type(value)))


def names_of(
    options: argparse.Namespace,
) -> Iterator[tuple[CollectedConfiguration, str, dict[str, str | int]]]:
    """Yield each configuration and ranking, with the columns that name the configuration."""
    for of in options.configurations:
        for ranking in options.rankings:
            yield of, ranking, columns_of(options, of)


def columns_of(options: argparse.Namespace, of: CollectedConfiguration) -> dict[str, str | int]:
    """Return the columns that name a configuration."""
    return {
        "model": options.model,
        "treebank": options.treebank,
        "attribute": of.attribute,
        "layer": of.layer,
    }
