"""Wilcoxon: adjusted p of each ordered pair of (probe, ranking), over all configurations."""

import pandas as pd
import polars as pl

CAPTION = (
    "Holm-adjusted $p$ of one-sided signed-rank tests over all configurations: the probe and "
    "ranking of the row has the lower test accuracy on the first $k$ neurons than that of the "
    "column."
)


def build(table: pl.DataFrame) -> pd.DataFrame:
    """Return settings by settings at each k; rankings from the bottom are left out."""
    p = pl.col("p_holm")
    text = p.map_elements(lambda p: f"{p:.3f}" if p >= 0.001 else "<0.001", return_dtype=pl.String)
    reverse = pl.any_horizontal(pl.col("direction", "other_direction") == "btt")
    return (
        table.filter((pl.col("group") == "overall") & ~reverse.fill_null(value=False))
        .with_columns(cell=text)
        .rename({"other_probe": "than probe", "other_ranking": "than ranking"})
        .to_pandas()
        .pivot_table(
            "cell",
            ["k", "probe", "ranking"],
            ["than probe", "than ranking"],
            aggfunc="first",
            sort=False,
        )
        .sort_index(axis=1)
    )
