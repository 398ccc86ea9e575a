"""Detection of terminal capabilities."""

from __future__ import annotations

import pytest

from cdptui.config.terminal import Multiplexer, detect_terminal

XTERM = {"TERM": "xterm-256color"}


def test_modern_terminal_has_all_capabilities() -> None:
    traits = detect_terminal(XTERM, "utf-8")
    assert (traits.charset, traits.has_colour, traits.is_legacy, traits.is_dumb) == ("", True, False, False)


@pytest.mark.parametrize("name", ["UTF-8", "utf8", "utf-8"])
def test_utf_8_has_several_names(name: str) -> None:
    assert not detect_terminal(XTERM, name).charset


@pytest.mark.parametrize("name", ["ANSI_X3.4-1968", "iso8859-1", "GB18030"])
def test_other_encodings_limit_the_characters(name: str) -> None:
    assert detect_terminal(XTERM, name).charset == name.lower()


def test_plain_characters_can_be_asked_for() -> None:
    assert detect_terminal(XTERM, "utf-8", is_ascii=True).charset == "ascii"


@pytest.mark.parametrize(("value", "has_colour"), [("", True), ("1", False), ("0", False)])
def test_no_color_has_an_effect_unless_empty(value: str, has_colour: bool) -> None:
    assert detect_terminal({**XTERM, "NO_COLOR": value}, "utf-8").has_colour is has_colour


@pytest.mark.parametrize("environ", [{}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}])
def test_nothing_can_be_drawn_on_some(environ: dict[str, str]) -> None:
    assert detect_terminal(environ, "utf-8").is_dumb


@pytest.mark.parametrize("kind", ["linux", "linux-16color", "vt100"])
def test_legacy_terminals_are_detected(kind: str) -> None:
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
def test_multiplexers_are_detected(environ: dict[str, str], multiplexer: Multiplexer) -> None:
    assert detect_terminal({**XTERM, **environ}, "utf-8").multiplexer is multiplexer
