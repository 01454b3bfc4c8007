"""Batches: sentences of like length together, in portions of bounded size.

Numbers do not depend on how sentences are batched; only time and memory do.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
import torch

from workflow_scripts import InputError

log = logging.getLogger("batching")

WORDS_AT_ONCE = 1 << 14
"""How many words a pass over a treebank holds in memory."""
SUBTOKENS_AT_ONCE = 1 << 10
"""How many padded subtokens a batch has on a CPU."""

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
    """How many subtokens a batch has: on a CPU what stays in the cache, on a GPU what fits it.

    What a subtoken needs on a GPU is measured with each batch, the first as small as a CPU's;
    longest sentences come first, so later ones need no more. Batches grow to powers of two within
    half of the card's memory: all of it and not what is free, so that a second run on the card
    has the same batches and gives the same numbers.
    """

    def __init__(self, device: torch.device, memory: "Memory | None" = None):
        self._device = device
        if memory is None and device.type == "cuda":
            memory = GpuMemory(device)
        self._memory = memory
        self.subtokens = SUBTOKENS_AT_ONCE
        self._bytes_a_subtoken = 0.0

    def each(self, lengths: Sequence[int], compute: Callable[[np.ndarray], None]) -> None:
        """Call `compute(rows)` on batches of indices of sentences, longest first.

        `compute` must be repeatable: it is called again on halves of a batch that did not fit.
        Raises InputError where one sentence alone does not fit.
        """
        order = np.argsort(-np.asarray(lengths), kind="stable")
        start = 0
        while start < len(order):
            length = max(1, lengths[order[start]])
            rows = order[start : start + max(1, self.subtokens // length)]
            start += len(rows)
            if self._memory is None:
                self._halving(rows, length, compute)
            else:
                needed = self._memory.needed(
                    lambda rows=rows, length=length: self._halving(rows, length, compute)
                )
                self._grow(needed / (len(rows) * length))

    def _grow(self, bytes_a_subtoken: float) -> None:
        if self._memory is None:
            return
        self._bytes_a_subtoken = max(self._bytes_a_subtoken, bytes_a_subtoken)
        fit = self._memory.total / 2 / max(self._bytes_a_subtoken, 1)
        self.subtokens = max(1, 1 << int(np.log2(max(fit, 1))))

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
        # Something else is on the card: no growing from here.
        self._memory = None
        self.subtokens = min(self.subtokens, half * length)
        self._halving(rows[:half], length, compute)
        self._halving(rows[half:], length, compute)


class Memory(Protocol):
    """The memory of a device."""

    total: int
    """Bytes."""

    def needed(self, call: Callable[[], None]) -> int:
        """Run `call`; return the bytes that it held at its peak beside those held before."""
        ...


class GpuMemory:
    """The memory of a GPU; see `Memory`."""

    def __init__(self, device: torch.device):
        self._device = device
        self.total = torch.cuda.get_device_properties(device).total_memory

    def needed(self, call: Callable[[], None]) -> int:
        before = torch.cuda.memory_allocated(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        call()
        return torch.cuda.max_memory_allocated(self._device) - before


def resolve_device(device: str) -> str:
    """Return the device to use: `auto` is the first GPU where there is one, else the CPU.

    Raises InputError where a GPU is asked for and there is none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda"):
        there = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(device.partition(":")[2] or 0) >= there:
            raise InputError(
                f"device: {device}, but {there or 'no'} GPU is available here; "
                "set device: auto or cpu"
            )
    return device
