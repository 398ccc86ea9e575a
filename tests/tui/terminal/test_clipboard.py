"""Copy methods and their messages."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pytest
from textual.widgets import Input

from cdptui.config.paths import clipboard_file
from cdptui.config.terminal import Multiplexer, TerminalCapabilities
from cdptui.models.failure import CredentialPrompt
from cdptui.tui.screens.login_prompt import LoginPrompt
from cdptui.tui.terminal.clipboard import TERMINAL_BYTES, TMUX_BYTES, Clipboard, CopyMethod, choose_method, osc52
from tests.doubles import a_task
from tests.tui.running import showing

TMUX = TerminalCapabilities(multiplexer=Multiplexer.TMUX)
SCREEN = TerminalCapabilities(multiplexer=Multiplexer.SCREEN)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.parametrize(
    ("traits", "size", "method"),
    [
        (TerminalCapabilities(), TERMINAL_BYTES, CopyMethod.TERMINAL),
        (TerminalCapabilities(), TERMINAL_BYTES + 1, CopyMethod.FILE),
        (SCREEN, TERMINAL_BYTES, CopyMethod.TERMINAL),
        (TMUX, TMUX_BYTES, CopyMethod.TMUX),
        (TMUX, TMUX_BYTES + 1, CopyMethod.FILE),
        (TerminalCapabilities(is_legacy=True), 1, CopyMethod.FILE),
    ],
)
def test_copy_method_depends_on_terminal_and_size(traits: TerminalCapabilities, size: int, method: CopyMethod) -> None:
    assert choose_method(traits, size) is method


def test_largest_osc_52_sequence_is_within_the_limit_of_terminals() -> None:
    assert len(osc52(b"x" * TERMINAL_BYTES, Multiplexer.NONE)) <= 75_000


def test_gnu_screen_gets_the_sequence_in_dcs_strings() -> None:
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", osc52(b"x" * 2000, Multiplexer.SCREEN), re.DOTALL)
    whole = "".join(pieces)
    assert max(map(len, pieces)) <= 256
    assert base64.b64decode(whole.removeprefix("\x1b]52;c;").removesuffix("\x07")) == b"x" * 2000


async def test_copy_too_large_for_the_terminal_is_written_to_a_private_file() -> None:
    written: list[str] = []
    for text in ("x" * (TERMINAL_BYTES + 1), "y" * (TERMINAL_BYTES + 1)):
        assert (await Clipboard(TerminalCapabilities(), written.append).copy("text", text)).startswith("Wrote text to ")
        assert clipboard_file().read_text() == text
    assert clipboard_file().stat().st_mode & 0o077 == 0
    assert [path.name for path in clipboard_file().parent.iterdir()] == [clipboard_file().name]
    assert not written


async def test_unwritable_clipboard_file_is_reported(home: Path) -> None:
    (home / "state").write_text("in the way")
    message = await Clipboard(TerminalCapabilities(is_legacy=True), lambda _: None).copy("uuid", "4711")
    assert message.startswith("Could not copy uuid to ")
    assert message.endswith("state is not a folder")


async def test_copy_is_written_to_a_file_when_tmux_cannot_be_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert (await Clipboard(TMUX, lambda _: None).copy("uuid", "4711")).startswith("Wrote uuid to ")


async def test_copy_is_written_to_a_file_when_tmux_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmux = home / "tmux"
    tmux.write_text("#!/bin/sh\nexec sleep 60\n")
    tmux.chmod(0o700)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    assert (await Clipboard(TMUX, lambda _: None).copy("uuid", "4711")).startswith("Wrote uuid to ")


@pytest.mark.parametrize(
    ("letter", "message"), [("u", "Sent UUID"), ("n", "Sent name"), ("j", "JSON to the terminal"), ("c", "Sent curl")]
)
async def test_copy_menu_letter_copies_and_shows_a_notice(letter: str, message: str) -> None:
    async with showing([a_task()]) as run:
        await run.press("c")
        assert "Copy" in run.screen
        await run.press(letter)
        await run.until(lambda: message in run.notice)


async def test_password_field_does_not_copy() -> None:
    async with showing([a_task()]) as run:
        await run.app.push_screen(LoginPrompt(CredentialPrompt.PASSWORD, "admin", "http://node:8080"))
        await run.press(*"s3cret", "shift+home", "ctrl+x")
        assert not run.app.screen.query_one(Input).value, "ctrl+x deletes the selection"
        await run.finish()
        assert "Sent" not in run.notice


async def test_text_cut_from_a_field_goes_to_the_clipboard() -> None:
    async with showing([a_task()]) as run:
        await run.press("slash", *"erp", "shift+home", "ctrl+x")
        await run.until(lambda: "Sent text to the terminal" in run.notice)


async def test_escape_closes_the_copy_menu_without_copying() -> None:
    async with showing([a_task()]) as run:
        await run.press("c", "escape")
        assert "Sent" not in run.notice
