"""Overlap: how many of their top neurons the rankings of a configuration share."""

import pandas as pd
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.tables.latex import number

CAPTION = (
    "Neurons that rankings share among their top $n$, and in brackets how many chance would give."
)


def build(table: pl.DataFrame) -> pd.DataFrame:
    """Return configurations by sets of rankings."""
    return (
        table.filter(pl.col("other_treebank").is_null())
        .with_columns(cell=pl.format("{} ({})", pl.col("shared"), number("chance", 1)))
        .to_pandas()
        .pivot_table("cell", [*CONFIGURATION, "n"], "rankings", aggfunc="first", sort=False)
    )
