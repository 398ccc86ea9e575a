"""Output of untrusted options, variables and files is sanitized and has no secrets."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cdptui
from cdptui.cli import output_boundary
from cdptui.cli.main import main
from cdptui.cli.output_boundary import printable
from cdptui.models.redaction import Redactor

PACKAGE = Path(cdptui.__file__).parent
HOSTILE = {
    "escape": "a\x1b]0;owned\x07\x1b[31mb",
    "C1": "a\x9b31mb\x9dx",
    "bidi": "a\u202egpj\u2066b",
    "zero width": "a\u200bb\ufeff",
    "carriage return": "a\rb\x08",
    "undecodable": "a\udcffb",
}
SECRET = "hunter2-%s"


def is_harmless(text: str) -> bool:
    return all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)


@given(st.text(), st.sampled_from(("utf-8", "latin-1", "ascii")))
def test_any_text_is_sanitized_and_can_be_encoded(text: str, encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    written = printable(text, stream)
    assert is_harmless(written)
    written.encode(encoding)


def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: str, **environ: str
) -> tuple[int, str]:
    """Run a command in this process. Return its exit code and its output."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["cdptui", *arguments])
    monkeypatch.setattr(output_boundary, "_redactor", Redactor())
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capfd.readouterr()
    return int(ended.value.code or 0), captured.out + captured.err


COMMANDS = {
    "the monitor": ("--url", "{}"),
    "a profile": ("--profile", "{}", "config", "show"),
    "an account": ("--account", "{}", "config", "show"),
    "a file": ("--config", "/proc/nowhere/{}", "config", "check"),
    "a path": ("--config", "/proc/nowhere/{}", "config", "path"),
    "a folder": ("--config", "/proc/nowhere/{}/x", "config", "init"),
    "a password file": ("--url", "h", "--password-file", "/proc/nowhere/{}"),
    "a log": ("--url", "h", "--log-file", "/proc/{}/x"),
    "a CA": ("--url", "https://h", "--ca-file", "/proc/nowhere/{}", "config", "show"),
    "an unknown command": ("{}",),
    "an unknown option": ("--{}",),
    "a number": ("--interval", "{}", "config", "show"),
    "a choice": ("--theme", "{}", "config", "show"),
    "a zone": ("--server-zone", "{}", "config", "show", "--origin"),
    "a fault": ("simulate", "--fault", "{}"),
    "a host": ("simulate", "--host", "{}"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_option_is_printed_sanitized(
    command: tuple[str, ...], hostile: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [part.replace("{}", hostile) for part in command]
    _, written = run(monkeypatch, capfd, *arguments)
    assert is_harmless(written), ascii(written)
    assert "Traceback" not in written
    assert "internal error" not in written


VARIABLES = [
    "ZSTACK_API_URL",
    "ZSTACK_HOST",
    "ZSTACK_PORT",
    "ZSTACK_ACCOUNT",
    "ZSTACK_SERVER_ZONE",
    "CDPTUI_CONFIG",
    "CDPTUI_PROFILE",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "ZSTACK_ACCOUNT_NAME",
    "ZSTACK_PASSWORD",
    "ZSTACK_SESSION_ID",
    "ZSTACK_ACCESS_KEY_ID",
    "ZSTACK_ACCESS_KEY_SECRET",
]


@pytest.mark.parametrize("value", [*HOSTILE.values(), "x" * 131_000, ""], ids=[*HOSTILE, "huge", "empty"])
@pytest.mark.parametrize("name", VARIABLES)
def test_hostile_variable_is_printed_sanitized(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for command in (("config", "show", "--origin"), ("--debug",)):
        monkeypatch.setenv("ZSTACK_HOST", "10.0.0.5")
        code, written = run(monkeypatch, capfd, *command, **{name: value})
        assert code in {0, 2}, ascii(written)[-400:]
        assert is_harmless(written), ascii(written)
        assert "internal error" not in written


def test_config_show_escapes_control_characters(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _, written = run(monkeypatch, capfd, "--account", "a\x1b[31m", "config", "show")
    assert '"a\\u001b[31m"' in written


SECRET_CHANNELS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "the password of a URL in a variable": ((), {"ZSTACK_API_URL": "http://admin:hunter2@10.0.0.5"}),
    "the password of a URL with no scheme": ((), {"ZSTACK_API_URL": "admin:hunter2@10.0.0.5"}),
    "the password of a URL in an option": (("--url", "http://admin:hunter2@10.0.0.5"), {}),
    "an encoded password": ((), {"ZSTACK_API_URL": "http://admin:hunter2%40x@10.0.0.5"}),
    "a password": ((), {"ZSTACK_PASSWORD": "hunter2"}),
    "a session": ((), {"ZSTACK_SESSION_ID": "hunter2"}),
    "an access key": ((), {"ZSTACK_ACCESS_KEY_ID": "id", "ZSTACK_ACCESS_KEY_SECRET": "hunter2"}),
    "a proxy's password": ((), {"HTTP_PROXY": "http://u:hunter2@proxy:3128"}),
    "a proxy's password in lower case": ((), {"https_proxy": "http://u:hunter2@proxy:3128"}),
    "the password of a proxy for all": ((), {"ALL_PROXY": "socks5://u:hunter2@proxy:1080"}),
    "the password of a proxy with no scheme": ((), {"HTTP_PROXY": "u:hunter2@proxy:3128"}),
    "an encoded password of a proxy": ((), {"HTTP_PROXY": "http://u:hunter2%40x@proxy:3128"}),
    "the password of a proxy with a bad port": ((), {"HTTP_PROXY": "http://u:hunter2@proxy:99999"}),
    "the password of a proxy that is no URL": ((), {"HTTP_PROXY": "hunter2://u:hunter2@10.0.0.300:3128"}),
    "a password that is given as an account": (("--account", "hunter2"), {"ZSTACK_PASSWORD": "hunter2"}),
}


@pytest.mark.parametrize(("options", "environ"), SECRET_CHANNELS.values(), ids=SECRET_CHANNELS)
@pytest.mark.parametrize(
    "command", [("config", "show"), ("config", "show", "--origin"), ("config", "check"), (), ("--debug",)]
)
def test_secret_is_in_no_output(
    command: tuple[str, ...],
    options: tuple[str, ...],
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given_host = {} if "ZSTACK_API_URL" in environ else {"ZSTACK_HOST": "10.0.0.5"}
    _, written = run(monkeypatch, capfd, *options, *command, **given_host, **environ)
    assert "hunter2" not in written


def test_password_of_a_url_in_the_configuration_is_in_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[profiles.prod]\nurl = "admin:hunter2@10.0.0.5"\n', encoding="utf-8")
    for command in (("config", "show", "--origin"), ("config", "check"), ()):
        _, written = run(monkeypatch, capfd, "--config", str(file), *command)
        assert "hunter2" not in written


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--account", "admin@corp.example", "config", "show"), "admin@corp.example"),
        (
            ("--config", "/proc/nowhere/admin@host/config.toml", "config", "path"),
            "/proc/nowhere/admin@host/config.toml",
        ),
    ],
)
def test_at_sign_in_an_account_or_a_path_hides_nothing(
    arguments: tuple[str, ...], shown: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _, written = run(monkeypatch, capfd, *arguments)
    assert shown in written


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "admin:hunter2@h"),
        ("--url=admin:hunter2@h",),
        ("--url", "http://hunter2@h"),
        ("--account", "http://admin:hunter2@h"),
    ],
)
def test_password_of_a_url_among_the_arguments_is_hidden_in_any_text(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_boundary, "_redactor", Redactor())
    output_boundary.hide_given_secrets(["cdptui", *arguments], {})
    assert output_boundary.redact("hunter2") == "***"


def test_screen_text_is_one_sanitized_line_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_boundary, "_redactor", Redactor())
    output_boundary.hide("hunter2")
    for hostile in (*HOSTILE.values(), "a\nb"):
        shown = output_boundary.screen_text(f"{hostile} hunter2")
        assert is_harmless(shown)
        assert "\n" not in shown
        assert "hunter2" not in shown


def test_every_use_of_a_standard_stream_is_known() -> None:
    """Aliases of `print` and of `click.echo` are found by their imports; all other uses need one of these names."""
    users = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_stream = isinstance(node, ast.Attribute) and ast.unparse(node) in {
                "sys.stdout",
                "sys.stderr",
                "sys.__stdout__",
                "sys.__stderr__",
                "logging.StreamHandler",
                "logging.basicConfig",
            }
            is_alias = isinstance(node, ast.ImportFrom) and node.module in {"click", "sys"}
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            if is_stream or (is_alias and names & {"echo", "secho", "prompt", "confirm", "stdout", "stderr"}):
                users.add(path.relative_to(PACKAGE).as_posix())
    assert users == {
        "cli/output.py",
        "cli/diagnostics.py",
        "cli/main.py",  # flushes both at the end
        "__main__.py",  # opens those that are closed
        "cli/tty_checks.py",  # asks whether stdout is a terminal
        "tui/terminal/driver.py",  # draws the screen
    }


def test_only_two_modules_write_to_stdout_and_stderr() -> None:
    writers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "print",
                "click.echo",
                "click.echo_via_pager",
                "click.get_pager_file",
                "click.secho",
                "click.prompt",
                "click.confirm",
                "sys.stdout.write",
                "sys.stderr.write",
                "traceback.print_exc",
                "traceback.print_exception",
            }:
                writers.add(path.relative_to(PACKAGE).as_posix())
    assert writers == {"cli/output.py", "cli/diagnostics.py"}


UNCAUGHT = r"""
import logging, os, sys, threading, warnings
from cdptui import __main__ as entry
from cdptui.cli import main

TEXT = "hunter2 a\x1b]0;owned\x07\x9b31m\u202eb"

class Finalized:
    def __del__(self):
        raise ValueError(TEXT)

    def __repr__(self):
        return TEXT

def thread():
    raise ValueError(TEXT)

def run():
    main.hide_given_secrets(sys.argv, os.environ)
    match sys.argv[1]:
        case "thread":
            running = threading.Thread(target=thread, name=TEXT)
            running.start()
            running.join()
        case "finalizer":
            Finalized()
        case "log":
            logging.getLogger("x").error("%s", TEXT, exc_info=ValueError(TEXT))
        case "warning":
            warnings.warn(TEXT)
        case "main":
            raise BaseException(TEXT)

main.main = run
entry.main()
"""


@pytest.mark.parametrize("is_debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("kind", ["thread", "finalizer", "log", "warning", "main"])
def test_uncaught_error_is_printed_sanitized_and_without_secrets(kind: str, is_debug: bool) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", UNCAUGHT, kind, *(["--debug"] if is_debug else [])],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "ZSTACK_PASSWORD": "hunter2", "PYTHONIOENCODING": "utf-8"},
    )
    written = (ended.stdout + ended.stderr).decode()
    assert "a␛]0;owned" in written
    assert is_harmless(written), ascii(written)
    assert "hunter2" not in written
    assert ended.returncode == (1 if kind == "main" else 0)
    if kind in {"thread", "finalizer", "main"}:
        assert ("Traceback" in written) is is_debug
