"""The message shown instead of all screens while the window is smaller than `MIN_SIZE`."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from cdptui.render.spans import Line, Role, Span
from cdptui.tui.layout import MIN_SIZE
from cdptui.tui.terminal.screen_buffer import Frame
from cdptui.tui.terminal.textual_app import whole_frame
from cdptui.tui.widgets.cached_painter import FEW_STRIPS, Painter


def message_lines(size: Size, quit_key: str) -> list[Line]:
    """Return the message for a window of `size`, most important line first."""
    return [
        (Span("too small", Role.WARN),),
        (Span(f"now {size.width}x{size.height}", Role.TEXT),),
        (Span(f"need {MIN_SIZE.width}x{MIN_SIZE.height}", Role.TEXT),),
        (Span(f"{quit_key} quits", Role.DIM),),
    ]


def strips(size: Size, widget: Widget, quit_key: str) -> list[Strip]:
    """Return one strip per line of a window of `size`, in the colours and on the background of `widget`."""
    painter = Painter(widget, FEW_STRIPS)
    lines = message_lines(size, quit_key)
    return [painter.strip(lines[y] if y < len(lines) else (), size.width) for y in range(size.height)]


def layout_update(size: Size, widget: Widget, quit_key: str) -> Frame:
    """Return the update that the terminal driver draws for a window of `size`."""
    return whole_frame(strips(size, widget, quit_key), size)
