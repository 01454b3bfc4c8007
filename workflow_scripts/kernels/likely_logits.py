"""Likely logits: which of many bfloat16 numbers reach a threshold, without a look at most of them.

Numbers are given by their bits, int16, and compared by their order: a bfloat16's bits, read as an
integer, order it among the positive ones; with the bits below the sign turned over, they order the
negative ones too.
"""

import numpy as np
from numba import njit


@njit(
    "UniTuple(int64[::1], 2)(int16[:, ::1], int16[:, ::1], int16[::1], int64)",
    cache=True,
    nogil=True,
)
def at_least(
    logits: np.ndarray, maxima: np.ndarray, threshold: np.ndarray, block: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of each logit (n, V) whose order reaches its row's threshold (n,).

    `maxima` (n, V / block) has the order of the largest logit in each block.
    """
    # Lists without a member, whose type the compiler still sees.
    rows, columns = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for i in range(len(logits)):
        for b in range(maxima.shape[1]):
            if maxima[i, b] >= threshold[i]:
                for j in range(b * block, (b + 1) * block):
                    order = np.int16(logits[i, j] ^ ((logits[i, j] >> 15) & 0x7FFF))
                    if order >= threshold[i]:
                        rows.append(i)
                        columns.append(j)
    return np.array(rows, np.int64), np.array(columns, np.int64)
