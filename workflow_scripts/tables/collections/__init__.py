"""Collections: each module puts the files of one model and treebank together, for the tables.

A collection is one file here, made as `collected/{model}/{treebank}/{file name}.parquet`. It has

* `USES`: which files it is made of, of `"rankings"` (those from the top alone), `"neurons"` (three
  of each configuration), `"probes"` (with those on all neurons), `"sentences"`, `"interventions"`,
  `"concord"`, `"transfer"` (from the top), `"examples"` and `"words"`; `"report"` and `"describe"`
  where it depends on the k of `neurons.report`, or on `neurons.describe`, and `"seed"` where it
  draws; what it does not name, it is refused;
* `collect(task: CollectionTask) -> polars.DataFrame`: the rows, `model, treebank, attribute, layer`
  first, and last the ranker, the direction, and the options of rankers and methods.

Every file says in columns of its own what it is of (`files/rankings.py`): no path is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from workflow_scripts.files.columns import IDENTITY


@dataclass(frozen=True)
class CollectionTask:
    """What a collection may look at."""

    files: Callable[[str], list[Path]]
    """`files("probes")`: those of one kind, in the order of the configuration."""
    words: Callable[[], Path]
    """The words file of the test split."""
    report: Callable[[], list[int]]
    """The k of `neurons.report`."""
    describe: Callable[[], int]
    """How many neurons of each ranking to describe, `neurons.describe`."""
    seed: Callable[[], int]
    """The study's."""


NAMES = {"ranker": pl.String, "direction": pl.String}
"""The last columns, before those of options."""


def put_together(
    frames: Iterator[pl.DataFrame], schema: Mapping[str, Any], own: Sequence[str] = ()
) -> pl.DataFrame:
    """Return frames one below the other: the columns of `schema`, NAMES, and those of options.

    What of a file is an option is a column that is neither of these nor of its `own`. Where a file
    lacks an option of another ranker or method, it is empty.
    """
    known = {*IDENTITY, *schema, *NAMES, *own}
    schema_of_all = {**schema, **NAMES}
    types: Any = schema_of_all
    parts = [pl.DataFrame(schema=schema_of_all)]
    for frame in frames:
        options = [name for name in frame.columns if name not in known]
        lacking = [pl.lit(None, kind).alias(k) for k, kind in schema.items() if k not in frame]
        frame = frame.with_columns(lacking)
        parts.append(frame.select(*schema_of_all, *options).cast(types))
    return pl.concat(parts, how="diagonal")
