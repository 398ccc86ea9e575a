"""`cdptui guide`: pages, pager, errors, and the formatting of Markdown as plain text."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cdptui.cli import output
from cdptui.cli.guide import PAGES, page_path, page_summary
from cdptui.cli.guide_text import format_page

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("COLUMNS", "LC_", "LANG"))}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cdptui", "guide", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**ENVIRONMENT, **environment},
    )


def run_on_terminal(*arguments: str, **environment: str) -> int:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cdptui", "guide", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            timeout=60,
            check=False,
            env={**ENVIRONMENT, "TERM": "xterm", **environment},
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode


def test_without_a_page_all_pages_are_listed_with_their_summaries_on_lines_of_80_cells() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split("  ", 1)[0] for line in lines] == list(PAGES)
    assert [line.split("  ", 1)[1].strip() for line in lines] == [page_summary(page) for page in PAGES]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("page", PAGES)
def test_page_is_printed_as_plain_text_when_stdout_is_not_a_terminal(page: str) -> None:
    done = run(page, PAGER="false")
    assert (done.returncode, done.stderr) == (0, "")
    title = page_path(page).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    assert done.stdout.startswith(f"{title}\n{'=' * len(title)}\n\n")
    assert [sign for sign in ("<!--", "|---", "**", "```", "](") if sign in done.stdout] == []


@pytest.mark.parametrize("page", PAGES)
def test_text_of_a_page_fits_eighty_columns_except_code(page: str) -> None:
    lines = format_page(page_path(page).read_text(encoding="utf-8"), 80).splitlines()
    assert [line for line in lines if len(line) > 80 and "  # " not in line] == []


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("kyes", "; did you mean 'keys'?"), ("connect", "; did you mean 'connecting'?"), ("zzz", "")],
)
def test_unknown_page_is_a_usage_error_with_the_nearest_page(name: str, suggestion: str) -> None:
    done = run(name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"cdptui: no such page '{name}'{suggestion} (cdptui guide lists all pages)\n"


def test_unknown_page_with_control_characters_is_printed_inert() -> None:
    assert "\x1b" not in run("a\x1b[31m").stderr


def test_output_without_utf8_replaces_characters() -> None:
    done = run("files-and-exit-codes", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u2716 6 of 30" in " ".join(done.stdout.split())


def test_on_a_terminal_the_page_is_shown_in_the_pager(tmp_path: Path) -> None:
    target = tmp_path / "shown"
    assert run_on_terminal("keys", PAGER=f"sh -c 'cat >{target}'") == 0
    assert target.read_text(encoding="utf-8").rstrip("\n") == run("keys").stdout.rstrip("\n")


def test_interrupt_while_the_pager_runs_is_left_to_the_pager(tmp_path: Path) -> None:
    target = tmp_path / "shown"
    script = tmp_path / "pager"
    script.write_text(f"#!/bin/sh\nkill -INT $PPID\nsleep 0.1\ncat >{target}\n")
    script.chmod(0o700)
    assert run_on_terminal("keys", PAGER=str(script)) == 0
    assert target.read_text(encoding="utf-8").startswith("Keys\n")


def test_pager_that_ends_early_is_no_error() -> None:
    assert run_on_terminal("performance", PAGER="true") == 0


class FakeTerminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def fake_terminal(monkeypatch: pytest.MonkeyPatch) -> FakeTerminal:
    """Replace stdin and stdout by terminals, and return stdout."""
    stdout = FakeTerminal()
    monkeypatch.setattr(sys, "stdin", FakeTerminal())
    monkeypatch.setattr(sys, "stdout", stdout)
    return stdout


def test_text_for_the_pager_passes_the_output_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    paged: list[str] = []
    fake_terminal(monkeypatch)
    monkeypatch.setattr(click, "echo_via_pager", paged.append)
    output.show_in_pager("a\x1b[31mb\nc")
    assert paged == ["a␛[31mb\nc"]


def test_text_is_printed_when_the_pager_variable_cannot_be_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "less '")
    stdout = fake_terminal(monkeypatch)
    output.show_in_pager("text")
    assert stdout.getvalue() == "text\n"


def test_text_is_printed_when_the_pager_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "/nonexistent/pager")
    stdout = fake_terminal(monkeypatch)
    output.show_in_pager("text")
    assert stdout.getvalue().startswith("text\n")


def test_narrow_table_has_aligned_columns_and_a_wrapped_last_one() -> None:
    table = "| key | action |\n|---|---|\n| `a` | one two three four |\n| `bcd` | x \\| y |\n"
    assert format_page(table, 20).splitlines() == [
        "key    action",
        "`a`    one two three",
        "       four",
        "`bcd`  x | y",
    ]


def test_wide_table_becomes_a_list_of_named_cells() -> None:
    table = "| option | file | default |\n|---|---|---|\n| `--profile` | `profile` | one |\n| | `x` | |\n"
    assert format_page(table, 24).splitlines() == [
        "`--profile`",
        "    file: `profile`",
        "    default: one",
        "file: `x`",
    ]


def test_row_of_two_cells_with_an_empty_first_one_is_a_heading() -> None:
    assert format_page("| key | action |\n|---|---|\n| | **List** |\n| `a` | one |\n", 40).splitlines() == [
        "key  action",
        "",
        "List",
        "`a`  one",
    ]


def test_code_blocks_keep_their_lines_and_links_their_addresses() -> None:
    text = "See [RE2](https://x.example/re2) and [the list](../a.svg).\n\n<!-- a comment -->\n```sh\na\n\n  b\n```\n"
    assert format_page(text, 60).splitlines() == [
        "See RE2 (https://x.example/re2) and the list.",
        "",
        "    a",
        "",
        "      b",
    ]
