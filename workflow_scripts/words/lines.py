"""Lines: the text of a treebank's file, line by line; one clear error where it is no such text."""

import codecs
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workflow_scripts import InputError

LONGEST_LINE = 1 << 24
"""Bytes; what has a longer line is no such text, and is not read into memory to find out."""
_SHOWN = 60  # characters of a wrong value in a message


class TreebankError(InputError):
    """A treebank that cannot be read; the message names file, line and what would be right."""


def numbered_lines(path: Path, expected: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line, without its end and the file's byte order mark.

    `expected` is what the file should be, for a message. Only a newline ends a line: forms may hold
    characters that Unicode counts as line breaks.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), start=1):
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                raise TreebankError(
                    f"{path}:{number}: a line of more than {LONGEST_LINE >> 20} MiB; "
                    f"expected {expected}"
                )
            if number == 1:
                _check_beginning(path, raw, expected)
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise TreebankError(f"{path}:{number}: not UTF-8 text ({error.reason})") from error
            yield number, line.removeprefix("\ufeff" if number == 1 else "").rstrip("\r\n")


_BEGINNINGS = {
    b"version https://git-lfs.github.com/": "a Git LFS pointer; git lfs pull gets the file",
    b"\x1f\x8b": "packed with gzip; unpack it with gunzip",
    b"PK\x03\x04": "a zip archive; unpack it with unzip",
    b"\xfd7zXZ\x00": "packed with xz; unpack it with unxz",
    b"BZh": "packed with bzip2; unpack it with bunzip2",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it with unzstd",
    b"<": "a web page or XML; download the file itself",
}
"""What other files begin with that lie where a treebank's file is looked for."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def _check_beginning(path: Path, line: bytes, expected: str) -> None:
    """Raise TreebankError where the first line is of another kind of file."""
    for beginning, what in _BEGINNINGS.items():
        if line.startswith(beginning) and not (beginning == b"<" and b"\t" in line):
            raise TreebankError(f"{path}: not {expected} but {what}")
    encoding = None
    if line.startswith(_UTF_32):  # before UTF-16, whose mark its own begins with
        encoding = "UTF-32"
    elif line.startswith(_UTF_16):
        encoding = "UTF-16"
    elif b"\0" in line[:2]:  # no mark, and an ASCII character as the first of them
        encoding = "UTF-16BE" if line.startswith(b"\0") else "UTF-16LE"
    if encoding is not None:
        raise TreebankError(
            f"{path}:1: not UTF-8 text but {encoding}; iconv --from-code {encoding} --to-code UTF-8"
        )


def shown(text: str) -> str:
    """Return the beginning of a wrong value in quotes, control characters escaped."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
