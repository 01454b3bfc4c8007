"""Downloading: one file from a web address, whole and of the hash that was asked for.

    download(f"{base}/tr_imst-ud-test.conllu", path, "e1a2…")   # git blob hash

    for attempt in attempts(patience, TransientError):          # for what else asks a server
        with attempt:
            ...

A failure that may pass (no answer, a stall, a connection cut, an overloaded server) is tried again
after a growing wait, and the file goes on from the bytes that are here. Any other ends at once.

Until a file is whole and its hash is right, its bytes are in `.NAME.part` beside it: a run that was
killed, or whose patience ended, leaves them there, and the next goes on from them.
"""

import argparse
import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import requests
import tenacity
from tqdm import tqdm

from workflow_scripts import InputError

log = logging.getLogger("download")

MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP status codes of a server that may answer better later."""
LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more patience than this (Retry-After) does not get it."""
PIECE = 1 << 13
"""Bytes; what came of a piece that was not whole is lost when a connection breaks."""
_NOTHING_BEYOND = requests.codes.requested_range_not_satisfiable
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"),]+")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)")
_FAILURES = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # the connection was cut before the last byte
)


class DownloadError(InputError):
    """A file that cannot be had; the message names its address and the reason."""


class WrongBytesError(DownloadError):
    """A file of another hash than was asked for, of which nothing is kept."""


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server."""

    attempts: int = 6
    """Connections in a row that bring nothing new."""
    stall: float = 30.0
    """Seconds without a byte after which a connection is given up."""
    wait: float = 1.0
    """Seconds before the second attempt; about twice as many before each further one."""


def add_patience_options(parser: argparse.ArgumentParser) -> None:
    """Add --attempts and --stall, from which `Patience` is made."""
    patience = Patience()
    parser.add_argument(
        "--attempts",
        type=_at_least_one,
        default=patience.attempts,
        help="how often to try (%(default)s)",
    )
    parser.add_argument(
        "--stall",
        type=_at_least_one,
        default=int(patience.stall),
        help="seconds without a byte after which to try again (%(default)s)",
    )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def web_address(text: str) -> str:
    """Return a web address without its last slash; the type of options that take one."""
    if not text.startswith(("https://", "http://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with https:// or http://")
    return text.rstrip("/")


def attempts(
    patience: Patience, failures: type[Exception] | tuple[type[Exception], ...]
) -> tenacity.Retrying:
    """Return attempts to loop over, each a context manager; the last one raises its failure.

    Errors that carry a server's response are tried again by its status code, others where they
    are among `failures`.
    """

    def may_pass(error: BaseException) -> bool:
        response = getattr(error, "response", None)
        if response is not None:
            return response.status_code in MAY_PASS
        return isinstance(error, failures)

    # Jobs that failed together do not come back together.
    growing = tenacity.wait_exponential(patience.wait) + tenacity.wait_random(0, patience.wait)

    def wait(state: tenacity.RetryCallState) -> float:
        response = getattr(state.outcome.exception(), "response", None)
        asked = "" if response is None else response.headers.get("Retry-After", "")
        seconds = float(asked) if asked.isdecimal() else 0.0  # a date is not worth the parsing
        return min(max(growing(state), seconds), LONGEST_WAIT)

    def say(state: tenacity.RetryCallState) -> None:
        log.warning(
            "attempt %d of %d failed, the next in %.1f s: %s",
            state.attempt_number,
            patience.attempts,
            state.next_action.sleep,
            one_line(state.outcome.exception()),
        )

    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=wait,
        retry=tenacity.retry_if_exception(may_pass),
        before_sleep=say,
        reraise=True,
    )


def one_line(error: BaseException | None) -> str:
    """Return an error's message on one line, or its kind where it has no message.

    Without the queries of addresses: where a hub redirects to, they open a private file.
    """
    return _QUERY.sub("?…", " ".join(str(error).split())) or type(error).__name__


def git_blob_sha1(path: Path) -> str:
    """Return git's hash of a file's content: SHA-1 of `blob {size}\\0` and the bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def hash_like(expected: str, path: Path) -> str:
    """Return a file's hash of the kind of another: SHA-256 (64 digits), or else git blob hash."""
    if len(expected) != 64:
        return git_blob_sha1(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read and write for this process alone; another one waits for its turn.

    The file is made where there is none, and removed at the end where it is empty.
    """
    while True:
        # Whoever can put a link in its place must not choose what is written to.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        with os.fdopen(handle, "r+b") as file:
            _lock(file, path)
            if not _is_at(file, path):
                continue  # who had it before moved it to its place, or removed it
            try:
                yield file
            finally:
                if file.seek(0, os.SEEK_END) == 0 and _is_at(file, path):
                    path.unlink()
            return


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.warning("another process downloads %s: waiting for it", path)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:  # a file system without locks; hashes are checked all the same
        log.warning("%s cannot be locked (%s)", path, one_line(error))


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Is this open file the one that has the path now?"""
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


def download(
    url: str,
    path: Path,
    expected: str | None,
    patience: Patience | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Download `url` to `path`, whole and of the hash `expected` (see `hash_like`), or not at all.

    A file that is there and has the hash is left as it is. Without a hash nothing is resumed.
    Raises DownloadError, naming the address, where the server does not give the file, and
    WrongBytesError where the bytes have another hash.
    """
    if _is_here(path, expected):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with alone(part) as file:
        if _is_here(path, expected):  # since another process let go of it
            file.truncate(0)
            return
        for last in (False, True):
            try:
                in_pieces = _receive(
                    url, file, path.name, patience or Patience(), headers or {}, bool(expected)
                )
            except requests.RequestException as error:
                raise DownloadError(f"{url}: {one_line(error)}") from error
            received = hash_like(expected, part) if expected else None
            if received == expected:
                break
            file.truncate(0)
            kind = "SHA-256" if len(expected) == 64 else "git blob hash"  # pyright: ignore[reportArgumentType]
            wrong = f"{url}: the {kind} of what came is {received}, expected {expected}"
            if last or not in_pieces:
                raise WrongBytesError(f"{wrong}; not kept")
            # The pieces may be of two versions, or the first is of an earlier run's pin.
            log.warning("%s, in pieces; once more from the start", wrong)
        part.replace(path)


def _is_here(path: Path, expected: str | None) -> bool:
    here = expected is not None and path.is_file() and hash_like(expected, path) == expected
    if here:
        log.info("%s is here already", path)
    return here


def _receive(
    url: str,
    file: BinaryIO,
    name: str,
    patience: Patience,
    headers: Mapping[str, str],
    resumable: bool,
) -> bool:
    """Write what `url` gives to a file, over as many connections as it takes.

    Goes on from what the file has. Returns whether its bytes came over more than one connection.
    """
    validator = None  # the ETag of the bytes that are here
    most = file.seek(0, os.SEEK_END)
    with tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024, mininterval=1.0) as bar:
        for attempt in attempts(patience, _FAILURES):
            with attempt:
                if not resumable:
                    file.truncate(0)
                here = file.seek(0, os.SEEK_END)
                # Compressed on the way, a range would count other bytes than the file's.
                asked = {**headers, "Accept-Encoding": "identity"}
                if here:
                    asked["Range"] = f"bytes={here}-"
                    if validator:  # no range of another version: all of it then
                        asked["If-Range"] = validator
                with requests.get(
                    url, headers=asked, stream=True, timeout=patience.stall
                ) as response:
                    if here and response.status_code == _NOTHING_BEYOND:
                        return True  # the hash says whether what is here is the file
                    response.raise_for_status()
                    etag = response.headers.get("ETag", "")
                    validator = etag if etag.startswith('"') else None  # a weak one cannot serve
                    if response.headers.get("Content-Encoding", "identity") != "identity":
                        resumable = False  # compressed unasked
                    start, size = _extent(response)
                    if start not in (0, here):
                        resumable = False
                        raise requests.ConnectionError("the answer is another range than asked")
                    file.truncate(start)
                    file.seek(start)
                    for piece in _pieces(response, bar, start):
                        file.write(piece)
                        if file.tell() > most:
                            most = file.tell()
                            attempt.retry_state.attempt_number = 1  # worth all the patience
                    if size is not None and file.tell() < size:
                        raise requests.ConnectionError(f"{file.tell()} of {size} bytes came")
                    file.flush()
                    return start > 0
    raise AssertionError("the last attempt returns or raises")


def _extent(response: requests.Response) -> tuple[int | None, int | None]:
    """Return which byte of the file a body starts with, and how many a range says there are."""
    if response.status_code != requests.codes.partial_content:
        return 0, None
    given = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if given is None:
        return None, None
    return int(given[1]), None if given[2] == "*" else int(given[2])


def _pieces(response: requests.Response, bar: tqdm, before: int) -> Iterator[bytes]:
    """Yield the body of a response, whose first byte is the file's byte `before`."""
    size = response.raw.length_remaining
    bar.total = None if size is None else before + size
    bar.n = before
    bar.refresh()
    for piece in response.iter_content(PIECE):
        yield piece
        bar.update(len(piece))
