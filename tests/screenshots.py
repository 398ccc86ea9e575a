"""Makes the pictures in screenshots/: `python -m tests.screenshots`.

The app itself, on the simulator, over a real socket. Only the clocks are ours, on both sides, so that the same pictures
come out every time; a test makes them again and compares.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from cdptui.config.address import normalise
from cdptui.config.settings import MonitorSettings
from cdptui.monitor.build import open_link
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from cdptui.tui.app import CdptuiApp
from cdptui.tui.widgets.bars import HeaderBar

FOLDER = Path(__file__).parents[1] / "screenshots"

_START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_POLLS = 40
_STEP_S = 600.0
_PORT = re.compile(r"127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Picture:
    """One file, and how to get there."""

    name: str
    columns: int
    lines: int
    keys: tuple[str, ...] = ()
    theme: str = "dark"


PICTURES = (
    Picture("list", 120, 40, ("d",)),
    Picture("detail", 120, 40, ("g", "j")),
    Picture("narrow", 80, 24),
    Picture("narrow-detail", 80, 24, ("enter",)),
    Picture("wide", 200, 50),
    Picture("light", 120, 40, theme="light"),
    Picture("help", 120, 40, ("question_mark",)),
)


class SteppedClock:
    """One clock for both ends, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.seconds)

    def epoch(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        """Polls come when they are asked for; only the patience of a poll that is due is real."""
        if timeout_s is not None and timeout_s < 1:
            return event.is_set()
        return await event.wait()


async def take(picture: Picture) -> str:
    """Run the app as `picture` says; the SVG."""
    clock = SteppedClock()
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1), now=clock.epoch)
    with EmbeddedServer(node) as server:
        settings = MonitorSettings(base_url=normalise(server.url), account="admin", password="password")
        app = CdptuiApp(
            lambda: open_link(settings, clock),
            node="http://10.0.0.5:8080",
            account="admin",
            clock=clock,
            interval_s=settings.interval_s,
            theme=picture.theme,
        )
        async with app.run_test(size=(picture.columns, picture.lines)) as pilot:
            await _watch_for_hours(app, pilot, clock)
            await pilot.press(*picture.keys)
            await _settle(app, pilot, lambda: True)
            svg = app.export_screenshot(title="cdptui")
        if app.link is not None:
            await app.link.aclose()
    return _PORT.sub("10.0.0.5:8080", svg)


async def _watch_for_hours(app: CdptuiApp, pilot: Pilot[int], clock: SteppedClock) -> None:
    await _settle(app, pilot, lambda: "60/60" in _header(app))
    for _ in range(_POLLS):
        clock.seconds += _STEP_S
        before = app._main._update
        await pilot.press("r")
        await _settle(app, pilot, lambda before=before: app._main._update is not before)
    clock.seconds += 3
    app._main._tick()
    await _settle(app, pilot, lambda: app.link is not None and app.link.names.known)


def _header(app: CdptuiApp) -> str:
    return str(app.screen_stack[0].query_one(HeaderBar).lines)


async def _settle(app: CdptuiApp, pilot: Pilot[int], condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]  # a condition without arguments
        if time.monotonic() > deadline:
            message = "the app never came to the picture"
            raise TimeoutError(message)
        await pilot.pause()
    for _ in range(5):
        await pilot.pause()


def make(folder: Path) -> list[Path]:
    """Make all pictures in `folder`."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for picture in PICTURES:
        path = folder / f"{picture.name}.svg"
        path.write_text(asyncio.run(take(picture)), encoding="utf-8")
        made.append(path)
    return made


if __name__ == "__main__":
    for made_file in make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(made_file)
