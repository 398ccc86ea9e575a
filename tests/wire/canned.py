"""A server with scripted responses, byte by byte, on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VENDOR_PAGE = Path(__file__).with_name("vendor_example.json")

LOGIN = b'{"inventory":{"uuid":"7c1e2d3f4a5b46c7988d9e0f1a2b3c4d"}}'
ZONE = b'{"timezone":"Asia/Shanghai","offset":"+08:00","success":true}'
NO_NAMES = b'{"inventories":[]}'
EMPTY = b'{"schema":{},"total":0,"inventories":[]}'


@dataclass
class Canned:
    """The responses by path, and the recorded requests."""

    answers: dict[str, tuple[int, bytes]]
    url: str = ""
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: bytes, status: int = 200) -> None:
        """Set the response of a path."""
        self.answers[path] = (status, body)

    def count(self, method: str, path: str) -> int:
        """Return the number of requests."""
        return sum(1 for asked in self.asked if asked[0] == method and asked[1].partition("?")[0] == path)


@contextmanager
def canned(tasks: bytes = EMPTY, status: int = 200) -> Iterator[Canned]:
    """Run a node that accepts every login and responds to the task query with `tasks`."""
    state = Canned(
        {
            "/zstack/v1/accounts/login": (200, LOGIN),
            "/zstack/v1/management-nodes/platform-timezone": (200, ZONE),
            "/zstack/v1/resources/names": (200, NO_NAMES),
            "/zstack/v1/cdp-task": (status, tasks),
        }
    )

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            state.asked.append((self.command, self.path, dict(self.headers.items())))
            path = self.path.partition("?")[0]
            code, body = state.answers.get(path, (200, b"{}"))
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", "http://elsewhere.invalid/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = _handle  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
