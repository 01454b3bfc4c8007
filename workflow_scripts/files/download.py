"""Downloading: one file from a web address, whole and of the hash that was asked for.

    with alone(path):
        download(f"{base}/tr_imst-ud-test.conllu", path, "e1a2…", Patience())   # git blob hash

`requests` and `urllib3` ask again where a server is overloaded or out of reach. Neither goes on
with a body that was cut, nor does `huggingface_hub` after a run that was killed: what has come
stays in `.NAME.part` beside the file, and the next connection, or run, asks for the rest.
"""

import argparse
import hashlib
import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from filelock import FileLock, Timeout
from requests.adapters import HTTPAdapter, Retry
from tqdm import tqdm

from workflow_scripts import InputError

log = logging.getLogger("download")

MAY_PASS = (408, 429, 500, 502, 503, 504)
"""HTTP status codes of a server that may answer better later."""
LONGEST_WAIT = 60
"""Seconds; a server that asks for more patience than this (Retry-After) does not get it."""
PIECE = 1 << 13
"""Bytes; what came of a piece that was not whole is lost when a connection breaks."""
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"),]+")


class DownloadError(InputError):
    """A file that cannot be had; the message names its address and the reason."""


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server."""

    attempts: int = 6
    """Connections in a row that bring nothing new."""
    stall: float = 30.0
    """Seconds without a byte after which a connection is given up."""
    wait: float = 1.0
    """Seconds, from which the waits between attempts grow."""


def add_patience_options(parser: argparse.ArgumentParser) -> None:
    """Add --attempts and --stall, from which `Patience` is made."""
    for option, default, text in (
        ("--attempts", Patience.attempts, "how often to try"),
        ("--stall", int(Patience.stall), "seconds without a byte after which to try again"),
    ):
        parser.add_argument(
            option, type=_at_least_one, default=default, help=f"{text} (%(default)s)"
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


def one_line(error: object) -> str:
    """Return an error's message on one line, or its kind where it has no message.

    Without the queries of addresses: where a hub redirects to, they open a private file.
    """
    return _QUERY.sub("?…", " ".join(str(error).split())) or type(error).__name__


def _without_queries(record: logging.LogRecord) -> bool:
    """Let urllib3 say that it asks again, but not the query of the address."""
    record.msg, record.args = one_line(record.getMessage()), ()
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_without_queries)


def hash_like(expected: str, path: Path) -> str:
    """Return a file's hash of the kind of another: SHA-256 (64 digits), or else git blob hash."""
    digest = hashlib.sha256()
    if len(expected) != 64:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: digest).hexdigest()


def is_here(path: Path, expected: str | None) -> bool:
    """Say whether a file is there and has the hash, where there is one."""
    return path.is_file() and (expected is None or hash_like(expected, path) == expected)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from making the same file or folder meanwhile: they wait their turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(f".{path.name}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.warning("another process downloads %s: waiting for it", path)
        lock.acquire()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # who waits for a lock that is gone takes a new one
        lock.release()


def download(
    url: str,
    path: Path,
    expected: str | None,
    patience: Patience,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Download `url` to `path`, whole and of the hash `expected` (see `hash_like`), or not at all.

    A file that is there and has the hash is left as it is. Without a hash nothing is resumed.
    Raises DownloadError, naming the address, where the server does not give the file, or gives
    other bytes, of which nothing is kept.
    """
    if expected and is_here(path, expected):
        log.info("%s is here already", path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    most = failures = 0  # bytes that were ever here; connections in a row that brought no more
    with _session(patience, headers or {}) as session:
        while True:
            if not expected or part.is_symlink():  # what a link leads to is not ours to write
                part.unlink(missing_ok=True)
            here = part.stat().st_size if part.exists() else 0
            most = max(most, here)
            try:
                broken = _receive(session, url, part, here, patience.stall)
            except requests.RequestException as error:
                raise DownloadError(f"{url}: {one_line(error)}") from error
            if not broken:
                received = hash_like(expected, part) if expected else None
                if received == expected:
                    part.replace(path)
                    return
                part.unlink()
                kind = "SHA-256" if expected and len(expected) == 64 else "git blob hash"
                broken = f"the {kind} of what came is {received}, expected {expected}; not kept"
                if not here:
                    raise DownloadError(f"{url}: {broken}")
                # Pieces may be of two versions, or begin with those of an earlier pin: once more.
            came = part.stat().st_size if part.exists() else 0
            failures = 1 if came > most else failures + 1
            if failures >= patience.attempts:
                raise DownloadError(f"{url}: {broken}")
            seconds = min(patience.wait * 2 ** (failures - 1), LONGEST_WAIT)
            log.warning("%s: %s; once more in %.0f s", url, broken, seconds)
            time.sleep(seconds)


def _session(patience: Patience, headers: Mapping[str, str]) -> requests.Session:
    """Return a session that asks again, after growing waits, where a server may answer later."""
    retry = Retry(
        patience.attempts - 1,
        status_forcelist=MAY_PASS,
        raise_on_status=False,  # the answer itself says address and reason
        backoff_factor=patience.wait,
        backoff_jitter=patience.wait,  # jobs that failed together do not come back together
        backoff_max=LONGEST_WAIT,
        retry_after_max=LONGEST_WAIT,
    )
    session = requests.Session()
    session.auth = lambda request: request  # a password of ~/.netrc would replace a token
    # Compressed on the way, a range would count other bytes than the file's.
    session.headers.update({**headers, "Accept-Encoding": "identity"})
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _receive(
    session: requests.Session, url: str, part: Path, here: int, stall: float
) -> str | None:
    """Write what `url` gives after the first `here` bytes; return why it broke, where it did."""
    rest = {"Range": f"bytes={here}-"} if here else {}
    with session.get(url, headers=rest, stream=True, timeout=stall) as response:
        status, given = response.status_code, response.headers
        if here and status == requests.codes.requested_range_not_satisfiable:
            return None  # nothing beyond: the hash says whether what is here is the file
        response.raise_for_status()
        if status != requests.codes.partial_content:
            here = 0  # all of it
        elif (
            not given.get("Content-Range", "").startswith(f"bytes {here}-")
            or "Content-Encoding" in given  # compressed unasked
        ):
            part.unlink(missing_ok=True)
            return "the answer is another range than asked"
        left = response.raw.length_remaining
        bar = {"desc": part.name[1:-5], "initial": here, "total": left and here + left}
        with (
            part.open("ab" if here else "wb") as file,
            tqdm.wrapattr(file, "write", mininterval=1.0, **bar) as out,
        ):
            try:
                for piece in response.iter_content(PIECE):
                    out.write(piece)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                return one_line(error)
    return None
