"""Serve a node on a real socket: in the foreground for the command line, or in a thread for demos and tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from weakref import WeakSet

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from cdptui.simulator.app import web_app
from cdptui.simulator.faults.rules import FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.web_hooks import WebHooks

_KEEP_ALIVE_S = 120
_EXEMPT_KEEP_ALIVE_S = 86_400
_MAX_HEADER_BYTES = 65536
_BACKLOG = 100
_TICK_S = 1.0
_STOP_S = 5.0


async def serve(node: ManagementNode, *, on_ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT, SIGTERM or cancellation.

    `on_ready` gets the URL, with the real port, once the socket listens. Raises OSError when the port is in use.
    """
    with contextlib.closing(_bound_socket(node.settings.host, node.settings.port)) as listener:
        url = _url(listener)
        server = _Server(node, lambda: on_ready(url))
        with _signals(server.stop):
            await server.run_on(listener)


class EmbeddedServer:
    """A server in a daemon thread with its own event loop and no signal handlers."""

    def __init__(self, node: ManagementNode) -> None:
        self.node = node
        self.url = ""
        """Set by the first start; later starts keep it."""
        self._port = node.settings.port
        self._server: _Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen and return the URL. Later starts use the same port. Raises OSError when the port is in use."""
        if self._thread is not None:
            return self.url
        listener = _bound_socket(self.node.settings.host, self._port)
        self._port = listener.getsockname()[1]
        self.url = _url(listener)
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="simulator", daemon=True)
        self._thread.start()
        ready.wait()
        if self._server is None or not self._server.started:
            text = f"the simulator does not listen on {self.url}"
            raise OSError(text)
        return self.url

    def stop(self) -> None:
        """Stop listening and close all connections, idle or not."""
        if self._thread is None:
            return
        if self._loop is not None and self._server is not None:
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(_STOP_S)
        self._thread = self._loop = self._server = None

    def __enter__(self) -> EmbeddedServer:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._server = _Server(self.node, ready.set)
            await self._server.run_on(listener)

        try:
            with contextlib.closing(listener):
                asyncio.run(main())
        finally:
            # Set after a failure too, so that `start` does not wait without end.
            ready.set()


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers and log. It stops immediately, and stops listening while a rule demands it."""

    def __init__(self, node: ManagementNode, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                web_app(node, self),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
            )
        )
        self._faults = node.faults
        self._web_hooks = WebHooks(node)
        self._on_ready = on_ready
        self._rules_changed = asyncio.Event()
        self._listener: socket.socket | None = None
        self._is_refusing = False
        self._rules_lock = asyncio.Lock()
        self._exempt: WeakSet[H11Protocol] = WeakSet()

    async def run_on(self, listener: socket.socket) -> None:
        """Serve on a bound socket until stopped."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        unsubscribe = self._faults.subscribe(lambda: _call_in(loop, self._wake))
        self._web_hooks.start()
        try:
            await self.serve(sockets=[listener])
        except asyncio.CancelledError:
            self.stop()
            await self.shutdown(sockets=[listener])
            raise
        finally:
            unsubscribe()
            await self._web_hooks.stop()

    def stop(self) -> None:
        """Stop with all connections; requests that hang get a disconnect."""
        self.should_exit = True
        self._wake()
        self._abort(self.server_state.connections)

    @property
    def rules_changed(self) -> asyncio.Event:
        """Set when the rules change or the server stops."""
        return self._rules_changed

    def find(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """Return the transport of the connection from that client; None if it is closed."""
        protocol = self._find(client)
        return None if protocol is None else protocol.transport

    def exempt(self, client: tuple[str, int]) -> None:
        """Keep a connection open when the node stops listening or the connection is idle."""
        protocol = self._find(client)
        if protocol is not None:
            protocol.timeout_keep_alive = _EXEMPT_KEEP_ALIVE_S
            self._exempt.add(protocol)

    async def apply_rules(self) -> None:
        """Start or stop listening according to the rules; return when done."""
        async with self._rules_lock:
            is_refusing = self._faults.is_on(FaultKind.REFUSE)
            if is_refusing is self._is_refusing or self._listener is None or self.should_exit:
                return
            self._is_refusing = is_refusing
            if is_refusing:
                await self._refuse(self._listener)
            else:
                await super().startup(sockets=[self._listener])
                self._faults.on_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: the foreground handles signals."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening unless a rule forbids it, and report the start."""
        await super().startup(sockets=sockets)
        self._faults.on_listening()
        await self.apply_rules()
        self._on_ready()

    async def main_loop(self) -> None:
        """Follow the rules until stopped; the tick only updates the Date header."""
        while not await self.on_tick(0):
            changed = self._rules_changed  # read first, so that a change during apply_rules sets this event
            await self.apply_rules()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), min(_TICK_S, self._faults.next_end_s))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the current socket, which is not the initial one after a time without listening."""
        if self._listener is not None:
            await _stop_accepting(self._listener)
            self._abort(self.server_state.connections)
        await super().shutdown(sockets=sockets if self._listener is None else [self._listener])

    async def _refuse(self, listener: socket.socket) -> None:
        host, port = _address(listener)
        await _stop_accepting(listener)
        for server in self.servers:
            server.close()
        # Bound without listening: connections are refused and no other process can bind the port.
        self._listener = _bound_socket(host, port)
        self._abort(set(self.server_state.connections) - set(self._exempt))

    def _wake(self) -> None:
        changed, self._rules_changed = self._rules_changed, asyncio.Event()
        changed.set()

    def _find(self, client: tuple[str, int]) -> H11Protocol | None:
        for protocol in self.server_state.connections:
            if isinstance(protocol, H11Protocol) and protocol.client == client:
                return protocol
        return None

    @staticmethod
    def _abort(connections: Iterable[asyncio.Protocol]) -> None:
        for protocol in list(connections):
            transport = getattr(protocol, "transport", None)
            if transport is not None:
                transport.abort()


async def _stop_accepting(listener: socket.socket) -> None:
    """Stop accepting connections and let the event loop register those that were just accepted.

    If the socket is closed immediately, asyncio of Python 3.11 drops connections that were accepted but have no
    protocol yet: their clients are neither refused nor served.
    """
    if listener.fileno() < 0:
        return
    asyncio.get_running_loop().remove_reader(listener.fileno())
    for _ in range(3):
        await asyncio.sleep(0)


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call a function in the loop's thread; a closed loop is ignored."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets with an explicit protocol; without it each answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Resolved here, because bind() accepts the zone of an IPv6 address only as a number.
        listener.bind(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4])
    except (OSError, UnicodeError):
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = _address(listener)
    # The percent sign of a zone is escaped in a URL (RFC 6874).
    return f"http://[{host.replace('%', '%25')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address(listener: socket.socket) -> tuple[str, int]:
    """Return the address, with its zone if any, and the port of a socket."""
    name = listener.getsockname()
    return socket.getnameinfo(name, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0], name[1]


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Stop on SIGINT and SIGTERM if this is the main thread; other threads cannot receive signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
