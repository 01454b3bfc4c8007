"""Saturation: the point from which a CLWV curve rises no more, and what is true there."""

import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, INTERVALS
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.saturation import saturates, saturation_index
from workflow_scripts.tables.meanings import NEURONS, SHARE
from workflow_scripts.tables.tables import interventions

USES = ("interventions",)

SCHEMA = (
    CONFIGURATION_SCHEMA
    | {
        "method": pl.String,
        "ranking": pl.String,
        "saturation_k": pl.Int32,
        "clwv": pl.Float64,
        "cltv": pl.Float64,
        "error_rate": pl.Float64,
        "error_rate_0": pl.Float64,
        "saturated": pl.Boolean,
        "cltv_strict": pl.Float64,
        "side_effect_rate": pl.Float64,
    }
    | dict.fromkeys(INTERVALS, pl.Float64)
    | dict.fromkeys(("ranker", "direction"), pl.String)
)

COLUMNS = {
    "saturation_k": Meaning(
        NEURONS, "The k at which the curve of `clwv` stops rising; where it never does, the last."
    ),
    "error_rate_0": Meaning(SHARE, "The model's own error: `error_rate` at k = 0."),
    "saturated": Meaning(None, "Whether the curve of `clwv` stops rising."),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row for each curve; `error_rate_0` is the model's own error, at k = 0.

    A curve that never saturates has its last k, and `saturated` is false.
    """
    return of(interventions.build(frames))


def of(curves: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each curve of the table `interventions` that has a CLWV."""
    rows = []
    curves = curves.filter(pl.col("clwv").is_not_null())
    for name, curve in curves.group_by([*CONFIGURATION, "method", "ranking"], maintain_order=True):
        curve = curve.sort("k")
        clwv = curve["clwv"].to_list()
        point = curve.row(saturation_index(clwv), named=True)
        there = [point[column] for column in ("k", "clwv", "cltv", "error_rate")]
        beside = [point[column] for column in ("cltv_strict", "side_effect_rate", *INTERVALS)]
        rows.append(
            (
                *name,
                *there,
                curve["error_rate"][0],
                saturates(clwv),
                *beside,
                point["ranker"],
                point["direction"],
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
