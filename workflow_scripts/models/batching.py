"""Batches: sentences of like length together, in portions of bounded size.

Numbers depend on how sentences are batched in their last digits alone.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch

from workflow_scripts import InputError

log = logging.getLogger("batching")

WORDS_AT_ONCE = 1 << 14
"""How many words a pass over a treebank holds in memory."""
SUBTOKENS_AT_ONCE = {"cpu": 1 << 11, "cuda": 1 << 15}
"""How many subtokens, padding among them, a batch has: on a CPU what stays in the cache, on a GPU
what keeps it busy, at a few GB of its memory."""
PADDING = 1 / 8
"""The share of padding that sentences of like length may have, where equal ones are few."""

Item = TypeVar("Item")


def windows(items: Iterator[Item], size: Callable[[Item], int], at_most: int) -> Iterator[list]:
    """Cut a stream into lists whose sizes add up to about `at_most`, in order."""
    window: list[Item] = []
    total = 0
    for item in items:
        window.append(item)
        total += size(item)
        if total >= at_most:
            yield window
            window, total = [], 0
    if window:
        yield window


class Batches:
    """What a model reads at once: sentences of like or equal length, up to a constant size.

    The size is the device's kind's, and not what its memory has free: so the batches of a study,
    and the last digits that depend on them, do not depend on the card or on who else uses it.
    """

    def __init__(self, device: torch.device, share: float = 1):
        """Take the device; with a `share`, batches have only that of the subtokens of others."""
        self._device = device
        self._subtokens = int(share * SUBTOKENS_AT_ONCE[device.type])

    def each(
        self,
        lengths: Sequence[int] | np.ndarray,
        compute: Callable[[np.ndarray], None],
        padding: float = PADDING,
    ) -> None:
        """Call `compute(rows)` on batches of indices of sentences, longest first.

        Of a batch's subtokens, at most the share `padding` is padding; with 0 its sentences are of
        one length. `compute` must be repeatable: it is called again on halves of a batch that did
        not fit. Raises InputError where one sentence alone does not fit.
        """
        of = np.maximum(1, np.asarray(lengths, np.int64))
        order = np.argsort(-of, kind="stable")
        falling = -of[order]
        start = 0
        while start < len(order):
            longest = -falling[start]
            # Where they become too short to stand beside the first.
            end = int(np.searchsorted(falling, -longest * (1 - padding), side="right"))
            end = min(end, start + max(1, self._subtokens // int(longest)))
            self._halving(order[start:end], int(longest), compute)
            start = end

    def _halving(
        self, rows: np.ndarray, length: int, compute: Callable[[np.ndarray], None]
    ) -> None:
        try:
            compute(rows)
            return
        except torch.OutOfMemoryError as error:
            if len(rows) == 1:
                raise InputError(
                    f"{self._device} has too little memory for one sentence; set device: cpu"
                ) from error
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        log.info("%s is out of memory with %d sentences: halves of it", self._device, len(rows))
        half = len(rows) // 2
        self._subtokens = min(self._subtokens, half * length)
        self._halving(rows[:half], length, compute)
        self._halving(rows[half:], length, compute)
