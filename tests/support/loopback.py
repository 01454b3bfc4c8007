"""A web server on the loopback that answers as told, faults included, and keeps a record.

    with web_server() as server:
        server.pages["/a.txt"] = Page(b"hello", faults=[Answer(503), Cut(2)])
        ...  # server.url + "/a.txt": 503, then "he" and a cut connection, then all of it

`Hub` puts a model repository on such a server, as the hub of Hugging Face would.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """Something else in place of the page: an error status, other bytes, a lie in the headers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass
class Cut:
    """The connection ends after some bytes of the body."""

    after: int


@dataclass
class Stall:
    """Nothing more comes after some bytes of the body, while the connection stays."""

    after: int


@dataclass
class Page:
    """What an address gives, and what goes wrong in its first GETs."""

    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    faults: list[Answer | Cut | Stall] = field(default_factory=list)
    ranges: bool = True


@dataclass
class Request:
    """One request as it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    """By name in lower case."""
    status: int = 0
    sent: int = 0
    """Bytes of body."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "WebServer"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, headers)
        self.server.requests.append(request)
        page = self.server.pages.get(path, Page(b"", status=404))
        fault = page.faults.pop(0) if body and page.faults else None
        if isinstance(fault, Answer):
            page = Page(fault.content, fault.headers, fault.status, ranges=False)
            fault = Cut(len(fault.content))
        status, content, headers = page.status, page.content, dict(page.headers)
        start = self._first_byte(page)
        if start:
            status = 206 if start < len(content) else 416
            if status == 206:
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
        request.status = status
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        if fault is not None:
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            content = content if fault is None else content[: fault.after]
            request.sent = len(content)
            self.wfile.write(content)
        if isinstance(fault, Stall):
            self.wfile.flush()
            self.server.closing.wait(20)

    def _first_byte(self, page: Page) -> int:
        asked = self.headers.get("Range")
        if not asked or not page.ranges or page.status != 200:
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_) -> None:
        """Say nothing."""


class WebServer(ThreadingHTTPServer):
    """Pages by path, and the requests so far."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests for one path."""
        return [r for r in self.requests if (r.method, r.path) == (method, path)]

    def handle_error(self, *_) -> None:
        """A client that goes away is no news."""


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Run a server for the block."""
    server = WebServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub:
    """A repository on a server: its listing, its small files, its weights by way of a store.

    As on the real hub, `resolve` answers for a weights file with its hash and a redirect to
    another host (here: another port).
    """

    def __init__(self, hub: WebServer, store: WebServer, name: str, files: dict[str, bytes]):
        self.hub, self.store, self.name = hub, store, name
        self.commit = hashlib.sha1(name.encode()).hexdigest()
        self.listing: list[dict] = []
        for file, content in files.items():
            self._put(file, content)
        self.list()

    def _put(self, file: str, content: bytes) -> None:
        entry = {"rfilename": file, "size": len(content), "blobId": git_hash(content)}
        commit = {"X-Repo-Commit": self.commit}
        if file.endswith((".safetensors", ".bin")):
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
            self.store.pages[f"/{sha256}"] = Page(content, {"ETag": f'"{sha256}"'})
            page = Page(
                b"",
                commit
                | {
                    "X-Linked-Etag": f'"{sha256}"',
                    "X-Linked-Size": str(len(content)),
                    "Location": f"{self.store.url}/{sha256}",
                },
                status=302,
            )
        else:
            page = Page(content, commit | {"ETag": f'"{git_hash(content)}"'})
        self.hub.pages[self.address(file)] = page
        self.listing.append(entry)

    def list(self) -> None:
        """Publish the listing, at the commit and at main."""
        answer = {"id": self.name, "sha": self.commit, "siblings": self.listing}
        page = Page(json.dumps(answer).encode(), {"Content-Type": "application/json"})
        api = f"/api/models/{self.name}"
        for at in (api, f"{api}/revision/main", f"{api}/revision/{self.commit}"):
            self.hub.pages[at] = page

    def address(self, file: str) -> str:
        """The path of a file on the hub."""
        return f"/{self.name}/resolve/{self.commit}/{file}"

    def page(self, file: str) -> Page:
        """The page that has the bytes of a file."""
        page = self.hub.pages[self.address(file)]
        if page.status == 302:
            return self.store.pages["/" + page.headers["Location"].rpartition("/")[2]]
        return page
