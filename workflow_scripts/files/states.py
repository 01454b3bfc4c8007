"""The states files: `states/{model}/{treebank}/{split}/`, its sentences inside the model.

`subtokens.parquet` has a row a subtoken in corpus order: `sentence`, `word` (-1: a special token),
`id` (the vocabulary id that the model reads) and `predicted` (the one it gives, unchanged; for a
special token its own). `layer-{l}.parquet` has the hidden `state` of the same row at that layer.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.files.activations import vectors
from workflow_scripts.files.artifact import ArtifactError, read_parquet
from workflow_scripts.kernels.subtokens import Subtokens

SUBTOKENS = pa.schema(
    [pa.field(name, pa.int32(), nullable=False) for name in ("sentence", "word", "id", "predicted")]
)


def schema(width: int) -> pa.Schema:
    """Return the schema of the states of a model that is `width` wide."""
    state = pa.list_(pa.field("item", pa.float32(), False), width)
    return pa.schema([pa.field("state", state, False)])


def table(x: np.ndarray) -> pa.Table:
    """Return rows of a states file; `x` is (s, d) float32."""
    kind = schema(x.shape[1])
    values = pa.array(np.ascontiguousarray(x).reshape(-1), pa.float32())
    column = pa.FixedSizeListArray.from_arrays(values, type=kind.field("state").type)
    return pa.Table.from_arrays([column], schema=kind)


@dataclass(frozen=True)
class CachedSentence:
    """One sentence inside the model."""

    number: int
    read: Subtokens
    predicted: np.ndarray
    """(s,) int32: the model's own reconstruction, k = 0."""
    states: np.ndarray
    """(s, d) float32."""


def read_states(subtokens: Path, states: Path) -> list[CachedSentence]:
    """Read all sentences of a split with their states at one layer, in corpus order."""
    rows = read_parquet(subtokens)
    sentence, word, ids, predicted = (
        rows.column(name).to_numpy() for name in ("sentence", "word", "id", "predicted")
    )
    x = vectors(read_parquet(states, ["state"]).column("state"))
    if len(x) != len(sentence):
        raise ArtifactError(f"{states}: not of the same run as {subtokens}; delete both")
    edges = np.flatnonzero(np.diff(sentence, prepend=-1, append=-1))
    return [
        CachedSentence(
            int(sentence[a]), Subtokens(ids[a:b], word[a:b]), predicted[a:b], states=x[a:b]
        )
        for a, b in itertools.pairwise(edges)
    ]
