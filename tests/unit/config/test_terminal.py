"""What the environment tells of a terminal."""

from __future__ import annotations

import pytest

from cdptui.config.terminal import Multiplexer, detect_terminal

XTERM = {"TERM": "xterm-256color"}


def test_a_terminal_of_today_shows_everything() -> None:
    traits = detect_terminal(XTERM, "utf-8")
    assert (traits.charset, traits.has_colour, traits.is_legacy, traits.is_dumb) == ("", True, False, False)


@pytest.mark.parametrize("name", ["UTF-8", "utf8", "utf-8"])
def test_utf_8_has_several_names(name: str) -> None:
    assert not detect_terminal(XTERM, name).charset


@pytest.mark.parametrize("name", ["ANSI_X3.4-1968", "iso8859-1", "GB18030"])
def test_any_other_encoding_bounds_what_is_shown(name: str) -> None:
    assert detect_terminal(XTERM, name).charset == name.lower()


def test_plain_characters_can_be_asked_for() -> None:
    assert detect_terminal(XTERM, "utf-8", is_ascii=True).charset == "ascii"


@pytest.mark.parametrize(("value", "has_colour"), [("", True), ("1", False), ("0", False)])
def test_no_color_counts_when_it_is_not_empty(value: str, has_colour: bool) -> None:
    assert detect_terminal({**XTERM, "NO_COLOR": value}, "utf-8").has_colour is has_colour


@pytest.mark.parametrize("environ", [{}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}])
def test_nothing_can_be_drawn_on_some(environ: dict[str, str]) -> None:
    assert detect_terminal(environ, "utf-8").is_dumb


@pytest.mark.parametrize("kind", ["linux", "linux-16color", "vt100"])
def test_a_console_is_old_and_plain(kind: str) -> None:
    traits = detect_terminal({"TERM": kind}, "utf-8")
    assert traits.is_legacy
    assert traits.charset == "ascii"


@pytest.mark.parametrize(
    ("environ", "multiplexer"),
    [
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, Multiplexer.TMUX),
        ({"STY": "123.pts-0"}, Multiplexer.SCREEN),
        ({"TMUX": "", "STY": ""}, Multiplexer.NONE),
    ],
)
def test_what_stands_between_is_known(environ: dict[str, str], multiplexer: Multiplexer) -> None:
    assert detect_terminal({**XTERM, **environ}, "utf-8").multiplexer is multiplexer
