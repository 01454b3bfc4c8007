"""Batches: sentences of like length together, in portions of bounded size.

Numbers do not depend on how sentences are batched; only time and memory do.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch

from workflow_scripts.errors import InputError

log = logging.getLogger("batching")

WORDS_AT_ONCE = 1 << 14
"""How many words a pass over a treebank holds in memory."""
SUBTOKENS_AT_ONCE = 1 << 10
"""How many padded subtokens a batch of such a pass has."""

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


def by_length(lengths: Sequence[int], subtokens: int) -> list[np.ndarray]:
    """Group indices of sentences by like length, longest first.

    A batch holds at most `subtokens` padded subtokens, and at least one sentence.
    """
    order = np.argsort(-np.asarray(lengths), kind="stable")
    batches = []
    start = 0
    while start < len(order):
        rows = max(1, subtokens // max(1, lengths[order[start]]))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def in_memory(
    batch: np.ndarray, compute: Callable[[np.ndarray], None], device: torch.device
) -> None:
    """Call `compute(batch)`; where the device runs out of memory, on halves of it.

    `compute` must be repeatable: it is called again for sentences of a batch that failed.
    Raises InputError where one sentence alone does not fit.
    """
    try:
        compute(batch)
        return
    except torch.OutOfMemoryError as error:
        if len(batch) == 1:
            raise InputError(
                f"{device} has too little memory for one sentence; set device: cpu"
            ) from error
    if device.type == "cuda":
        torch.cuda.empty_cache()
    log.info("%s is out of memory with %d sentences, going on with half", device, len(batch))
    half = len(batch) // 2
    in_memory(batch[:half], compute, device)
    in_memory(batch[half:], compute, device)


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
