"""Digests and sizes: the content of a study's sources, as strings, and how large a file is.

Sources are large and rarely change, so each is read once for its size and time stamp. Results
are never digested: what they depend on says what they are.
"""

import hashlib
import os
from functools import cache
from pathlib import Path
from stat import S_ISDIR


def file_digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's content."""
    stat = path.stat()
    return _digest(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


def folder_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file in a folder (not in folders below it), by name."""
    return {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.is_file()}


def megabytes(path: str) -> float:
    """Return the size of a file, or of the files in a folder, in MB; 0 where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  a hundred thousand times
    except FileNotFoundError:
        return 0
    if S_ISDIR(found.st_mode):
        return sum(file.stat().st_size for file in os.scandir(path)) / 1e6
    return found.st_size / 1e6


@cache
def _digest(path: str, size: int, mtime: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()
