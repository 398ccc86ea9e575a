"""What the terminal shows now, so that only cells that differ are written.

Textual repaints a region from the start of its widget's line to the end of the region, and every region of a layout
change in full. Over a slow line that is most of the traffic. `Frame` remembers every cell that was written and turns
a repaint into the runs of cells that are really different, with one style change where the style changes.

This leans on Textual's internals in one place (the update objects that `App._display` gets); a test of bytes fails
when they change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip


class Ink(NamedTuple):
    """How a cell is drawn: SGR parameters, empty for the terminal's own."""

    attributes: str = ""
    """Bold and the like."""
    foreground: str = ""
    background: str = ""


class Cell(NamedTuple):
    """One place on the screen."""

    char: str
    """Empty for the right half of a wide character; with combining marks behind it otherwise."""
    ink: Ink


_NOTHING: Final = Cell("\0", Ink())
"""Differs from every cell: what stands there is not known."""

_BRIDGE: Final = 4
"""Unchanged cells between two runs that are cheaper to write again than to jump over."""


class WrittenUpdate(CompositorUpdate):
    """An update whose bytes are already worked out."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """The bytes."""
        return self._text


class Frame:
    """The cells on the terminal, line by line."""

    def __init__(self) -> None:
        self._lines: list[list[Cell]] = []
        self._width = 0

    def forget(self) -> None:
        """The terminal may show anything now: the next update writes all of its cells."""
        self._lines = []

    def reduce(self, update: CompositorUpdate, console: Console, size: tuple[int, int]) -> CompositorUpdate | None:
        """Return the part of `update` that changes the screen of `size` (columns, rows), None when nothing does.

        The caller must write what comes back: from then on it counts as shown.
        """
        width, height = size
        if width != self._width or height != len(self._lines):
            self._width = width
            self._lines = [[_NOTHING] * width for _ in range(height)]
        color_system = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 - rich has no public way
        pieces: list[str] = []
        ink = Ink()
        for y, x, cells in _pieces(update, color_system):
            if 0 <= y < height:
                ink = self._write(y, x, cells[: max(0, width - x)], pieces, ink)
        if not pieces:
            return None
        return WrittenUpdate("".join(pieces) + ("\x1b[0m" if ink != Ink() else ""))

    def _write(self, y: int, x: int, cells: Sequence[Cell], pieces: list[str], ink: Ink) -> Ink:
        """Append what changes line `y` from column `x` on; returns the ink that the terminal is left with."""
        line = self._lines[y]
        if line[x : x + len(cells)] == cells:
            return ink
        for start, end in _runs(line, x, cells):
            pieces.append(f"\x1b[{y + 1};{start + 1}H")
            for char, wanted in cells[start - x : end - x]:
                if char == " " and not wanted.attributes and not ink.attributes:
                    # The colour of a blank cannot be seen: no need to change it.
                    wanted = wanted._replace(foreground=ink.foreground)  # noqa: PLW2901
                if wanted != ink:
                    pieces.append(_change(ink, wanted))
                    ink = wanted
                pieces.append(char)
        line[x : x + len(cells)] = cells
        return ink


def _change(ink: Ink, wanted: Ink) -> str:
    """The shortest sequence from one ink to another."""
    if wanted.attributes != ink.attributes:
        parts = ["0", *wanted]
    else:
        foreground = "" if wanted.foreground == ink.foreground else wanted.foreground or "39"
        background = "" if wanted.background == ink.background else wanted.background or "49"
        parts = [foreground, background]
    return f"\x1b[{';'.join(part for part in parts if part)}m"


def _runs(line: Sequence[Cell], x: int, cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Columns from and to (exclusive) that differ, runs with little between them joined."""
    start, end = -1, -1
    for index, cell in enumerate(cells):
        if cell == line[x + index]:
            continue
        if start >= 0 and index - end <= _BRIDGE:
            end = index + 1
            continue
        if start >= 0:
            yield _whole(cells, x, start, end)
        start, end = index, index + 1
    if start >= 0:
        yield _whole(cells, x, start, end)


def _whole(cells: Sequence[Cell], x: int, start: int, end: int) -> tuple[int, int]:
    """Wide characters are written whole or not at all."""
    while start > 0 and not cells[start].char:
        start -= 1
    while end < len(cells) and not cells[end].char:
        end += 1
    return x + start, x + end


def _pieces(update: CompositorUpdate, color_system: ColorSystem) -> Iterator[tuple[int, int, list[Cell]]]:
    match update:
        case ChopsUpdate():
            for y, x1, x2 in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if strip is None or x >= x2 or end <= x1:
                        continue
                    left, right = max(x, x1), min(end, x2)
                    yield y, left, _cells(strip, color_system)[left - x : right - x]
        case LayoutUpdate():
            for y, strips in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in strips:
                    cells = _cells(strip, color_system)
                    yield y, x, cells
                    x += len(cells)
        case _:
            message = f"no way to draw {type(update).__name__}"
            raise TypeError(message)


def _cells(strip: Iterable[object], color_system: ColorSystem) -> list[Cell]:
    assert isinstance(strip, Strip)  # noqa: S101 - for the type checker; chops hold nothing else
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        ink = _ink(style, color_system) if style is not None else Ink()
        blank = Cell(" ", Ink(background=ink.background) if _is_plain(style) else ink)
        if text.isascii():
            cells.extend([blank if char == " " else Cell(char, ink) for char in text])
            continue
        for char in text:
            match get_character_cell_size(char):
                case 0:
                    if cells:
                        cells[-1] = Cell(cells[-1].char + char, cells[-1].ink)
                case 1:
                    cells.append(blank if char == " " else Cell(char, ink))
                case _:
                    cells.append(Cell(char, ink))
                    cells.append(Cell("", ink))
    return cells


def _is_plain(style: Style | None) -> bool:
    """Whether a blank in this style shows nothing but its background."""
    return style is None or not (style.reverse or style.underline or style.underline2 or style.strike or style.overline)


@lru_cache(maxsize=4096)
def _ink(style: Style, color_system: ColorSystem) -> Ink:
    foreground = Style(color=style.color) if style.color is not None else None
    background = Style(bgcolor=style.bgcolor) if style.bgcolor is not None else None
    attributes = style.without_color
    return Ink(
        attributes=Strip.render_ansi(attributes, color_system),
        foreground=Strip.render_ansi(foreground, color_system) if foreground is not None else "",
        background=Strip.render_ansi(background, color_system) if background is not None else "",
    )
