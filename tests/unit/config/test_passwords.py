"""Passwords from programs and keyrings, the real ones."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from cdptui.config.credentials import read_keyring_password
from cdptui.config.errors import ConfigError
from cdptui.config.password_command import run_password_command


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("is_interactive", [True, False])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('hunter2')", "hunter2"),
        ("print('hunter2\\nmore')", "hunter2"),
        ("print('hunter2', end='\\r\\n')", "hunter2"),
        ("print(' spaced  ', end='')", " spaced  "),
        ("print('pässwörd')", "pässwörd"),
    ],
)
def test_the_first_line_is_the_password(code: str, expected: str, is_interactive: bool) -> None:
    assert (
        run_password_command(
            python(f"import sys; sys.stdout.reconfigure(encoding='utf-8'); {code}"), is_interactive=is_interactive
        )
        == expected
    )


def test_text_is_split_into_words_and_seen_by_no_shell(tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("hunter2\n")
    assert run_password_command(f"cat '{tmp_path}/a b'", is_interactive=False) == "hunter2"
    assert run_password_command("echo $HOME;id", is_interactive=False) == "$HOME;id"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        pytest.param(["/nowhere/pass", "hunter2"], "'/nowhere/pass' failed: No such file or directory", id="not there"),
        pytest.param("cat 'x", "No closing quotation", id="quotes"),
        pytest.param(" ", "is empty", id="nothing"),
        pytest.param(python("print()"), "it printed no password", id="an empty line"),
        pytest.param(python("import os; os.write(1, b'\\xff')"), "not UTF-8", id="no text"),
        pytest.param(python("raise SystemExit(3)"), "exit code 3", id="exit code"),
        pytest.param(
            python("import sys; print('hunter2'); sys.exit('no key for hunter2\\x1b[2J')"),
            "exit code 1: no key for ***␛[2J",
            id="its complaint, without the password",
        ),
    ],
)
def test_password_command_errors_do_not_contain_the_password(command: str | list[str], why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run_password_command(command, is_interactive=False)
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "is_interactive"),
    [
        pytest.param(["sh", "-c", "sleep 30; echo late"], False, id="unattended, with all that it started"),
        # On our terminal it is in our own group of processes, so that only the program itself can be killed.
        pytest.param(["sh", "-c", "exec sleep 30"], True, id="attended"),
        pytest.param(["yes"], False, id="it prints without end"),
        pytest.param(["sh", "-c", "exec >&- 2>&-; sleep 30"], False, id="it closes its output"),
    ],
)
def test_hanging_password_command_times_out(command: list[str], is_interactive: bool) -> None:
    begun = time.monotonic()
    with pytest.raises(ConfigError, match=r"no answer in 0\.3 s"):
        run_password_command(command, is_interactive=is_interactive, timeout_s=0.3)
    assert time.monotonic() - begun < 5


def test_long_password_of_a_command_is_complete() -> None:
    assert run_password_command(python("print('x' * 65536 + '\\nmore')"), is_interactive=False) == "x" * 65536


@pytest.mark.parametrize("command", [["cat", "/dev/zero"], python("print('x' * 65537)")])
def test_too_long_password_of_a_command_is_rejected(command: list[str]) -> None:
    with pytest.raises(ConfigError, match="its first line is longer than 64 KiB"):
        run_password_command(command, is_interactive=False)


def test_background_password_command_has_no_terminal() -> None:
    code = "import os, sys\ntry: os.open('/dev/tty', os.O_RDWR)\nexcept OSError: print('none')"
    assert run_password_command(python(code), is_interactive=False) == "none"


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self, passwords: dict[tuple[str, str], str], error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library left it untyped
        self._passwords = passwords
        self._error = error

    def get_password(self, service: str, username: str) -> str | None:
        if self._error is not None:
            raise self._error
        return self._passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._passwords[service, username] = password


@pytest.fixture(autouse=True)
def _same_ring_afterwards() -> object:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_keyring_password_is_read_by_profile() -> None:
    keyring.set_keyring(Ring({("cdptui", "prod"): "hunter2"}))
    assert read_keyring_password("prod") == "hunter2"
    with pytest.raises(
        ConfigError, match="no password for 'test' in the keyring; store it with: keyring set cdptui test"
    ):
        read_keyring_password("test")


def test_locked_keyring_is_reported() -> None:
    keyring.set_keyring(Ring({}, KeyringLocked("locked\nwith details")))
    with pytest.raises(ConfigError, match=r"^cannot read the keyring: locked$"):
        read_keyring_password("prod")
