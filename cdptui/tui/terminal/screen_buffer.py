"""The cells that the terminal shows, so that only cells that differ are written.

Textual repaints a region from the start of its widget's line to the end of the region, and every region of a layout
change in full. Over a slow line that is most of the traffic. `ScreenBuffer` remembers every cell that was written and
turns a repaint into the runs of cells that are really different, with one style change where the style changes.

A colour that equals one of the 240 fixed colours of a 256-colour terminal is written by its number, which takes half
the bytes of its components; all colours of the themes do.

The update objects are internals of Textual; a test of the written bytes fails when they change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct
from rich.cells import get_character_cell_size
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from cdptui.render.ascii_fallback import PLACEHOLDER, to_charset
from cdptui.tui.lru_cache import LRUCache
from cdptui.tui.themes import ANSI_16, ANSI_16_PAIRS, NO_COLOR_ATTRIBUTES

Frame = CompositorUpdate
"""What Textual draws: the update object that `App._display` gets."""


class SgrStyle(NamedTuple):
    """The style of a cell as SGR parameters; empty for the terminal's defaults."""

    attributes: str = ""
    """Bold, underline and the like."""
    foreground: str = ""
    background: str = ""


class Cell(NamedTuple):
    """A cell of the screen."""

    char: str
    """A character with its combining marks; empty for the right half of a wide character."""
    style: SgrStyle


_UNAMBIGUOUS_WIDTH: Final = (
    range(0xA0, 0x300),  # Latin
    range(0x370, 0x483),  # Greek, Cyrillic
    range(0x2010, 0x2800),  # punctuation, arrows, pictures of controls, boxes, blocks
    range(0x3001, 0x302A),  # ideographs and their marks
    range(0x3041, 0x3097),
    range(0x30A0, 0x3100),
    range(0x4E00, 0xA000),
    range(0xAC00, 0xD7A4),  # Hangul in whole syllables
    range(0xFF01, 0xFF61),
    range(0xFFFD, 0xFFFE),
)
"""Characters on whose width all terminals agree. They disagree on emoji and on letters with spacing marks."""


class ColorProfile(Struct, frozen=True):
    """The colours and characters of the terminal."""

    colours: ColorSystem | None = ColorSystem.TRUECOLOR
    """None for no colours; attributes then replace backgrounds."""
    charset: str = ""
    """Its characters, as the name of an encoding; empty for all."""


_STRIPS: Final = 200
"""Size of the cache of cells by strip: the current screen and the previous one."""

_UNKNOWN_CELL: Final = Cell("\0", SgrStyle())
"""Differs from every cell; for unknown content."""

_MAX_GAP: Final = 4
"""Up to this many unchanged cells between two runs are cheaper to write again than to jump over."""

RESET: Final = "\x1b[0m"
"""Reset all attributes and colours."""

_ATTRIBUTE_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
"""The parameter that switches a single attribute off."""

_INVISIBLE_ON_BLANKS: Final = frozenset({"", "1", "2"})
"""Attributes that are invisible on a blank: none, bold and faint."""

_VISIBLE_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that are visible on a blank: underline, strike, overline and reverse."""

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_CUBE: Final = {
    ColorTriplet(red, green, blue): 16 + 36 * r + 6 * g + b
    for r, red in enumerate(_LEVELS)
    for g, green in enumerate(_LEVELS)
    for b, blue in enumerate(_LEVELS)
}
NUMBERED: Final = _CUBE | {ColorTriplet(*(8 + 10 * step,) * 3): 232 + step for step in range(24)}
"""The fixed colours of a 256-colour terminal: xterm's cube and greys. The user can configure the first 16."""


class ScreenBuffer:
    """The cells that the terminal shows, line by line, and its current style."""

    def __init__(self, *, has_colour: bool = True, charset: str = "") -> None:
        """`charset` is the encoding of the terminal; empty for all characters."""
        self._has_colour = has_colour
        self._charset = charset
        self._lines: list[list[Cell]] = []
        self._width = 0
        self._style: SgrStyle | None = None
        self._strip_cache = StripCache(ColorProfile())
        self.color_system: ColorSystem | None = None
        """Limits the colours; None for all colours of the terminal."""

    def invalidate(self) -> None:
        """Mark the content of the terminal as unknown: the next update writes all of its cells."""
        self._lines = []
        self._style = None

    def diff(self, update: Frame, console: Console, size: tuple[int, int]) -> str:
        """Return the output that makes the screen of `size` (columns, rows) show `update`; empty without changes.

        The caller must write the result: the buffer treats it as shown.
        """
        width, height = size
        if width != self._width or height != len(self._lines):
            self.invalidate()
            self._width = width
            self._lines = [[_UNKNOWN_CELL] * width for _ in range(height)]
        colours = self.color_system or COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        profile = ColorProfile(colours if self._has_colour else None, self._charset)
        if profile != self._strip_cache.profile:
            self._strip_cache = StripCache(profile)
        output: list[str] = []
        for y, x, cells in _changed_cells(update, self._strip_cache):
            if 0 <= y < height:
                self._write(y, x, cells[: max(0, width - x)], output)
        return "".join(output)

    def _write(self, y: int, x: int, cells: Sequence[Cell], output: list[str]) -> None:
        """Append the output that changes line `y` from column `x` on."""
        line = self._lines[y]
        if line[x : x + len(cells)] == cells:
            return
        style = self._style
        is_on_line = False
        for start, end in _runs(line, x, cells):
            output.append(f"\x1b[{start + 1}G" if is_on_line else f"\x1b[{y + 1};{start + 1}H")
            is_on_line = True
            is_position_uncertain = False
            previous: Cell | None = None
            for at, cell in enumerate(cells[start - x : end - x], start + 1):
                char, target = cell
                if cell is previous and not is_position_uncertain:
                    # Most cells are blanks after blanks.
                    output.append(char)
                    continue
                previous = cell
                if is_position_uncertain and char:
                    output.append(f"\x1b[{at}G")
                    is_position_uncertain = False
                if style is None:
                    output.append(RESET)
                    style = SgrStyle()
                if char == " " and not target.attributes and style.attributes in _INVISIBLE_ON_BLANKS:
                    # Foreground and weight of a blank are invisible and need no change.
                    has_new_background = target.background != style.background
                    target = style._replace(background=target.background) if has_new_background else style
                if target is not style and target != style:
                    output.append(_style_change(style, target))
                    style = target
                output.append(char)
                if not char.isascii() and not _has_unambiguous_width(char):
                    is_position_uncertain = True
        self._style = style
        line[x : x + len(cells)] = cells


@lru_cache(maxsize=1024)
def _has_unambiguous_width(char: str) -> bool:
    """Return whether all terminals agree on the width of a cell's text; otherwise the next cell is positioned."""
    return len(char) == 1 and any(ord(char) in block for block in _UNAMBIGUOUS_WIDTH)


def _style_change(style: SgrStyle, target: SgrStyle) -> str:
    """Return the shortest sequence from one style to another."""
    parts = []
    if target.attributes != style.attributes:
        if not style.attributes:
            parts.append(target.attributes)
        elif not target.attributes and style.attributes in _ATTRIBUTE_OFF:
            parts.append(_ATTRIBUTE_OFF[style.attributes])
        else:
            return f"\x1b[{';'.join(part for part in ('0', *target) if part)}m"
    if target.foreground != style.foreground:
        parts.append(target.foreground or "39")
    if target.background != style.background:
        parts.append(target.background or "49")
    return f"\x1b[{';'.join(parts)}m"


def _runs(line: Sequence[Cell], x: int, cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Yield start and end (exclusive) columns of the runs that differ; runs with small gaps are joined."""
    start, end = -1, -1
    for index, cell in enumerate(cells):
        if cell == line[x + index]:
            continue
        if start >= 0 and index - end <= _MAX_GAP:
            end = index + 1
            continue
        if start >= 0:
            yield _with_whole_characters(cells, x, start, end)
        start, end = index, index + 1
    if start >= 0:
        yield _with_whole_characters(cells, x, start, end)


def _with_whole_characters(cells: Sequence[Cell], x: int, start: int, end: int) -> tuple[int, int]:
    """Extend a run so that it does not cut wide characters."""
    while start > 0 and not cells[start].char:
        start -= 1
    while end < len(cells) and not cells[end].char:
        end += 1
    return x + start, x + end


class StripCache:
    """A cache of the cells of strips. A line that only moved is the same strip object and is not converted again."""

    def __init__(self, profile: ColorProfile) -> None:
        self.profile = profile
        self._cells = LRUCache[int, tuple[Strip, list[Cell]]](_STRIPS)
        """By identity, which is stable while a strip is cached; comparing strips costs as much as converting them."""

    def cells(self, strip: Strip) -> list[Cell]:
        """Return the cells of a strip; the caller must not change them."""
        return self._cells.get(id(strip), lambda: (strip, _cells(strip, self.profile)))[1]


def _changed_cells(update: Frame, strip_cache: StripCache) -> Iterator[tuple[int, int, list[Cell]]]:
    match update:
        case ChopsUpdate():
            for y, x1, x2 in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if strip is None or x >= x2 or end <= x1:
                        continue
                    left, right = max(x, x1), min(end, x2)
                    yield y, left, strip_cache.cells(strip)[left - x : right - x]
        case LayoutUpdate():
            for y, strips in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in strips:
                    assert isinstance(strip, Strip)  # noqa: S101 - for the type checker; chops hold nothing else
                    cells = strip_cache.cells(strip)
                    yield y, x, cells
                    x += len(cells)
        case _:
            message = f"cannot draw {type(update).__name__}"
            raise TypeError(message)


def _cells(strip: Strip, profile: ColorProfile) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if profile.charset and not text.isascii():
            text = _to_charset(text, profile.charset)  # noqa: PLW2901 - replaces the text
        if text.isascii():
            cells.extend(_ascii_cells(text, style, profile))
            continue
        sgr = _sgr_style(style, profile) if style is not None else SgrStyle()
        blank = _blank(sgr)
        for char in text:
            match get_character_cell_size(char):
                case 0:
                    # Combining marks belong to the character before them; other characters without a width are dropped.
                    if cells and char.isprintable():
                        cells[-1] = Cell(cells[-1].char + char, cells[-1].style)
                case 1:
                    cells.append(blank if char == " " else Cell(char if char.isprintable() else PLACEHOLDER, sgr))
                case _:
                    cells.append(Cell(char, sgr))
                    cells.append(Cell("", sgr))
    return cells


@lru_cache(maxsize=512)
def _ascii_cells(text: str, style: Style | None, profile: ColorProfile) -> tuple[Cell, ...]:
    """Return the cells of ASCII text, one per character. Cached, because the same texts recur."""
    if not text.isprintable():
        # Control characters are removed from server texts; these come from a library.
        text = "".join([char if char.isprintable() else PLACEHOLDER for char in text])
    return tuple(
        map(_cells_by_character(_sgr_style(style, profile) if style is not None else SgrStyle()).__getitem__, text)
    )


class _StyleCells(dict[str, Cell]):
    """The cells of one style by character, each created once.

    A window of 400x120 has 48,000 cells and the caches hold several screens of them. A cell object for each place would
    take 72 bytes, and as they come and go with the window's size they would leave the heap full of holes.
    """

    def __init__(self, style: SgrStyle) -> None:
        super().__init__({" ": _blank(style)})
        self._style = style

    def __missing__(self, char: str) -> Cell:
        """Create the cell of a character on first use."""
        cell = self[char] = Cell(char, self._style)
        return cell


@lru_cache(maxsize=256)
def _cells_by_character(style: SgrStyle) -> _StyleCells:
    return _StyleCells(style)


@lru_cache(maxsize=512)
def _to_charset(text: str, charset: str) -> str:
    return to_charset(text, charset, get_character_cell_size)


def _blank(style: SgrStyle) -> Cell:
    """Return a blank cell without the attributes that are invisible on it."""
    is_plain = _VISIBLE_ON_BLANKS.isdisjoint(style.attributes.split(";"))
    return Cell(" ", SgrStyle(background=style.background) if is_plain else style)


@lru_cache(maxsize=4096)
def _sgr_style(style: Style, profile: ColorProfile) -> SgrStyle:
    colours = profile.colours
    if colours is None:
        return SgrStyle(_attributes_without_colours(style))
    pair = _ansi_pair(style) if colours < ColorSystem.EIGHT_BIT else None
    if pair is not None:
        text, ground = pair
        attributes = Strip.render_ansi(style.without_color, colours)
        return SgrStyle(attributes, _ansi_color(text, is_foreground=True), _ansi_color(ground, is_foreground=False))
    return SgrStyle(
        attributes=Strip.render_ansi(style.without_color, colours),
        foreground=_color(style.color, colours, is_foreground=True),
        background=_color(style.bgcolor, colours, is_foreground=False),
    )


def _attributes_without_colours(style: Style) -> str:
    """Return attributes for a terminal without colours; the cursor background becomes an attribute."""
    attributes = Strip.render_ansi(style.without_color, ColorSystem.STANDARD)
    background = style.bgcolor.triplet if style.bgcolor is not None else None
    cursor = NO_COLOR_ATTRIBUTES.get(background, "") if background is not None else ""
    if not cursor or cursor in attributes.split(";"):
        return attributes
    return f"{attributes};{cursor}" if attributes else cursor


def _ansi_pair(style: Style) -> tuple[int, int] | None:
    """Return the ANSI numbers of a text and its background that are drawn in others than those of each alone."""
    text, ground = style.color, style.bgcolor
    if text is None or ground is None or text.triplet is None or ground.triplet is None:
        return None
    return ANSI_16_PAIRS.get((text.triplet, ground.triplet))


def _ansi_color(number: int, *, is_foreground: bool) -> str:
    """Return the SGR parameter of one of the 16 colours: 30 to 37 are eight, 90 to 97 their bright versions."""
    return str((30 if is_foreground else 40) + (number if number < 8 else 52 + number))


def _color(color: Color | None, colours: ColorSystem, *, is_foreground: bool) -> str:
    """Return the SGR parameters of a colour, by its number where that is exact."""
    if color is None:
        return ""
    if color.triplet is not None:
        has_many = colours >= ColorSystem.EIGHT_BIT
        number = (NUMBERED if has_many else ANSI_16).get(color.triplet)
        if number is not None and has_many:
            return f"{38 if is_foreground else 48};5;{number}"
        if number is not None:
            return _ansi_color(number, is_foreground=is_foreground)
    return ";".join(color.downgrade(colours).get_ansi_codes(foreground=is_foreground))
