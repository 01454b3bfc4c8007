"""Used against encoded: what probes read from neurons beside what changing them does."""

import pandas as pd
import polars as pl

from workflow_scripts.tables.latex import BY_RANKING, number, percent

CAPTION = (
    "Encoded and used: test accuracy of each probe on the first $k$ neurons, beside CLTV (CLWV "
    "where a method has no target value) of each intervention on them, in percent of words."
)


def build(table: pl.DataFrame) -> pd.DataFrame:
    """Return rankings of configurations by k; columns are probes, then methods."""
    reported = table.filter(pl.col("point") == "report").with_columns(
        moved=pl.coalesce(percent("cltv"), percent("clwv")), read=number("accuracy")
    )
    read = reported.select(*BY_RANKING, "k", measure="probe", cell="read")
    moved = reported.select(*BY_RANKING, "k", measure="method", cell="moved")
    return (
        pl.concat([read, moved])
        .drop_nulls("cell")
        .unique(maintain_order=True)
        .to_pandas()
        .pivot_table("cell", BY_RANKING, ["k", "measure"], aggfunc="first", sort=False)
        .sort_index(axis=1, level="k", sort_remaining=False)
    )
