"""Diffs produce the same screen as a full repaint."""

from __future__ import annotations

import re
import unicodedata

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from cdptui.render.spans import Role
from cdptui.tui.terminal.screen_buffer import NUMBERED, ScreenBuffer
from cdptui.tui.themes import DARK

WIDTH, HEIGHT = 12, 4
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = [
    Style(),
    Style(color="#ff0000", bgcolor="#000010"),
    Style(color="#00ff00", bgcolor="#000010", bold=True),
    Style(bgcolor="#202020"),
    Style(color="#0000ff", bgcolor="#202020", reverse=True),
    Style(underline=True),
    Style(color="#ffd75f", bgcolor="#303030", bold=True),
    Style(color="#a8a8a8", bgcolor="#303030"),
]

pieces = st.lists(
    st.tuples(st.text(alphabet="ab 财统é█", min_size=1, max_size=6), st.sampled_from(STYLES)), min_size=1, max_size=5
)
lines = pieces.map(lambda parts: Strip([Segment(text, style) for text, style in parts]).crop_extend(0, WIDTH, Style()))
screens = st.lists(lines, min_size=HEIGHT, max_size=HEIGHT)


class EmulatedScreen:
    """A terminal emulator whose cells can be compared."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(WIDTH, HEIGHT)
        self._screen.set_mode(pyte.modes.LNM)
        self._screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self._screen)

    def write(self, text: str) -> None:
        self._stream.feed(text)

    def cells(self) -> list[list[tuple[str, str, str, bool]]]:
        """Return character, visible colours, and bold of each cell."""
        cells = []
        for y in range(HEIGHT):
            row = [self._screen.buffer[y][x] for x in range(WIDTH)]
            cells.append(
                [
                    (cell.data, "" if _is_blank(cell) else cell.fg, cell.bg, cell.bold and cell.data != " ")
                    for cell in row
                ]
            )
        return cells


def test_fixed_colours_are_written_by_number() -> None:
    written = ScreenBuffer().diff(layout([Strip([Segment("a", STYLES[-1])])]), CONSOLE, (1, 1))
    assert written == "\x1b[1;1H\x1b[0m\x1b[38;5;248;48;5;236ma"


def test_colour_numbers_are_those_of_xterm() -> None:
    """Compare with the table of pyte, which is that of xterm."""
    assert {"".join(f"{part:02x}" for part in triplet): number for triplet, number in NUMBERED.items()} == {
        colour: number for number, colour in enumerate(pyte.graphics.FG_BG_256) if number >= 16
    }


def _is_blank(cell: pyte.screens.Char) -> bool:
    return cell.data in {" ", ""} and not cell.reverse and not cell.underscore


def layout(screen: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in screen], Region(0, 0, WIDTH, HEIGHT))


def whole(screen: list[Strip]) -> EmulatedScreen:
    screen_shown = EmulatedScreen()
    for y, strip in enumerate(screen):
        screen_shown.write(f"\x1b[{y + 1};1H" + strip.render(CONSOLE))
    return screen_shown


@settings(max_examples=200)
@given(st.lists(screens, min_size=1, max_size=4))
def test_screen_after_diffs_equals_a_full_repaint(history: list[list[Strip]]) -> None:
    frame, screen_shown = ScreenBuffer(), EmulatedScreen()
    for screen in history:
        screen_shown.write(frame.diff(layout(screen), CONSOLE, (WIDTH, HEIGHT)))
        assert screen_shown.cells() == whole(screen).cells()


@settings(max_examples=200)
@given(screens, lines, st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH))
def test_repainted_region_changes_only_that_region(
    before: list[Strip], line: Strip, y: int, left: int, width: int
) -> None:
    right = min(WIDTH, left + width)
    frame, screen_shown = ScreenBuffer(), EmulatedScreen()
    screen_shown.write(frame.diff(layout(before), CONSOLE, (WIDTH, HEIGHT)))
    chops = [{0: line if row == y else None} for row in range(HEIGHT)]
    screen_shown.write(frame.diff(ChopsUpdate(chops, [(y, left, right)], [[WIDTH]] * HEIGHT), CONSOLE, (WIDTH, HEIGHT)))
    others = [row for row in range(HEIGHT) if row != y]
    assert [screen_shown.cells()[row] for row in others] == [whole(before).cells()[row] for row in others]


def test_unchanged_cells_are_not_written() -> None:
    frame = ScreenBuffer()
    screen = [Strip([Segment("abc".ljust(WIDTH), STYLES[1])]) for _ in range(HEIGHT)]
    assert frame.diff(layout(screen), CONSOLE, (WIDTH, HEIGHT))
    assert not frame.diff(layout(screen), CONSOLE, (WIDTH, HEIGHT))


def test_redraw_writes_every_cell() -> None:
    frame = ScreenBuffer()
    screen = [Strip([Segment("abc".ljust(WIDTH), STYLES[1])]) for _ in range(HEIGHT)]
    first = frame.diff(layout(screen), CONSOLE, (WIDTH, HEIGHT))
    frame.invalidate()
    again = frame.diff(layout(screen), CONSOLE, (WIDTH, HEIGHT))
    assert first == again


CURSOR = Style(color=DARK.variables[f"role-{Role.TEXT}"], bgcolor=DARK.variables["cursor-background"])
LEFT = Style(color=DARK.variables[f"role-{Role.TEXT}"], bgcolor=DARK.variables["cursor-unfocused"])


def written(frame: ScreenBuffer, *segments: Segment) -> str:
    strip = Strip(list(segments))
    return frame.diff(LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1)), CONSOLE, (strip.cell_length, 1))


def test_no_color_output_has_only_attributes() -> None:
    text = written(ScreenBuffer(has_colour=False), *(Segment("ab", style) for style in STYLES))
    assert set(re.findall(r"\x1b\[([\d;]*)m", text)) <= {"0", "1", "22", "7", "27", "4", "24", "0;1", "0;4", "0;7"}


def test_no_color_cursor_line_is_marked_to_its_end() -> None:
    frame = ScreenBuffer(has_colour=False)
    assert written(frame, Segment("ab  ", CURSOR), Segment("c", LEFT)) == "\x1b[1;1H\x1b[0m\x1b[7mab  \x1b[0;4mc"


BAD_UNDER_CURSOR = Style(
    color=DARK.variables[f"role-{Role.BAD}"], bgcolor=DARK.variables["cursor-background"], bold=True
)


def test_critical_text_under_the_cursor_is_white_on_red_in_sixteen_colours() -> None:
    frame = ScreenBuffer()
    frame.color_system = ColorSystem.STANDARD
    assert written(frame, Segment("✖", BAD_UNDER_CURSOR), Segment("a", CURSOR)) == (
        "\x1b[1;1H\x1b[0m\x1b[1;97;41m✖\x1b[22;37;44ma"
    )


def test_no_color_critical_text_is_bold_on_the_cursor_line() -> None:
    frame = ScreenBuffer(has_colour=False)
    assert written(frame, Segment("✖", BAD_UNDER_CURSOR), Segment("a", CURSOR)) == (
        "\x1b[1;1H\x1b[0m\x1b[1;7m✖\x1b[0;7ma"
    )


def test_ascii_terminal_gets_only_ascii_characters() -> None:
    frame = ScreenBuffer(charset="ascii")
    assert written(frame, Segment("● 财é│", Style())) == "\x1b[1;1H\x1b[0m* ???|"


@given(st.text(min_size=1), st.sampled_from(["", "ascii", "iso8859-1"]))
def test_control_characters_are_never_written(text: str, charset: str) -> None:
    drawn = written(ScreenBuffer(charset=charset), Segment(text, Style()), Segment("x"))
    rest = re.sub(r"\x1b\[\d+G", "", drawn.removeprefix("\x1b[1;1H\x1b[0m"))
    assert not {unicodedata.category(char) for char in rest} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("name", ["का", "ก็ำ", "ᄒᆞᆫ", "👍", "e\N{COMBINING ACUTE ACCENT}"])
def test_cell_after_an_ambiguous_width_character_is_positioned(name: str) -> None:
    text = written(ScreenBuffer(), Segment(name, Style()), Segment("|", Style()))
    assert text.endswith(f"\x1b[{sum(map(get_character_cell_size, name)) + 1}G|")


def test_unambiguous_text_needs_no_cursor_moves() -> None:
    assert written(ScreenBuffer(), Segment("● 财务-é Ж가│", Style())) == "\x1b[1;1H\x1b[0m● 财务-é Ж가│"


def test_console_of_the_tests_has_all_colours() -> None:
    assert CONSOLE._color_system is ColorSystem.TRUECOLOR
