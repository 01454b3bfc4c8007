"""Probing: accuracy and selectivity of each probe on the first k neurons of each ranking."""

import pandas as pd
import polars as pl

from workflow_scripts.files.columns import ALL
from workflow_scripts.tables.latex import BY_RANKING, number

CAPTION = (
    "Test accuracy of probes on the first $k$ neurons of each ranking; in brackets, where there "
    "is a control task, their selectivity."
)


def build(table: pl.DataFrame) -> pd.DataFrame:
    """Return rankings of configurations by probe and k."""
    selectivity = pl.format(" ({})", number("selectivity")).fill_null("")
    return (
        table.filter((pl.col("split") == "test") & (pl.col("ranking") != ALL))
        .with_columns(cell=number("accuracy") + selectivity)
        .to_pandas()
        .pivot_table("cell", BY_RANKING, ["probe", "k"], aggfunc="first", sort=False)
    )
