"""The device that a model runs on: a processor, or one of the cards, which jobs share out."""

import logging
import os
import re
import tempfile
from itertools import count
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from workflow_scripts import InputError

log = logging.getLogger("device")

_held: list[FileLock] = []
"""What says that this process is on a card; the system lets go of it when the process ends."""


def resolve_device(device: str) -> str:
    """Return the device to use: `auto` is a GPU where there is one, else the CPU.

    Of several GPUs, one that has the fewest jobs of this user on this machine. Raises InputError
    where a GPU is asked for and there is none, and where it is no device's name.
    """
    if not re.fullmatch("auto|cpu|cuda(:[0-9]+)?", device):
        raise InputError(f"device: {device}; possible: auto, cpu, cuda, cuda:1 ...")
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    # Convolutions would run in TF32 by default, products do not.
    torch.backends.cudnn.allow_tf32 = False
    if device == "auto" and not there:
        return "cpu"
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= there:
        raise InputError(
            f"device: {device}, but {there or 'no'} GPU is available here; set device: auto or cpu"
        )
    if device not in ("auto", "cuda"):
        return device
    if there == 1:
        return "cuda"
    return f"cuda:{_least_used([_identity(i) for i in range(there)])}"


def _identity(card: int) -> str:
    """Return what a card is called, whichever of them the process sees."""
    properties = torch.cuda.get_device_properties(card)
    return str(getattr(properties, "uuid", card))


def _least_used(cards: list[str], folder: Path | None = None) -> int:
    """Take a place on one of the cards with the fewest jobs; return which.

    The places are locked files: place 0 of every card is taken before place 1 of any.
    """
    folder = folder or Path(tempfile.gettempdir(), f"neuron-pitfalls-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for place in count():
            for i, card in enumerate(cards):
                lock = FileLock(folder / f"{card}-{place}.lock")
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                _held.append(lock)
                return i
    except OSError as error:
        log.info("cards are taken by chance, since %s", error)
    return os.getpid() % len(cards)
