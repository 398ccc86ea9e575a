"""Which way a copy goes, and what is said of it."""

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
    ("traits", "size", "way"),
    [
        (TerminalCapabilities(), TERMINAL_BYTES, CopyMethod.TERMINAL),
        (TerminalCapabilities(), TERMINAL_BYTES + 1, CopyMethod.FILE),
        (SCREEN, TERMINAL_BYTES, CopyMethod.TERMINAL),
        (TMUX, TMUX_BYTES, CopyMethod.TMUX),
        (TMUX, TMUX_BYTES + 1, CopyMethod.FILE),
        (TerminalCapabilities(is_legacy=True), 1, CopyMethod.FILE),
    ],
)
def test_the_way_goes_by_terminal_and_size(traits: TerminalCapabilities, size: int, way: CopyMethod) -> None:
    assert choose_method(traits, size) is way


def test_the_largest_copy_is_no_longer_than_terminals_take() -> None:
    assert len(osc52(b"x" * TERMINAL_BYTES, Multiplexer.NONE)) <= 75_000


def test_screen_gets_it_in_brackets_of_its_own() -> None:
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", osc52(b"x" * 2000, Multiplexer.SCREEN), re.DOTALL)
    whole = "".join(pieces)
    assert max(map(len, pieces)) <= 256
    assert base64.b64decode(whole.removeprefix("\x1b]52;c;").removesuffix("\x07")) == b"x" * 2000


async def test_what_is_too_large_is_a_file_of_ones_own() -> None:
    written: list[str] = []
    for text in ("x" * (TERMINAL_BYTES + 1), "y" * (TERMINAL_BYTES + 1)):
        assert (await Clipboard(TerminalCapabilities(), written.append).copy(text)).startswith("written to ")
        assert clipboard_file().read_text() == text
    assert clipboard_file().stat().st_mode & 0o077 == 0
    assert [path.name for path in clipboard_file().parent.iterdir()] == [clipboard_file().name]
    assert not written


async def test_a_file_that_cannot_be_written_is_said(home: Path) -> None:
    (home / "state").write_text("in the way")
    said = await Clipboard(TerminalCapabilities(is_legacy=True), lambda _: None).copy("uuid")
    assert said.startswith("not copied to ")
    assert said.endswith("state is not a folder")


async def test_without_a_tmux_that_takes_it_it_is_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert (await Clipboard(TMUX, lambda _: None).copy("uuid")).startswith("written to ")


async def test_a_tmux_that_hangs_is_not_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmux = home / "tmux"
    tmux.write_text("#!/bin/sh\nexec sleep 60\n")
    tmux.chmod(0o700)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    assert (await Clipboard(TMUX, lambda _: None).copy("uuid")).startswith("written to ")


@pytest.mark.parametrize(
    ("letter", "said"), [("u", "uuid sent"), ("n", "name sent"), ("j", "JSON sent"), ("c", "curl")]
)
async def test_c_and_a_letter_copy_and_say_so(letter: str, said: str) -> None:
    async with showing([a_task()]) as run:
        await run.press("c")
        assert "Copy" in run.screen
        await run.press(letter)
        await run.until(lambda: said in run.footer)


async def test_a_password_goes_to_no_clipboard() -> None:
    async with showing([a_task()]) as run:
        await run.app.push_screen(LoginPrompt(CredentialPrompt.PASSWORD, "admin", "http://node:8080"))
        await run.press(*"s3cret", "shift+home", "ctrl+x")
        assert not run.app.screen.query_one(Input).value, "it was cut"
        await run.finish()
        assert "sent" not in run.footer


async def test_other_fields_copy_by_the_way_of_all_copies() -> None:
    async with showing([a_task()]) as run:
        await run.press("slash", *"erp", "shift+home", "ctrl+x")
        await run.until(lambda: "text sent to the terminal" in run.footer)


async def test_escape_copies_nothing() -> None:
    async with showing([a_task()]) as run:
        await run.press("c", "escape")
        assert "sent" not in run.footer
