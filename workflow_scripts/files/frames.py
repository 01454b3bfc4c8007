"""Frames: Parquet files of an earlier stage as Polars data frames."""

from pathlib import Path

import polars as pl

from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.columns import CONFIGURATION

CONFIGURATION_SCHEMA = dict(zip(CONFIGURATION, (*[pl.String] * 3, pl.Int32), strict=True))
"""The types of the columns that name a configuration."""


def read_frame(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet file whole; raises ArtifactError, naming the file, where it is damaged."""
    return pl.DataFrame(pl.from_arrow(read_parquet(path, columns)))
