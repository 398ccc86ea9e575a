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
from tests.terminal.pty_terminal import CDPTUI, Terminal
from tests.terminal.recording_relay import RecordedTraffic, recording_relay
from tests.wire.forward_proxy import forward_proxy

PASSWORD = "Tr0ub4dor&3-Ünique"
PROXY_PASSWORD = "pr0xy:s3cret@Ünique42"
"""Its length needs no padding in base64: secrets that end in = are taken for signatures."""

MISTYPED = "Tr0ub4dor&4-mistyped"
KEY_SECRET = "sEcReT0123456789keykeykeykeykeykeykeykey"

FAULTY = (sys.executable, "-X", "dev", "-m", "tests.terminal.faulty", "message")
"""The program with warnings and debug mode on, and an injected defect at the key I."""


class Run:
    """A run of the real program between a node and a terminal, and all its output."""

    def __init__(self, folder: Path, node: ManagementNode, traffic: RecordedTraffic, terminal: Terminal) -> None:
        self.node = node
        self.terminal = terminal
        self._folder = folder
        self._traffic = traffic
        self._seen: list[bytes] = []

    def record(self) -> None:
        """Record the current screen, with its lines joined, and the command line of the process."""
        self._seen.append("".join(self.terminal.lines).encode())
        if self.terminal.process.poll() is None:
            self._seen.append(Path(f"/proc/{self.terminal.process.pid}/cmdline").read_bytes())

    def wait_for(self, pattern: str) -> None:
        self.terminal.wait_for(pattern)
        self.record()

    def quote_back(self, path: str, *, times: int = 1) -> None:
        """Let the next responses at `path` contain the secrets that were sent, as errors of servers do."""
        # A signature belongs to one request; tests/unit/api/test_error_redaction covers those.
        recorded = [secret.decode() for secret in self._traffic.secrets if not secret.endswith(b"=")]
        message = " ".join(sorted(recorded, key=len, reverse=True))
        self.node.faults.add("error", path, times=times, details=f"refused: {message}")

    def all_output(self) -> bytes:
        """Return the terminal's bytes with stderr, the recorded screens, argv, and the content of all files."""
        files = [path for path in self._folder.rglob("*") if path.is_file() and path.name != "given"]
        assert any(path.stat().st_size for path in files), "there is no log"
        return b"\n".join([bytes(self.terminal.output), *self._seen, *(path.read_bytes() for path in files)])

    @property
    def sent_secrets(self) -> set[bytes]:
        """The secrets in the recorded traffic."""
        return self._traffic.secrets

    def assert_no_secrets(self, *secrets_given: str) -> None:
        """Check that neither the given secrets, in any encoding, nor those in the traffic are in the output."""
        sent = self._traffic.secrets
        assert len(sent) >= 2, "the relay recorded nothing"
        secrets = {encoding for secret in secrets_given for encoding in encodings(secret)} | sent
        all_output = self.all_output()
        leaked = [secret for secret in secrets if secret in all_output]
        assert not leaked, [all_output[max(0, all_output.index(secret) - 80) :][:200] for secret in leaked]


def encodings(secret: str) -> set[bytes]:
    """Return the encodings in which a secret may be written."""
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
def monitored_run(
    folder: Path,
    environment: dict[str, str],
    *options: str,
    command: tuple[str, ...] = CDPTUI,
    proxy_user_info: str = "",
) -> Iterator[Run]:
    """Run the program, through a proxy if `proxy_user_info` is given; the traffic behind the proxy is recorded."""
    settings = SimulatorSettings(port=0, tasks=5, password=PASSWORD, access_key_secret=KEY_SECRET)
    node = ManagementNode(settings)
    # Changes in the fleet would replace notices.
    node.world.freeze()
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR"), str(folder))
    with EmbeddedServer(node) as server, recording_relay(server.url) as traffic, ExitStack() as stack:
        url = traffic.url
        if proxy_user_info:
            proxy, _ = stack.enter_context(forward_proxy(urlsplit(traffic.url).port or 0))
            url, homes["HTTP_PROXY"] = "http://node.example:8080", proxy.replace("://", f"://{proxy_user_info}@")
        whole = [*command, "--url", url, "--interval", "1", "--log-file", str(folder / "log"), *options]
        with Terminal(whole, columns=200, lines=50, environment={**homes, **environment}) as terminal:
            yield Run(folder, node, traffic, terminal)


def provoke_errors(run: Run) -> None:
    """Let requests fail, with responses that contain the secrets that were sent."""
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
    for letter, message in (("u", "Sent UUID"), ("j", "Sent row as JSON"), ("c", "Sent curl command")):
        run.terminal.send("c")
        run.wait_for("row as JSON")
        run.terminal.send(letter)
        run.wait_for(message)


def leave(run: Run) -> None:
    run.terminal.send("q")
    assert run.terminal.wait_for_end() == 0
    run.record()
    assert run.node.sessions.alive() == 0


def test_session_with_a_password_leaks_no_secret(tmp_path: Path) -> None:
    with monitored_run(tmp_path, {"ZSTACK_PASSWORD": MISTYPED}, "--log-level", "debug", "--account", "admin") as run:
        run.wait_for("login refused")
        # An error that quotes the secrets, another refusal, then the right password.
        run.quote_back("/accounts/login")
        type_password(run, MISTYPED)
        run.wait_for("▲ retry .*server error")
        run.wait_for("login refused")
        type_password(run, PASSWORD)
        provoke_errors(run)
        run.node.faults.add("session-kill", "/cdp-task", times=1)
        run.terminal.wait_for(lambda _: run.node.sessions.logins > 1)
        run.wait_for("● live")
        copy_everything(run)
        leave(run)
        run.assert_no_secrets(PASSWORD, MISTYPED)


def test_session_through_a_proxy_with_a_password_leaks_no_secret(tmp_path: Path) -> None:
    user_info = f"proxy-user:{quote(PROXY_PASSWORD, safe='')}"
    environment = {"ZSTACK_PASSWORD": PASSWORD}
    with monitored_run(tmp_path, environment, "--log-level", "debug", proxy_user_info=user_info) as run:
        provoke_errors(run)
        copy_everything(run)
        leave(run)
        run.assert_no_secrets(PASSWORD, PROXY_PASSWORD, user_info)
        assert base64.b64encode(f"proxy-user:{PROXY_PASSWORD}".encode()) in run.sent_secrets


def test_access_key_is_not_leaked(tmp_path: Path) -> None:
    key = {"ZSTACK_ACCESS_KEY_ID": "CDPTUISIMULATOR01", "ZSTACK_ACCESS_KEY_SECRET": KEY_SECRET}
    with monitored_run(tmp_path, key, "--debug") as run:
        provoke_errors(run)
        copy_everything(run)
        leave(run)
        run.assert_no_secrets(KEY_SECRET)


def test_given_session_id_is_not_leaked(tmp_path: Path) -> None:
    session = "5e5510ab5e5510ab5e5510ab5e5510ab"
    with monitored_run(tmp_path, {"ZSTACK_SESSION_ID": session}, "--debug") as run:
        run.wait_for("session invalid")
        run.terminal.send("q")
        assert run.terminal.wait_for_end() == 0
        run.assert_no_secrets(session)


@pytest.mark.parametrize("option", ["--debug", "--log-level=debug"])
def test_crash_leaks_no_secret(tmp_path: Path, option: str) -> None:
    with monitored_run(tmp_path, {"ZSTACK_PASSWORD": PASSWORD}, option, "--account", "admin", command=FAULTY) as run:
        run.wait_for("5/5 tasks")
        run.terminal.send("I")
        assert run.terminal.wait_for_end() == 1
        run.record()
        assert ("Traceback" in run.terminal.text) is (option == "--debug")
        assert b"ZeroDivisionError" in run.all_output()
        assert run.node.sessions.alive() == 0
        run.assert_no_secrets(PASSWORD)


def test_secret_file_readable_by_others_is_refused_and_not_shown(tmp_path: Path) -> None:
    for name, option, content in (("given", "--password-file", PASSWORD), ("given", "--access-key-file", KEY_SECRET)):
        path = tmp_path / name
        path.write_text(f"{content}\n", encoding="utf-8")
        path.chmod(0o644)
        with Terminal([*CDPTUI, "--url", "127.0.0.1:9", option, str(path), "--debug"]) as terminal:
            assert terminal.wait_for_end() == 2
            assert "chmod 600" in terminal.text
            assert content.encode() not in terminal.output
