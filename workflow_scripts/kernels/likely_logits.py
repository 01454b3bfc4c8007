"""Likely logits: which of many bfloat16 numbers reach a threshold, without a look at most of them.

Numbers are given by their order, int16: a bfloat16's bits, read as an integer, order it among the
positive ones; with the bits below the sign turned over, they order the negative ones too.
"""

import numpy as np
from numba import njit

BLOCK = 256
"""Of how many logits the largest is kept."""


@njit("int16[:, ::1](int16[:, ::1])", cache=True, nogil=True)
def block_maxima(logits: np.ndarray) -> np.ndarray:
    """Return the largest order in each block of each row of bfloat16 `logits` (n, V)."""
    n, width = logits.shape
    n_blocks = -(-width // BLOCK)
    maxima = np.empty((n, n_blocks), np.int16)
    for i in range(n):
        for block in range(n_blocks):
            largest = np.int16(-32768)
            for j in range(block * BLOCK, min((block + 1) * BLOCK, width)):
                order = np.int16(logits[i, j] ^ ((logits[i, j] >> 15) & 0x7FFF))
                largest = max(largest, order)
            maxima[i, block] = largest
    return maxima


@njit("UniTuple(int64[::1], 2)(int16[:, ::1], int16[:, ::1], int16[::1])", cache=True, nogil=True)
def at_least(
    logits: np.ndarray, maxima: np.ndarray, threshold: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of each logit (n, V) whose order reaches its row's threshold (n,)."""
    n, width = logits.shape
    # Lists without a member, whose type the compiler still sees.
    rows, columns = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for i in range(n):
        for block in range(maxima.shape[1]):
            if maxima[i, block] >= threshold[i]:
                for j in range(block * BLOCK, min((block + 1) * BLOCK, width)):
                    order = np.int16(logits[i, j] ^ ((logits[i, j] >> 15) & 0x7FFF))
                    if order >= threshold[i]:
                        rows.append(i)
                        columns.append(j)
    return np.array(rows, np.int64), np.array(columns, np.int64)
