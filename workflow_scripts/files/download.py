"""Downloading: one file from a web address, whole and of the hash that was asked for.

    download(f"{base}/tr_imst-ud-test.conllu", path, "e1a2…")   # git blob hash

    for attempt in attempts(patience, TransientError):          # for what else asks a server
        with attempt:
            ...

A failure that may pass (no answer, a stall, a connection cut, an overloaded server) is tried again
after a growing wait, and the file goes on from the bytes that are here. Any other ends at once.
"""

import argparse
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import tenacity
from tqdm import tqdm

from workflow_scripts.errors import InputError
from workflow_scripts.files.artifact import whole_file

log = logging.getLogger("download")

MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP status codes of a server that may answer better later."""
LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more patience than this (Retry-After) does not get it."""
PIECE = 1 << 16
_FAILURES = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # the connection was cut before the last byte
)


class DownloadError(InputError):
    """A file that cannot be had; the message names its address and the reason."""


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server."""

    attempts: int = 6
    stall: float = 30.0
    """Seconds without a byte after which a connection is given up."""
    wait: float = 1.0
    """Seconds before the second attempt; about twice as many before each further one."""


def add_patience_options(parser: argparse.ArgumentParser) -> None:
    """Add --attempts and --stall, from which `Patience` is made."""
    patience = Patience()
    parser.add_argument(
        "--attempts", type=int, default=patience.attempts, help="how often to try (%(default)s)"
    )
    parser.add_argument(
        "--stall",
        type=int,
        default=int(patience.stall),
        help="seconds without a byte after which to try again (%(default)s)",
    )


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
        seconds = float(asked) if asked.isdigit() else 0.0  # a date is not worth the parsing
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
    """Return an error's message without its line breaks, or its kind where it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


def git_blob_sha1(path: Path) -> str:
    """Return git's hash of a file's content: SHA-1 of `blob {size}\\0` and the bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def download(url: str, path: Path, sha1: str, patience: Patience | None = None) -> None:
    """Download `url` to `path`, whole and of the git blob hash `sha1`, or not at all.

    A file that is there and has the hash is left as it is. Raises DownloadError, naming the
    address, where the server does not give the file or the bytes have another hash.
    """
    if path.is_file() and git_blob_sha1(path) == sha1:
        log.info("%s is here already", path)
        return
    with whole_file(path) as part:
        part.touch()
        try:
            _receive(url, part, path.name, patience or Patience())
        except requests.RequestException as error:
            raise DownloadError(f"{url}: {one_line(error)}") from error
        received = git_blob_sha1(part)
        if received != sha1:
            raise DownloadError(
                f"{url}: the git blob hash of what came is {received}, expected {sha1}; not kept"
            )


def _receive(url: str, part: Path, name: str, patience: Patience) -> None:
    """Write what `url` gives to the file `part`, over as many connections as it takes."""
    validator = None  # the ETag of the bytes that are here
    with tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024) as bar:
        for attempt in attempts(patience, _FAILURES):
            with attempt:
                here = part.stat().st_size
                # Compressed on the way, a range would count other bytes than the file's.
                headers = {"Accept-Encoding": "identity"}
                if here:
                    headers["Range"] = f"bytes={here}-"
                    if validator:  # no range of another version: all of it then
                        headers["If-Range"] = validator
                with requests.get(
                    url, headers=headers, stream=True, timeout=patience.stall
                ) as response:
                    if response.status_code == requests.codes.requested_range_not_satisfiable:
                        # What is here is no beginning of the file as it is now.
                        part.write_bytes(b"")
                        raise requests.ConnectionError("the file changed on the way")
                    response.raise_for_status()
                    etag = response.headers.get("ETag", "")
                    validator = etag if etag.startswith('"') else None  # a weak one cannot serve
                    resumed = response.headers.get("Content-Range", "").startswith(f"bytes {here}-")
                    with part.open("ab" if resumed else "wb") as file:
                        for piece in _pieces(response, bar, here if resumed else 0):
                            file.write(piece)


def _pieces(response: requests.Response, bar: tqdm, before: int) -> Iterator[bytes]:
    """Yield the body of a response, whose first byte is the file's byte `before`."""
    size = response.headers.get("Content-Length", "")
    bar.total = before + int(size) if size.isdigit() else None
    bar.n = before
    bar.refresh()
    for piece in response.iter_content(PIECE):
        yield piece
        bar.update(len(piece))
