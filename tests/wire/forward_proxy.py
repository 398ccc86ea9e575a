"""A proxy as companies have them: it passes on what it is asked for and opens tunnels; all names lead to one port."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def forward_proxy(port: int) -> Iterator[tuple[str, list[str]]]:
    """Lead everything to `port` of this machine; the proxy's URL, and the request lines that it saw."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5.0

        def _pass_on(self) -> None:
            asked.append(f"{self.command} {self.path}")
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = f"{url.path}?{url.query}" if url.query else url.path
            # Whoever asked may be gone by the time there is an answer.
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as behind:
                behind.request(self.command, path, body, dict(self.headers))
                answer = behind.getresponse()
                content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = _pass_on  # noqa: N815 - the library's names

        def do_CONNECT(self) -> None:
            asked.append(f"{self.command} {self.path}")
            with socket.create_connection(("127.0.0.1", port)) as behind:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_copy, args=(behind, self.connection), daemon=True)
                back.start()
                _copy(self.connection, behind)
                back.join(5)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Closing it waits for all of them: none may leave a connection open behind the test.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
