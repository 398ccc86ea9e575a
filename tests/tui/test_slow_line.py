"""Slow terminal connections are detected and get less output."""

from __future__ import annotations

from contextvars import Context

import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Static

from cdptui.tui.terminal.output import OutputLink
from cdptui.tui.terminal.screen_buffer import ScreenBuffer
from cdptui.tui.themes import DARK
from tests.doubles import a_task
from tests.tui.running import showing


class ManualClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_fast_writes_do_not_count_as_slow() -> None:
    line = OutputLink(ManualClock())
    for _ in range(1000):
        line.record_write(0.02)
    assert not line.is_slow


def test_connection_blocked_for_a_second_is_slow_for_ten_minutes() -> None:
    clock = ManualClock()
    line = OutputLink(clock)
    for clock.now in (0.0, 20.0, 40.0):
        assert not line.is_slow
        line.record_write(0.4)
    assert line.is_slow
    clock.now += 599
    assert line.is_slow
    clock.now += 2
    assert not line.is_slow


def test_rare_blocked_writes_do_not_count_as_slow() -> None:
    clock = ManualClock()
    line = OutputLink(clock)
    for clock.now in (0.0, 100.0, 200.0):
        line.record_write(0.9)
        assert not line.is_slow


@pytest.mark.parametrize(("few", "bytes_each"), [(False, len("\x1b[38;5;253;48;5;234m")), (True, len("\x1b[37;40m"))])
def test_sixteen_colours_take_fewer_bytes(few: bool, bytes_each: int) -> None:
    frame = ScreenBuffer()
    console = Console(color_system="truecolor", force_terminal=True)
    if few:
        frame.color_system = ColorSystem.STANDARD
    style = Style(color=DARK.variables["role-text"], bgcolor=DARK.background)
    text = frame.diff(LayoutUpdate([[Strip([Segment("a", style)])]], Region(0, 0, 1, 1)), console, (1, 1))
    assert len(text) == len("\x1b[1;1H\x1b[0m") + bytes_each + len("a")


async def test_low_bandwidth_mode_is_shown_and_redraws_the_age_less_often() -> None:
    async with showing([a_task()], low_bandwidth=True) as running:
        await running.tick()
        await running.until(lambda: "low bandwidth" in running.header)
        assert "age <10 s" in running.header.replace("  ", " ")


async def test_skipped_frame_is_redrawn_from_the_writer_thread() -> None:
    async with showing([a_task()]) as running:
        dialog = Static(Rule())
        await running.app.push_screen(ModalScreen[None](), wait_for_dismiss=False)
        await running.app.screen.mount(dialog)
        await running.finish()
        dialog.update(Rule("again"))
        Context().run(running.app.redraw)
