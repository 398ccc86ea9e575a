"""Makes the pictures in screenshots/: `python -m tests.screenshots`.

The app itself, on the simulator, over a real socket. Only the clocks are ours, on both sides, so that the same pictures
come out every time; a test makes them again and compares.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.monitor.connection import connect
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from cdptui.tui.app import CdptuiApp
from cdptui.tui.target import Target
from cdptui.tui.widgets.bars import HeaderBar
from tests.tui.event_loop import PATIENCE_S, exact_pilot, wait_for_idle

FOLDER = Path(__file__).parents[1] / "screenshots"

_START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_POLLS = 36
_STEP_S = 300.0
"""The server itself looks at capacity every five minutes."""


@dataclass(frozen=True)
class Sitting:
    """One run of the app, and the keys between its pictures."""

    columns: int
    lines: int
    pictures: tuple[tuple[str, tuple[str, ...]], ...]


SITTINGS = (
    Sitting(
        120,
        40,
        (
            ("detail", ("j", "j", "j", "j", "j")),
            ("tab-history", ("full_stop",)),
            ("tab-resources", ("full_stop",)),
            ("tab-policy", ("full_stop",)),
            ("tab-storage", ("full_stop",)),
            ("tab-points", ("full_stop",)),
            ("tab-raw", ("full_stop",)),
            ("tab-why", ("full_stop",)),
            ("tab-search", ("enter", "slash", *"check", "enter", "n")),
            ("list", ("escape", "full_stop", "d")),
            ("sort", ("s",)),
            ("help", ("escape", "question_mark")),
            ("light", ("escape", "d", "ctrl+p", *"theme", "space", *"light", "enter")),
        ),
    ),
    Sitting(
        80,
        24,
        (
            ("narrow", ()),
            ("narrow-detail", ("enter",)),
            ("narrow-tab-history", ("right",)),
            ("narrow-tab-resources", ("right",)),
            ("narrow-tab-policy", ("right",)),
            ("narrow-tab-storage", ("right",)),
            ("narrow-tab-points", ("right",)),
            ("narrow-tab-raw", ("right",)),
            ("narrow-tab-why", ("right",)),
        ),
    ),
    Sitting(200, 50, (("wide", ()),)),
    Sitting(
        120,
        40,
        (
            ("filter", ("slash", *"used>80% and state=Enabled")),
            ("groups", ("escape", "b", "b")),
            ("columns", ("o",)),
            ("views", ("escape", "v")),
        ),
    ),
)


class SteppedClock:
    """One clock for both ends, moved by hand."""

    speed = 1.0

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


async def take(sitting: Sitting) -> dict[str, str]:
    """Run the app as `sitting` says; the SVGs by name."""
    clock = SteppedClock()
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1), now=clock.epoch)
    with EmbeddedServer(node) as server:
        settings = MonitorSettings(
            base_url=normalize_url(server.url),
            auth=PasswordLogin(name="admin", password="password"),
            interval_s=_STEP_S,
        )
        target = Target(lambda: connect(settings, clock), "http://10.0.0.5:8080", "admin", settings.interval_s)
        app = CdptuiApp(target, clock=clock)
        made = {}
        async with app.run_test(size=(sitting.columns, sitting.lines)) as pilot:
            await _watch_for_hours(app, pilot, clock)
            for name, keys in sitting.pictures:
                await pilot.press(*keys)
                await _tick(app)
                made[name] = app.export_screenshot(title="cdptui")
        await app.close_connections()
    return made


async def _watch_for_hours(app: CdptuiApp, pilot: Pilot[int], clock: SteppedClock) -> None:
    await _finish(app, lambda: "60/60" in _header(app))
    for _ in range(_POLLS):
        clock.seconds += _STEP_S
        before = app._main._update
        await pilot.press("r")
        await _finish(app, lambda before=before: app._main._update is not before)  # type: ignore[misc]  # bound now
        await _tick(app)
    clock.seconds += 7
    await _tick(app)


async def _tick(app: CdptuiApp) -> None:
    """Let the app do what it does each second; it asks for what a tab shows when the cursor is where it was before."""
    for _ in range(2):
        await _finish(app)
        app._main._tick()
    await _finish(app)


def _header(app: CdptuiApp) -> str:
    return str(app.screen_stack[0].query_one(HeaderBar).lines)


async def _finish(app: CdptuiApp, condition: Callable[[], object] = lambda: True) -> None:
    """Wait until a condition is true, and nothing is left that the app asks the node, reads or draws."""
    deadline = time.monotonic() + PATIENCE_S
    await wait_for_idle()
    while _is_working(app) or not condition():
        if time.monotonic() > deadline:
            message = "the app never came to the picture"
            raise TimeoutError(message)
        await asyncio.sleep(0.005)
        await wait_for_idle()


def _is_working(app: CdptuiApp) -> bool:
    if app.link is None or any(worker.name != "watch" and not worker.is_finished for worker in app.workers):
        return True
    inventory = app.link.inventory
    return inventory._wake.is_set() or inventory._in_flight is not None or inventory._next() is not None


def make(folder: Path) -> list[Path]:
    """Make all pictures in `folder`."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for sitting in SITTINGS:
        with exact_pilot():
            pictures = asyncio.run(take(sitting))
        for name, svg in pictures.items():
            path = folder / f"{name}.svg"
            path.write_text(svg, encoding="utf-8")
            made.append(path)
    return made


if __name__ == "__main__":
    for made_file in make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        sys.stdout.write(f"{made_file}\n")
