"""A forward proxy with tunnels; all host names lead to one port."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


@contextmanager
def forward_proxy(port: int) -> Iterator[tuple[str, list[str]]]:
    """Run an HTTP proxy that forwards all requests to `port` of this machine. Yield its URL and its request lines."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5.0

        def _pass_on(self) -> None:
            asked.append(f"{self.command} {self.path}")
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = f"{url.path}?{url.query}" if url.query else url.path
            # The client may have disconnected before the response arrives.
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as behind:
                behind.request(self.command, path, body, dict(self.headers))
                answer = behind.getresponse()
                content = answer.read()
            self.send_response(answer.status)
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = _pass_on  # noqa: N815 - the library's names

        def do_CONNECT(self) -> None:
            asked.append(f"{self.command} {self.path}")
            with socket.create_connection(("127.0.0.1", port)) as behind:
                self.send_response(200)
                self.end_headers()
                _tunnel(self.connection, behind)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as at:
        yield f"http://{at}", asked


@contextmanager
def socks_proxy(port: int) -> Iterator[tuple[str, list[str]]]:
    """Run a SOCKS 5 proxy (RFC 1928) without a password that does the same. Yield its URL and the requested names."""
    asked: list[str] = []

    class Handler(StreamRequestHandler):
        timeout = 5.0

        def handle(self) -> None:
            _version, methods = self.rfile.read(2)
            self.rfile.read(methods)
            self.wfile.write(b"\x05\x00")
            assert self.rfile.read(4) == b"\x05\x01\x00\x03", "connect to a host name, which the proxy resolves"
            asked.append(self.rfile.read(self.rfile.read(1)[0]).decode())
            self.rfile.read(2)
            with socket.create_connection(("127.0.0.1", port)) as behind:
                self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
                _tunnel(self.connection, behind)

    with _serving(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as at:
        yield f"socks5h://{at}", asked


@contextmanager
def refusing_socks_proxy(*replies: bytes) -> Iterator[str]:
    """Run a server that answers each message of a SOCKS client with the next of `replies` and then closes."""

    class Handler(StreamRequestHandler):
        timeout = 5.0

        def handle(self) -> None:
            for reply in replies:
                self.connection.recv(1024)
                self.wfile.write(reply)

    with _serving(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as at:
        yield f"socks5h://{at}"


@contextmanager
def _serving(server: ThreadingHTTPServer | ThreadingTCPServer) -> Iterator[str]:
    # Closing the server then waits for all threads, so that no connection stays open after the test.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _tunnel(client: socket.socket, behind: socket.socket) -> None:
    back = threading.Thread(target=_copy, args=(behind, client), daemon=True)
    back.start()
    _copy(client, behind)
    back.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
