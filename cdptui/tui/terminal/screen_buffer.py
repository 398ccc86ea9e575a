"""What the terminal shows now, so that only cells that differ are written.

Textual repaints a region from the start of its widget's line to the end of the region, and every region of a layout
change in full. Over a slow line that is most of the traffic. `ScreenBuffer` remembers every cell that was written and
turns a repaint into the runs of cells that are really different, with one style change where the style changes.

A colour that is exactly one of the 240 fixed ones of a 256 colour terminal is written by its number, which takes half
the bytes of its components; our themes have no others.

This leans on Textual's internals in one place (the update objects that `App._display` gets); a test of bytes fails
when they change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct
from rich.cells import get_character_cell_size
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from cdptui.render.ascii_fallback import PLACEHOLDER, to_charset
from cdptui.tui.lru_cache import LRUCache
from cdptui.tui.themes import ANSI_16, NO_COLOR_ATTRIBUTES


class SgrStyle(NamedTuple):
    """How a cell is drawn: SGR parameters, empty for the terminal's own."""

    attributes: str = ""
    """Bold and the like."""
    foreground: str = ""
    background: str = ""


class Cell(NamedTuple):
    """One place on the screen."""

    char: str
    """Empty for the right half of a wide character; with combining marks behind it otherwise."""
    ink: SgrStyle


_UNAMBIGUOUS_WIDTH: Final = (
    range(0xA0, 0x300),  # Latin
    range(0x370, 0x483),  # Greek, Cyrillic
    range(0x2010, 0x2800),  # punctuation, arrows, pictures of controls, boxes, blocks
    range(0x3001, 0x302A),  # ideographs and what belongs to them
    range(0x3041, 0x3097),
    range(0x30A0, 0x3100),
    range(0x4E00, 0xA000),
    range(0xAC00, 0xD7A4),  # Hangul in whole syllables
    range(0xFF01, 0xFF61),
    range(0xFFFD, 0xFFFE),
)
"""Characters on whose width all terminals agree. Not so on emoji, nor on letters with marks that stand beside them."""


class ColorProfile(Struct, frozen=True):
    """What the terminal has to draw with."""

    colours: ColorSystem | None = ColorSystem.TRUECOLOR
    """None is none at all: then attributes say what a ground says elsewhere."""
    charset: str = ""
    """Its characters, as the name of an encoding; empty is all of them."""


_STRIPS: Final = 200
"""Strips whose cells are kept: those of a screen, and of the one before."""

_UNKNOWN_CELL: Final = Cell("\0", SgrStyle())
"""Differs from every cell: what stands there is not known."""

_MAX_GAP: Final = 4
"""Unchanged cells between two runs that are cheaper to write again than to jump over."""

RESET: Final = "\x1b[0m"
"""The terminal's own ink."""

_ENDS: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
"""What switches a single attribute off."""

_UNSEEN: Final = frozenset({"", "1", "2"})
"""Attributes that a blank does not show: none, bold and faint."""

_SHOWN_BY_BLANKS: Final = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that a blank does show: lines under, through and over it, and the colours reversed."""

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_CUBE: Final = {
    ColorTriplet(red, green, blue): 16 + 36 * r + 6 * g + b
    for r, red in enumerate(_LEVELS)
    for g, green in enumerate(_LEVELS)
    for b, blue in enumerate(_LEVELS)
}
NUMBERED: Final = _CUBE | {ColorTriplet(*(8 + 10 * step,) * 3): 232 + step for step in range(24)}
"""The fixed colours of a 256 colour terminal: xterm's cube and its greys. The first 16 are whatever its user likes."""


class ScreenBuffer:
    """The cells on the terminal, line by line, and the ink that it was left with."""

    def __init__(self, *, has_colour: bool = True, charset: str = "") -> None:
        """`charset` is the encoding of what the terminal can show; empty is everything."""
        self._has_colour = has_colour
        self._charset = charset
        self._lines: list[list[Cell]] = []
        self._width = 0
        self._ink: SgrStyle | None = None
        self._translation = StripCache(ColorProfile())
        self.color_system: ColorSystem | None = None
        """Fewer colours than the terminal has; None is all of them."""

    def invalidate(self) -> None:
        """The terminal may show anything now: the next update writes all of its cells."""
        self._lines = []
        self._ink = None

    def diff(self, update: CompositorUpdate, console: Console, size: tuple[int, int]) -> str:
        """Return what to write so that the screen of `size` (columns, rows) shows `update`; empty when it does.

        The caller must write what comes back: from then on it counts as shown.
        """
        width, height = size
        if width != self._width or height != len(self._lines):
            self.invalidate()
            self._width = width
            self._lines = [[_UNKNOWN_CELL] * width for _ in range(height)]
        colours = self.color_system or console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 - rich has no public way
        means = ColorProfile(colours if self._has_colour else None, self._charset)
        if means != self._translation.means:
            self._translation = StripCache(means)
        pieces: list[str] = []
        for y, x, cells in _pieces(update, self._translation):
            if 0 <= y < height:
                self._write(y, x, cells[: max(0, width - x)], pieces)
        return "".join(pieces)

    def _write(self, y: int, x: int, cells: Sequence[Cell], pieces: list[str]) -> None:
        """Append what changes line `y` from column `x` on."""
        line = self._lines[y]
        if line[x : x + len(cells)] == cells:
            return
        ink = self._ink
        is_line_known = False
        for start, end in _runs(line, x, cells):
            pieces.append(f"\x1b[{start + 1}G" if is_line_known else f"\x1b[{y + 1};{start + 1}H")
            is_line_known = True
            is_astray = False
            for at, (char, wanted) in enumerate(cells[start - x : end - x], start + 1):
                if is_astray and char:
                    pieces.append(f"\x1b[{at}G")
                    is_astray = False
                if ink is None:
                    pieces.append(RESET)
                    ink = SgrStyle()
                if char == " " and not wanted.attributes and ink.attributes in _UNSEEN:
                    # Neither colour nor weight of a blank can be seen: no need to change them.
                    is_seen = wanted.background != ink.background
                    wanted = ink._replace(background=wanted.background) if is_seen else ink  # noqa: PLW2901
                if wanted is not ink and wanted != ink:
                    pieces.append(_change(ink, wanted))
                    ink = wanted
                pieces.append(char)
                if not char.isascii() and not _is_sure(char):
                    is_astray = True
        self._ink = ink
        line[x : x + len(cells)] = cells


@lru_cache(maxsize=1024)
def _is_sure(char: str) -> bool:
    """Whether all terminals give a cell's text as many cells as we do; after others the next has to be put in place."""
    return len(char) == 1 and any(ord(char) in block for block in _UNAMBIGUOUS_WIDTH)


def _change(ink: SgrStyle, wanted: SgrStyle) -> str:
    """The shortest sequence from one ink to another."""
    parts = []
    if wanted.attributes != ink.attributes:
        if not ink.attributes:
            parts.append(wanted.attributes)
        elif not wanted.attributes and ink.attributes in _ENDS:
            parts.append(_ENDS[ink.attributes])
        else:
            return f"\x1b[{';'.join(part for part in ('0', *wanted) if part)}m"
    if wanted.foreground != ink.foreground:
        parts.append(wanted.foreground or "39")
    if wanted.background != ink.background:
        parts.append(wanted.background or "49")
    return f"\x1b[{';'.join(parts)}m"


def _runs(line: Sequence[Cell], x: int, cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Columns from and to (exclusive) that differ, runs with little between them joined."""
    start, end = -1, -1
    for index, cell in enumerate(cells):
        if cell == line[x + index]:
            continue
        if start >= 0 and index - end <= _MAX_GAP:
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


class StripCache:
    """Strips to cells; a line that only moved is the same strip as before, and not looked at again."""

    def __init__(self, means: ColorProfile) -> None:
        self.means = means
        self._kept = LRUCache[int, tuple[Strip, list[Cell]]](_STRIPS)
        """By identity, which lasts as long as the strip is kept: equal strips are as dear to find as to translate."""

    def cells(self, strip: Strip) -> list[Cell]:
        """What a strip shows; not to be changed."""
        return self._kept.get(id(strip), lambda: (strip, _cells(strip, self.means)))[1]


def _pieces(update: CompositorUpdate, translation: StripCache) -> Iterator[tuple[int, int, list[Cell]]]:
    match update:
        case ChopsUpdate():
            for y, x1, x2 in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if strip is None or x >= x2 or end <= x1:
                        continue
                    left, right = max(x, x1), min(end, x2)
                    yield y, left, translation.cells(strip)[left - x : right - x]
        case LayoutUpdate():
            for y, strips in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in strips:
                    assert isinstance(strip, Strip)  # noqa: S101 - for the type checker; chops hold nothing else
                    cells = translation.cells(strip)
                    yield y, x, cells
                    x += len(cells)
        case _:
            message = f"no way to draw {type(update).__name__}"
            raise TypeError(message)


def _cells(strip: Strip, means: ColorProfile) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if means.charset and not text.isascii():
            text = _showable(text, means.charset)  # noqa: PLW2901 - from here on that is the text
        if text.isascii():
            cells.extend(_ascii_cells(text, style, means))
            continue
        ink = _ink(style, means) if style is not None else SgrStyle()
        blank = _blank(ink)
        for char in text:
            match get_character_cell_size(char):
                case 0:
                    # Marks stand on the letter before them; anything else without a width has no place on a screen.
                    if cells and char.isprintable():
                        cells[-1] = Cell(cells[-1].char + char, cells[-1].ink)
                case 1:
                    cells.append(blank if char == " " else Cell(char if char.isprintable() else PLACEHOLDER, ink))
                case _:
                    cells.append(Cell(char, ink))
                    cells.append(Cell("", ink))
    return cells


@lru_cache(maxsize=512)
def _ascii_cells(text: str, style: Style | None, means: ColorProfile) -> tuple[Cell, ...]:
    """The cells of a piece in which each character has its own; the same pieces come again and again."""
    if not text.isprintable():
        # Nothing of ours: the door lets no control through. What a library draws goes no further than this.
        text = "".join([char if char.isprintable() else PLACEHOLDER for char in text])
    return tuple(map(_cells_of_ink(_ink(style, means) if style is not None else SgrStyle()).__getitem__, text))


class _InkCells(dict[str, Cell]):
    """The cells of one ink by character, each created once.

    A window of 400x120 has 48,000 cells and the caches hold several screens of them. A cell object for each place would
    take 72 bytes, and as they come and go with the window's size they would leave the heap full of holes.
    """

    def __init__(self, ink: SgrStyle) -> None:
        super().__init__({" ": _blank(ink)})
        self._ink = ink

    def __missing__(self, char: str) -> Cell:
        """Create the cell of a character at its first use."""
        cell = self[char] = Cell(char, self._ink)
        return cell


@lru_cache(maxsize=256)
def _cells_of_ink(ink: SgrStyle) -> _InkCells:
    return _InkCells(ink)


@lru_cache(maxsize=512)
def _showable(text: str, charset: str) -> str:
    return to_charset(text, charset, get_character_cell_size)


def _blank(ink: SgrStyle) -> Cell:
    """A blank shows its ground, and only some attributes."""
    is_plain = _SHOWN_BY_BLANKS.isdisjoint(ink.attributes.split(";"))
    return Cell(" ", SgrStyle(background=ink.background) if is_plain else ink)


@lru_cache(maxsize=4096)
def _ink(style: Style, means: ColorProfile) -> SgrStyle:
    colours = means.colours
    if colours is None:
        return SgrStyle(_attributes_for_grounds(style))
    return SgrStyle(
        attributes=Strip.render_ansi(style.without_color, colours),
        foreground=_color(style.color, colours, is_foreground=True),
        background=_color(style.bgcolor, colours, is_foreground=False),
    )


def _attributes_for_grounds(style: Style) -> str:
    """Where there are no colours, the ground under the cursor becomes an attribute: it must be seen all the same."""
    attributes = Strip.render_ansi(style.without_color, ColorSystem.STANDARD)
    ground = style.bgcolor.triplet if style.bgcolor is not None else None
    band = NO_COLOR_ATTRIBUTES.get(ground, "") if ground is not None else ""
    if not band or band in attributes.split(";"):
        return attributes
    return f"{attributes};{band}" if attributes else band


def _color(color: Color | None, colours: ColorSystem, *, is_foreground: bool) -> str:
    """SGR parameters of a colour: by its number where that is the same."""
    if color is None:
        return ""
    if color.triplet is not None:
        has_many = colours >= ColorSystem.EIGHT_BIT
        number = (NUMBERED if has_many else ANSI_16).get(color.triplet)
        if number is not None and has_many:
            return f"{38 if is_foreground else 48};5;{number}"
        if number is not None:
            # Eight colours and, sixty further on, their bright versions.
            return str((30 if is_foreground else 40) + (number if number < 8 else 52 + number))
    return ";".join(color.downgrade(colours).get_ansi_codes(foreground=is_foreground))
