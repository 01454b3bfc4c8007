"""Files of rankings, and what is made of them: each says in its first columns what it is of.

`model`, `treebank`, `attribute`, `layer`; `ranking`, `ranker`, `direction` (empty for a ranker with
one ranking), `control` (the control task, in a ranking made from its labels alone) and the ranker's
options; then, in what is made of a ranking, the probe, or the method
with its options. A reader needs no path, and an option of a new ranker or method reaches what is
collected, and the tables `probing`, `probing_curves`, `interventions` and `examples`, by itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workflow_scripts import InputError
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.columns import CONFIGURATION, IDENTITY
from workflow_scripts.kernels.words import Configuration

_COLUMNS = [*IDENTITY, "position", "neuron", "score"]


def names_of(of: Configuration) -> dict[str, Any]:
    """Return the columns that name a configuration."""
    return {name: getattr(of, name) for name in CONFIGURATION}


def named(names: Mapping[str, Any], rows: pa.Table) -> pa.Table:
    """Return rows with what names them in columns before theirs.

    A number of an option is float64, whether the configuration writes 8 or 8.0.
    """
    columns = {name: pa.repeat(_scalar(name, value), len(rows)) for name, value in names.items()}
    return pa.table(columns | {name: rows.column(name) for name in rows.column_names})


def _scalar(name: str, value: Any) -> pa.Scalar:
    if isinstance(value, pa.Scalar):
        return value
    if name == "layer":
        return pa.scalar(value, pa.int32())
    if isinstance(value, bool):
        return pa.scalar(value, pa.bool_())
    if isinstance(value, int | float):
        return pa.scalar(float(value), pa.float64())
    return pa.scalar(value, pa.string())


def read_ranking(
    path: Path, of: Configuration | None = None, by_control: bool = False
) -> tuple[dict[str, Any], np.ndarray]:
    """Return what names a ranking, and its neurons (d,) int32, best first.

    Of a ranker that had nothing to rank by there is no neuron, and names are nulls of their types.
    Raises InputError where it is not of the configuration `of`, or is made from control labels and
    not from values (with `by_control`, the other way round), and ArtifactError, naming the file,
    where it is damaged or has no such columns.
    """
    rows = read_parquet(path)
    if ("control" in rows.column_names) != by_control:
        labels = ("values", "control labels")
        raise InputError(
            f"{path}: ranks by {labels[not by_control]}, and not by {labels[by_control]}"
        )
    if missing := [name for name in _COLUMNS if name not in rows.column_names]:
        raise InputError(f"{path}: is no ranking: it has no {', '.join(missing)}")
    name_columns = rows.drop_columns(_COLUMNS[-3:])
    if not len(rows):
        return {f.name: pa.scalar(None, f.type) for f in name_columns.schema}, np.empty(0, np.int32)
    names = name_columns.slice(0, 1).to_pylist()[0]
    if of is not None and {name: names[name] for name in CONFIGURATION} != names_of(of):
        raise InputError(
            f"{path}: is of {', '.join(str(names[name]) for name in CONFIGURATION)}, not of {of}"
        )
    return names, rows.column("neuron").to_numpy()
