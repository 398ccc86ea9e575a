"""No output of complete sessions contains a secret."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha512
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.overheard import Wire, overheard
from tests.terminal.pty_terminal import CDPTUI, Terminal
from tests.wire.forward_proxy import forward_proxy

PASSWORD = "Tr0ub4dor&3-Ünique"
PROXY_PASSWORD = "pr0xy:s3cret@Ünique42"
"""Of a length that base64 does not pad: what ends in = is taken for a signature."""

MISTYPED = "Tr0ub4dor&4-mistyped"
KEY_SECRET = "sEcReT0123456789keykeykeykeykeykeykeykey"

FAULTY = (sys.executable, "-X", "dev", "-m", "tests.terminal.faulty", "worker")
"""The program with warnings and debug mode on, and an injected defect at the key I."""


class Run:
    """A run of the real program between a node and a terminal, and all that it left."""

    def __init__(self, folder: Path, node: ManagementNode, wire: Wire, terminal: Terminal) -> None:
        self.node = node
        self.terminal = terminal
        self._folder = folder
        self._wire = wire
        self._seen: list[bytes] = []

    def look(self) -> None:
        """Keep what can be seen now: the screen, lines joined, and what the machine tells of the process."""
        self._seen.append("".join(self.terminal.lines).encode())
        if self.terminal.process.poll() is None:
            self._seen.append(Path(f"/proc/{self.terminal.process.pid}/cmdline").read_bytes())

    def wait_for(self, pattern: str) -> None:
        self.terminal.wait_for(pattern)
        self.look()

    def quote_back(self, path: str, *, times: int = 1) -> None:
        """The next answers there tell what was sent, as servers that fail do."""
        # A signature is of one request alone: tests/unit/api/test_error_redaction covers those.
        heard = [secret.decode() for secret in self._wire.secrets if not secret.endswith(b"=")]
        said = " ".join(sorted(heard, key=len, reverse=True))
        self.node.faults.add("error", path, times=times, details=f"refused: {said}")

    def left(self) -> bytes:
        """All that came out: bytes for the terminal, stderr among them, screens, argv, and every file."""
        files = [path for path in self._folder.rglob("*") if path.is_file() and path.name != "given"]
        assert any(path.stat().st_size for path in files), "it was to log"
        return b"\n".join([bytes(self.terminal.output), *self._seen, *(path.read_bytes() for path in files)])

    @property
    def overheard(self) -> set[bytes]:
        return self._wire.secrets

    def tells_nothing(self, *given: str) -> None:
        """Neither what was given nor what went over the wire is anywhere, in any of its forms."""
        overheard = self._wire.secrets
        assert len(overheard) >= 2, "it was to hear something"
        secrets = {form for secret in given for form in forms(secret)} | overheard
        left = self.left()
        told = [secret for secret in secrets if secret in left]
        assert not told, [left[max(0, left.index(secret) - 80) :][:200] for secret in told]


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written down."""
    raw = secret.encode()
    return {
        raw,
        sha512(raw).hexdigest().encode(),
        base64.b64encode(raw).rstrip(b"="),
        quote(secret).encode(),
        repr(secret)[1:-1].encode(),
        ascii(secret)[1:-1].encode(),
    }


@contextmanager
def a_run(
    folder: Path,
    environment: dict[str, str],
    *options: str,
    command: tuple[str, ...] = CDPTUI,
    proxy_user_info: str = "",
) -> Iterator[Run]:
    """Run on a node, through a proxy if there is a user and a password for it; the wire is behind the proxy."""
    settings = SimulatorSettings(port=0, tasks=5, password=PASSWORD, access_key_secret=KEY_SECRET)
    node = ManagementNode(settings)
    # What changes there would replace notices.
    node.world.freeze()
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR"), str(folder))
    with EmbeddedServer(node) as server, overheard(server.url) as wire, ExitStack() as stack:
        url = wire.url
        if proxy_user_info:
            proxy, _ = stack.enter_context(forward_proxy(urlsplit(wire.url).port or 0))
            url, homes["HTTP_PROXY"] = "http://node.example:8080", proxy.replace("://", f"://{proxy_user_info}@")
        whole = [*command, "--url", url, "--interval", "1", "--log-file", str(folder / "log"), *options]
        with Terminal(whole, columns=200, lines=50, environment={**homes, **environment}) as terminal:
            yield Run(folder, node, wire, terminal)


def see_errors(run: Run) -> None:
    """What goes wrong in a session, told by a server that quotes what it was sent."""
    run.wait_for("5/5 tasks")
    run.quote_back("/cdp-task")
    run.wait_for("▲ retry .*server error")
    run.wait_for("● live")
    run.node.faults.add("redirect", "/cdp-task")
    run.wait_for("▲ retry ")
    run.node.faults.clear()
    run.wait_for("● live")


def type_password(run: Run, password: str) -> None:
    run.terminal.send("r")
    run.wait_for("Log in again")
    run.terminal.send(password)
    run.wait_for("•")
    run.terminal.send("\r")


def copy_everything(run: Run) -> None:
    for letter, said in (("u", "Sent UUID"), ("j", "Sent row as JSON"), ("c", "Sent curl command")):
        run.terminal.send("c")
        run.wait_for("row as JSON")
        run.terminal.send(letter)
        run.wait_for(said)


def leave(run: Run) -> None:
    run.terminal.send("q")
    assert run.terminal.wait_for_end() == 0
    run.look()
    assert run.node.sessions.alive() == 0


def test_a_session_with_a_password_tells_no_secret(tmp_path: Path) -> None:
    with a_run(tmp_path, {"ZSTACK_PASSWORD": MISTYPED}, "--log-level", "debug", "--account", "admin") as run:
        run.wait_for("login refused")
        # An answer that quotes what was sent, then a refusal again, then the right one.
        run.quote_back("/accounts/login")
        type_password(run, MISTYPED)
        run.wait_for("▲ retry .*server error")
        run.wait_for("login refused")
        type_password(run, PASSWORD)
        see_errors(run)
        run.node.faults.add("session-kill", "/cdp-task", times=1)
        run.terminal.wait_for(lambda _: run.node.sessions.logins > 1)
        run.wait_for("● live")
        copy_everything(run)
        leave(run)
        run.tells_nothing(PASSWORD, MISTYPED)


def test_a_session_through_a_proxy_with_a_password_tells_no_secret(tmp_path: Path) -> None:
    user_info = f"proxy-user:{quote(PROXY_PASSWORD, safe='')}"
    environment = {"ZSTACK_PASSWORD": PASSWORD}
    with a_run(tmp_path, environment, "--log-level", "debug", proxy_user_info=user_info) as run:
        see_errors(run)
        copy_everything(run)
        leave(run)
        run.tells_nothing(PASSWORD, PROXY_PASSWORD, user_info)
        assert base64.b64encode(f"proxy-user:{PROXY_PASSWORD}".encode()) in run.overheard


def test_an_access_key_tells_no_secret(tmp_path: Path) -> None:
    key = {"ZSTACK_ACCESS_KEY_ID": "CDPTUISIMULATOR01", "ZSTACK_ACCESS_KEY_SECRET": KEY_SECRET}
    with a_run(tmp_path, key, "--debug") as run:
        see_errors(run)
        copy_everything(run)
        leave(run)
        run.tells_nothing(KEY_SECRET)


def test_a_given_session_tells_no_secret(tmp_path: Path) -> None:
    session = "5e5510ab5e5510ab5e5510ab5e5510ab"
    with a_run(tmp_path, {"ZSTACK_SESSION_ID": session}, "--debug") as run:
        run.wait_for("session invalid")
        run.terminal.send("q")
        assert run.terminal.wait_for_end() == 0
        run.tells_nothing(session)


@pytest.mark.parametrize("option", ["--debug", "--log-level=debug"])
def test_a_crash_tells_no_secret(tmp_path: Path, option: str) -> None:
    with a_run(tmp_path, {"ZSTACK_PASSWORD": PASSWORD}, option, "--account", "admin", command=FAULTY) as run:
        run.wait_for("5/5 tasks")
        run.terminal.send("I")
        assert run.terminal.wait_for_end() == 1
        run.look()
        assert ("Traceback" in run.terminal.text) is (option == "--debug")
        assert b"ZeroDivisionError" in run.left()
        assert run.node.sessions.alive() == 0
        run.tells_nothing(PASSWORD)


def test_a_secret_file_that_others_can_read_is_refused_and_not_told(tmp_path: Path) -> None:
    for name, option, content in (("given", "--password-file", PASSWORD), ("given", "--access-key-file", KEY_SECRET)):
        path = tmp_path / name
        path.write_text(f"{content}\n", encoding="utf-8")
        path.chmod(0o644)
        with Terminal([*CDPTUI, "--url", "127.0.0.1:9", option, str(path), "--debug"]) as terminal:
            assert terminal.wait_for_end() == 2
            assert "chmod 600" in terminal.text
            assert content.encode() not in terminal.output
