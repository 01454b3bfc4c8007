"""Digests and sizes: the content of a study's sources, as strings, and how large a file is.

Sources are large and rarely change, so each is read once for its size and time stamp. Results
are never digested: what they depend on says what they are.
"""

import hashlib
import os
from functools import cache
from pathlib import Path
from stat import S_ISDIR

from workflow_scripts.files.model_folder import files_read
from workflow_scripts.files.origin import digest_of


def file_digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's content."""
    stat = path.stat()
    return _digest(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


COLUMNS = {"forms": (0, 1), "analyses": (2, 3, 5), "arcs": (6, 7), "misc": (9,)}
"""Which columns of CoNLL-U say what the words are, what analysis they have, on what they depend,
and what else their annotators noted."""
OF_LABELS = {"forms": (0,), "analyses": (1,)}
"""The columns of a label file."""


def column_digests(path: Path, labels: bool = False) -> dict[str, str]:
    """Return the digest of each group of columns of a CoNLL-U file; comments do not count.

    Nor do the other columns. What is no line of ten columns is part of the forms. With `labels`, of
    a label file, which has two columns and no comments.
    """
    stat = path.stat()
    return _column_digests(str(path.resolve()), stat.st_size, stat.st_mtime_ns, labels)


@cache
def _column_digests(path: str, size: int, mtime: int, labels: bool) -> dict[str, str]:
    groups, n_columns = (OF_LABELS, 2) if labels else (COLUMNS, 10)
    digests = {name: hashlib.blake2b(digest_size=12) for name in groups}
    with Path(path).open("rb") as file:
        for line in file:
            if line.startswith(b"#") and not labels:
                continue
            columns = line.rstrip(b"\r\n").split(b"\t")
            if len(columns) != n_columns:  # a blank line that ends a sentence, or what is neither
                digests["forms"].update(line)
                continue
            for name, numbers in groups.items():
                digests[name].update(b"\t".join([*(columns[i] for i in numbers), b"\n"]))
    return {name: digest.hexdigest() for name, digest in digests.items()}


def model_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file that is read of a model's folder, by name."""
    return {path.name: file_digest(path) for path in files_read(folder)}


def megabytes(path: str) -> float:
    """Return the size of a file, or of what is read of a model's folder, in MB; 0 without it."""
    try:
        found = os.stat(path)  # noqa: PTH116  a hundred thousand times
    except FileNotFoundError:
        return 0
    if S_ISDIR(found.st_mode):
        return _megabytes_of_model(path, found.st_mtime_ns)
    return found.st_size / 1e6


@cache
def _megabytes_of_model(folder: str, mtime: int) -> float:
    return sum(file.stat().st_size for file in files_read(Path(folder))) / 1e6


@cache
def _digest(path: str, size: int, mtime: int) -> str:
    return digest_of(Path(path))
