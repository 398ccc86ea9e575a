"""A TLS proxy in front of a plain server, with certificates of every kind made for the tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class Certificates:
    """A private CA and certificates that it signed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = trustme.CA(organization_name="Private Authority")
        self.ca_file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))

    def server(self, *, host: str = "127.0.0.1", is_expired: bool = False) -> ssl.SSLContext:
        """Return a server context with a certificate for `host`."""
        now = datetime.now(UTC)
        ends = now + timedelta(days=-1 if is_expired else 10)
        issued = self.authority.issue_cert(host, not_before=now - timedelta(days=10), not_after=ends)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        return context

    def self_signed(self) -> ssl.SSLContext:
        """Return a server context with a self-signed certificate."""
        alone = trustme.CA(organization_name="Myself")
        pem = self._folder / "self.pem"
        pem.write_bytes(alone.private_key_pem.bytes() + alone.cert_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def requiring_client_certificate(self) -> ssl.SSLContext:
        """Return a server context that requires a client certificate."""
        context = self.server()
        context.verify_mode = ssl.CERT_REQUIRED
        self.authority.configure_trust(context)
        return context

    def client(self) -> tuple[Path, Path]:
        """Return the files of a client certificate and its key."""
        issued = self.authority.issue_cert("operator@example.com")
        certificate, key = self._folder / "client.pem", self._folder / "client.key"
        certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        key.chmod(0o600)
        return certificate, key


@contextmanager
def tls_in_front_of(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """Run a TLS server that forwards to the plain server at `url`. Yield its https URL."""
    port = int(url.rpartition(":")[2])
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    started = threading.Event()

    open_connections: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections.add(writer)
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        open_connections.add(behind_writer)
        try:
            await asyncio.gather(_pass_on(reader, behind_writer), _pass_on(behind_reader, writer))
        finally:
            for each in (writer, behind_writer):
                each.transport.abort()

    async def serve() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        ready.append(server.sockets[0].getsockname()[1])
        started.set()
        await stopped.wait()
        server.close()
        passing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for writer in open_connections:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in open_connections), return_exceptions=True)
        # Aborted handshakes are closed in the next iterations of the event loop.
        await asyncio.sleep(0.01)

    stopped = asyncio.Event()
    # Errors of clients that disconnect during a handshake are expected.
    loop.set_exception_handler(lambda _loop, _context: None)
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield f"https://127.0.0.1:{ready[0]}"
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(5)
        loop.close()


@contextmanager
def refusing_handshakes(context: ssl.SSLContext) -> Iterator[str]:
    """Run a TLS server that sends the alert of a failed handshake, which asyncio's does not. Yield its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = context.wrap_socket(listener.accept()[0], server_side=True, do_handshake_on_connect=False)
                try:
                    connection.do_handshake()
                except ssl.SSLError:
                    # Closing with unread bytes would reset the connection and lose the alert.
                    connection.shutdown(socket.SHUT_WR)
                    plain = socket.socket(fileno=connection.detach())
                    while plain.recv(65_536):
                        pass
                    plain.close()

    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        listener.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, OSError, ssl.SSLError):
        writer.close()
