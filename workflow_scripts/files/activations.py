"""The activation files: `activations/{model}/{treebank}/layer-{l}/{split}.parquet`.

Columns: `sentence`, `word` (int32, as in the words file) and `activation` (fixed-size list of d
float32), in corpus order. Words without an activation (too long a sentence, no subtoken) have no
row. Joined to a words file they become the labelled words of an attribute.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.files.artifact import ArtifactError, open_parquet, read_batches
from workflow_scripts.files.words import codes
from workflow_scripts.kernels.words import LabelledWords

ROWS = 1 << 13


def schema(width: int) -> pa.Schema:
    """Return the schema of activations of a model that is `width` wide."""
    return pa.schema(
        [
            pa.field("sentence", pa.int32(), nullable=False),
            pa.field("word", pa.int32(), nullable=False),
            pa.field("activation", pa.list_(pa.field("item", pa.float32(), False), width), False),
        ]
    )


def table(sentences: np.ndarray, words: np.ndarray, x: np.ndarray) -> pa.Table:
    """Return rows of an activation file; `x` is (n, d) float32."""
    values = pa.array(np.ascontiguousarray(x).reshape(-1), pa.float32())
    kind = schema(x.shape[1])
    column = pa.FixedSizeListArray.from_arrays(values, type=kind.field("activation").type)
    return pa.Table.from_arrays(
        [pa.array(sentences, pa.int32()), pa.array(words, pa.int32()), column], schema=kind
    )


def vectors(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return an `activation` column as (n, d) float32, without a copy where it is one piece."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    rows = slice(column.offset, column.offset + len(column))
    width = column.type.list_size
    return column.values.to_numpy(zero_copy_only=True).reshape(-1, width)[rows]


class LabelledActivations:
    """The words of one split with an activation and a kept value of one attribute."""

    def __init__(self, activations: Path, words: Path, attribute: str, values: Sequence[str]):
        """Join an activation file to its words file on (sentence, word).

        `values` are the kept values, sorted: label i is `values[i]`.
        """
        self._path, self._words = activations, words
        with open_parquet(activations) as file:
            width = file.schema_arrow.field("activation").type.list_size
        self.n_neurons: int = width
        word_keys, labels = _labels(words, attribute, values)
        keys = np.concatenate([np.empty(0, np.int64), *map(_keys, _blocks(activations, []))])
        rows = np.searchsorted(word_keys, keys)
        if len(keys) and (rows[-1] >= len(word_keys) or not np.array_equal(word_keys[rows], keys)):
            raise ArtifactError(f"{activations}: has words that {words} has not; delete it")
        labels = labels[rows]
        self._labelled = labels >= 0
        self.y: np.ndarray = labels[self._labelled].astype(np.int32)
        self.sentences: np.ndarray = (keys[self._labelled] >> 32).astype(np.int32)
        self.numbers: np.ndarray = (keys[self._labelled] & 0xFFFFFFFF).astype(np.int32)
        self._word_rows = rows[self._labelled]

    @cached_property
    def forms(self) -> list[str]:
        """The forms of the labelled words, in corpus order."""
        forms: list[str] = []
        start = 0
        for block in _blocks(self._words, ["form"]):
            first, last = np.searchsorted(self._word_rows, [start, start + len(block)])
            every = block.column("form").to_pylist()
            forms += [every[row] for row in (self._word_rows[first:last] - start).tolist()]
            start += len(block)
        return forms

    def batches(self, neurons: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yield the labelled words' vectors in blocks (n, d) float32, in corpus order.

        With `neurons` (K,), column i is neuron `neurons[i]`.
        """
        start = 0
        for batch in read_batches(self._path, ROWS, ["activation"]):
            x = vectors(batch.column(0))
            rows = np.flatnonzero(self._labelled[start : start + len(x)])
            start += len(x)
            yield x[rows] if neurons is None else x[rows[:, None], neurons]

    def load(self, neurons: np.ndarray | None = None) -> LabelledWords:
        """Load all labelled words, with all neurons or with those given, in that order."""
        width = self.n_neurons if neurons is None else len(neurons)
        x = np.empty((len(self.y), width), np.float32)
        start = 0
        for block in self.batches(neurons):
            x[start : start + len(block)] = block
            start += len(block)
        return LabelledWords(x, self.y)

    def take(self, which: np.ndarray) -> np.ndarray:
        """Return the vectors (W, d) float32 of the labelled words of these numbers, (W,) int64."""
        x = np.empty((len(which), self.n_neurons), np.float32)
        start = 0
        for block in self.batches():
            here = np.flatnonzero((which >= start) & (which < start + len(block)))
            x[here] = block[which[here] - start]
            start += len(block)
        return x


def _blocks(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield a words or activation file piece by piece, so that no more than one is in memory."""
    yield from read_batches(path, ROWS, ["sentence", "word", *columns])


def _keys(block: pa.RecordBatch) -> np.ndarray:
    """Return what identifies each word, (n,) int64, ascending in corpus order."""
    sentence = block.column("sentence").to_numpy().astype(np.int64)
    return (sentence << 32) | block.column("word").to_numpy()


def _labels(words: Path, attribute: str, values: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the key of every word and the index of its value, (n,) int64 and int16, or -1."""
    keys, labels = [np.empty(0, np.int64)], [np.empty(0, np.int16)]
    index = {value: i for i, value in enumerate(values)}
    for block in _blocks(words, [attribute]):
        keys.append(_keys(block))
        column = block.column(attribute)
        label_of = [*(index.get(value, -1) for value in column.dictionary.to_pylist()), -1]
        labels.append(np.array(label_of, np.int16)[codes(column)])
    return np.concatenate(keys), np.concatenate(labels)
