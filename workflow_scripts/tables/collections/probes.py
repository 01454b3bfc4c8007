"""Probes: the scores of every probe at every k, on every split."""

import polars as pl

from workflow_scripts.files.columns import SCORES
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("probes",)

SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"probe": pl.String, "ranking": pl.String, "k": pl.Int32, "split": pl.String}
    | {name: pl.Int32 if name == "unseen" else pl.Float64 for name in SCORES}
)


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return the rows of all files."""
    return put_together(map(read_frame, task.files("probes")), SCHEMA)
