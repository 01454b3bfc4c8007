"""Progress of long steps: a bar on the terminal and in the log, and none for what is soon done."""

from tqdm import tqdm

_SOON = 5.0  # seconds


def progress(total: int | None, what: str, unit: str) -> tqdm:
    """Return a progress bar, as a context manager with `update(n)`."""
    return tqdm(total=total, desc=what, unit=f" {unit}", delay=_SOON, mininterval=2.0)
