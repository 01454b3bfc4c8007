"""The sentence files of probes: how many words of each test sentence a probe got right.

`sentences/{model}/{treebank}/{attribute}/layer-{l}/{probe}-by-{ranking}.parquet`, a row a test
sentence that has a word with the attribute: `sentence` (as in the words file), `words`, how many of
them it has, and `correct`, how many of these the probe got right at k = 1..K. All k and not those
that are reported, so that reporting others trains nothing anew.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class ProbedSentences:
    """S sentences and what a probe got right in them at k = 1..K."""

    sentences: np.ndarray
    """(S,) int32, ascending."""
    words: np.ndarray
    """(S,) int64, words with the attribute, at least one."""
    correct: np.ndarray
    """(S, K) int64, right words among them."""


def by_sentence(correct: np.ndarray, sentences: np.ndarray) -> ProbedSentences:
    """Count right words; `correct` (K, n) bool, `sentences` (n,) each word's, in corpus order."""
    numbers, starts, words = np.unique(sentences, return_index=True, return_counts=True)
    hits = np.zeros((len(correct), 0), np.int64)
    if len(starts):
        hits = np.add.reduceat(correct, starts, axis=1, dtype=np.int64)
    return ProbedSentences(numbers, words, hits.T)


def table(probed: ProbedSentences) -> pa.Table:
    """Return the rows of a sentence file."""
    K = probed.correct.shape[1]
    values = pa.array(np.ascontiguousarray(probed.correct).reshape(-1), pa.int32())
    kind = pa.list_(pa.field("item", pa.int32(), False), K)
    return pa.table(
        {
            "sentence": pa.array(probed.sentences, pa.int32()),
            "words": pa.array(probed.words, pa.int32()),
            "correct": pa.FixedSizeListArray.from_arrays(values, type=kind),
        }
    )


def probed_sentences(rows: pa.Table) -> ProbedSentences:
    """Return what the rows of a sentence file say."""
    correct = rows.column("correct").combine_chunks()
    return ProbedSentences(
        rows.column("sentence").to_numpy(),
        rows.column("words").to_numpy().astype(np.int64),
        correct.flatten().to_numpy().reshape(-1, correct.type.list_size).astype(np.int64),
    )
