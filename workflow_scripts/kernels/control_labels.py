"""Control labels: a task that nothing but memory solves (Hewitt & Liang 2019).

Each form has a label of its own that has nothing to do with its value, the same in every split.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate


def control_label(form: str, n_values: int, seed: int) -> int:
    """Return a form's control label in 0..n_values-1: the same in every split.

    The BLAKE2b digest (8 bytes, big-endian) of UTF-8 `{seed}\\t{form}`, modulo |Z|.
    """
    return _digest(form, seed) % n_values


def control_labels(control: str, seed: int, counts: Sequence[int]) -> Callable[[str], int]:
    """Return the control task as a function of a form; `counts` has the training words of a label.

    `uniform`: every label is as likely, as in Antverg & Belinkov (2022). `empirical`: each is as
    likely as it is frequent in training (Hewitt & Liang 2019): the digest, as a fraction of 2⁶⁴,
    falls into the label's share.
    """
    if control == "uniform":
        return lambda form: control_label(form, len(counts), seed)
    ends = list(accumulate(counts))
    # In whole numbers, so that no share is rounded: the fraction chooses one of the training words.
    return lambda form: bisect_right(ends, _digest(form, seed) * ends[-1] >> 64)


def _digest(form: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}\t{form}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
