"""Digests: the content of a study's sources, as strings.

Sources are large and rarely change, so each is read once for its size and time stamp. Results
are never digested: what they depend on says what they are.
"""

import hashlib
from functools import cache
from pathlib import Path


def file_digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's content."""
    stat = path.stat()
    return _digest(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


def folder_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file in a folder (not in folders below it), by name."""
    return {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.is_file()}


@cache
def _digest(path: str, size: int, mtime: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()
