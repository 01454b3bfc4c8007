"""Saturation: what each intervention does where its curve saturates."""

import pandas as pd
import polars as pl

from workflow_scripts.tables.latex import BY_RANKING, percent

CAPTION = (
    "Interventions at the saturation point of their CLWV curves: $k$ there, and CLWV, CLTV, error "
    "rate and the unchanged model's error rate in percent of the words intervened on."
)

SHARES = {"clwv": "CLWV", "cltv": "CLTV", "error_rate": "error", "error_rate_0": "error at 0"}


def build(table: pl.DataFrame) -> pd.DataFrame:
    """Return rankings of configurations by method and measure."""
    cells = {title: percent(name) for name, title in SHARES.items()}
    return (
        table.with_columns(k=pl.col("saturation_k").cast(pl.String), **cells)
        .unpivot(["k", *cells], index=[*BY_RANKING, "method"])
        .drop_nulls("value")
        .to_pandas()
        .pivot_table("value", BY_RANKING, ["method", "variable"], aggfunc="first", sort=False)
        .rename_axis(columns=["method", "measure"])
        .sort_index(axis=1, level="method", sort_remaining=False)
    )
