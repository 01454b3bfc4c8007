"""LaTeX: each module lays one table out as papers do.

A module has the name of its table, and

* `CAPTION`: what the numbers are, in a sentence or two;
* `build(table) -> pandas frame`: text in cells, headings in the index and the columns, both of
  several levels; a cell without a number is empty.
"""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION

BY_RANKING = [*CONFIGURATION, "ranking"]


def number(column: str, digits: int = 3) -> pl.Expr:
    """Return a column as text to so many decimals."""
    rounded = pl.col(column).fill_nan(None).round(digits)
    return rounded.map_elements(lambda value: f"{value:.{digits}f}", return_dtype=pl.String)


def percent(column: str) -> pl.Expr:
    """Return a column of shares as text in percent, to one decimal, without the sign."""
    share = pl.col(column).fill_nan(None)
    return share.map_elements(lambda value: f"{value * 100:.1f}", return_dtype=pl.String)
