"""Rankings: the first neurons of each, of all that start with the best one."""

from collections.abc import Iterator

import polars as pl

from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.tables.collections import CollectionTask, put_together

USES = ("rankings",)

FIRST = 100
"""How many neurons of a ranking are kept."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "ranking": pl.String,
    "n_neurons": pl.Int32,
    "position": pl.Int32,
    "neuron": pl.Int32,
}


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return a row for each of the first neurons of each ranking."""

    def frames() -> Iterator[pl.DataFrame]:
        for path in task.files("rankings"):
            neurons = read_frame(path).sort("position")
            yield neurons.head(FIRST).with_columns(n_neurons=pl.lit(len(neurons), pl.Int32))

    return put_together(frames(), SCHEMA, own=["score"])
