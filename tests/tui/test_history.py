"""The tab History: its windows, its scale, and its keys."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdptui.api.errors import CdpUnavailable, PermissionDenied, Unreachable
from cdptui.config.recording import RecordSettings
from cdptui.models.server_metrics import MetricPoint
from cdptui.models.task import Task
from cdptui.render.tabs.registry import TABS
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running
from tests.tui.test_absence import HandClock, move
from tests.unit.history.recorded import poll, record, task


def a_node() -> ScriptedNode:
    return ScriptedNode(*([a_task(name, used_bytes=used * GIB) for name in ("a", "b")] for used in (40, 41, 42, 43)))


async def opened(run: Running) -> None:
    """Open the tab with the focus, after two polls."""
    await run.until(lambda: run.rows)
    await run.poll()
    await run.press("tab", "right")
    await run.until(lambda: "Nothing is recorded" in run.text_of(DetailPane))


async def test_windows_are_switched_with_keys_in_the_pane() -> None:
    async with running(a_node()) as run:
        await opened(run)
        for key, window in (
            ("greater_than_sign", "[7 d]"),
            ("greater_than_sign", "[30 d]"),
            ("less_than_sign", "[7 d]"),
        ):
            await run.press(key)
            await run.until(lambda window=window: window in run.text_of(DetailPane))  # type: ignore[misc]  # bound now
        await run.press(*["less_than_sign"] * 4)
        assert "[15 min]" in run.text_of(DetailPane)
        await run.press("less_than_sign")
        assert "There is no shorter time" in run.notice
        assert "Sorted" not in run.notice


@pytest.mark.parametrize("size", [(120, 40), (60, 30)], ids=["beside the status", "below it"])
async def test_window_is_selected_with_a_click_on_it(size: tuple[int, int]) -> None:
    async with running(a_node(), size=size) as run:
        await opened(run)
        for label in ("30 d", "15 min", "1 h"):
            pane = run.text_of(DetailPane).splitlines()
            y, line = next((at, text) for at, text in enumerate(pane) if "24 h" in text)
            corner = run.detail.content_region.offset - run.detail.region.offset
            await run.click(DetailPane, offset=(corner.x + line.index(label), corner.y + len(run.detail.head) + y))
            await run.until(lambda label=label: f"[{label}]" in run.text_of(DetailPane))  # type: ignore[misc]  # bound now
        assert run.app.focused is run.detail


async def test_scale_is_toggled_with_a_key() -> None:
    async with running(a_node()) as run:
        await opened(run)
        await run.until(lambda: "plan 100 GiB not on this scale" in run.text_of(DetailPane))
        await run.press("y")
        await run.until(lambda: "plan 100 GiB ┄" in run.text_of(DetailPane))
        assert "0 B ┤" in run.text_of(DetailPane)


async def test_keys_of_the_history_sort_the_list_on_another_tab() -> None:
    async with running(a_node()) as run:
        await opened(run)
        assert "< > time  y scale" in run.footer
        await run.press("right")
        assert "< > time" not in run.footer
        await run.press("greater_than_sign")
        assert "Sorted by name" in run.notice


async def test_history_follows_the_cursor_and_the_polls() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("full_stop", *["tab", "less_than_sign", "less_than_sign", "less_than_sign", "tab"])
        await run.until(lambda: "40 GiB, no change" in run.text_of(DetailPane))
        await run.poll()
        await run.press("j")
        assert run.cursor == "uuid-of-b"
        await run.until(lambda: "41 GiB, +1 GiB" in run.text_of(DetailPane))


async def test_outage_that_lasts_is_a_part_of_the_window() -> None:
    clock = HandClock()
    node = ScriptedNode([a_task("a", used_bytes=40 * GIB)], Unreachable("down", url="http://node"))
    async with running(node, clock=clock) as run:
        await run.until(lambda: run.rows)
        await run.press("tab", "right", *["less_than_sign"] * 3)
        await run.until(lambda: "40 GiB, no change" in run.text_of(DetailPane))
        move(run, clock, 300.0)
        await run.press("r")
        await run.until(lambda: "the node could not be read for 5 min" in run.text_of(DetailPane))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 50)], ids=str)
async def test_history_fits_every_window(size: tuple[int, int]) -> None:
    async with running(a_node(), size=size) as run:
        await opened(run)
        assert "[24 h]" in run.screen
        assert "┤" in run.screen
        run.assert_every_line_fits()


PLAN_BYTES = 1000 * GIB


def recorded_fleet(path: Path) -> list[Task]:
    """Record two tasks for two hours, up to now: one of them was over its target for half an hour."""
    now = datetime.now(UTC)
    tasks, polls = [], []
    for minutes in range(120, -1, -1):
        is_late = 50 < minutes <= 80
        tasks = [
            task("a1", used=(200 - minutes) * GIB, rpo=2000, maxLatency="600000", maxCapacity=str(PLAN_BYTES)),
            task(
                "b2",
                used=7 * GIB,
                rpo=1_200_000 if is_late else 3000,
                maxLatency="600000",
                maxCapacity=str(PLAN_BYTES),
            ),
        ]
        polls.append(poll(int(now.timestamp() * 1000) - minutes * 60_000 - 1000, *tasks))
    record(path, polls, now)
    return tasks


async def test_recorded_history_is_shown_with_the_first_list(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    node = ScriptedNode(recorded_fleet(path))
    async with running(node, record=RecordSettings(path, 1 << 30, "node", "admin")) as run:
        await run.until(lambda: run.rows)
        await run.press("full_stop")
        await run.until(lambda: "worst 20m" in run.text_of(DetailPane))
        text = run.text_of(DetailPane)
        assert "Recorded since" in text
        assert "longest   30 min" in text
        assert "! RPO 20m, over its target" in text
        await run.until(lambda: "all tasks" in run.text_of(DetailPane))
        await run.press("j")
        await run.until(lambda: "200 GiB, +120 GiB" in run.text_of(DetailPane))
        assert "on target 100%" in run.text_of(DetailPane)
        assert node.reads == 1


async def test_group_shows_the_rpo_of_its_tasks_over_time(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    node = ScriptedNode(recorded_fleet(path))
    async with running(node, record=RecordSettings(path, 1 << 30, "node", "admin")) as run:
        await run.until(lambda: run.rows)
        await run.press("b", "s", "g")
        await run.until(lambda: "RPO over time" in run.text_of(DetailPane))
        text = run.text_of(DetailPane)
        assert "on target 87.5%" in text
        assert "breaches  1" in text
        assert "  task    cdp-b2" in text


def metrics_asked(node: ScriptedNode) -> list[str]:
    return [question for question in node.asked if question.startswith("metrics")]


async def test_time_before_the_recording_has_the_metrics_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    node = ScriptedNode(recorded_fleet(path))
    now_ms = round(1000 * datetime.now(UTC).timestamp())
    times_ms = range(now_ms - 24 * 3_600_000, now_ms, 60_000)
    points = [MetricPoint(at_ms, 0.4) for at_ms in times_ms], [MetricPoint(at_ms, 1_500_000) for at_ms in times_ms]
    node.known_metrics = dict.fromkeys(("a1", "b2"), points)
    async with running(node, record=RecordSettings(path, 1 << 30, "node", "admin")) as run:
        await run.until(lambda: run.rows)
        assert run.cursor == "b2"
        await run.tick()
        assert not metrics_asked(node), "the tab is not open"
        await run.press("full_stop")
        await run.until(lambda: "▓ from the server's metrics" in run.text_of(DetailPane))
        assert "used      7 GiB, +3 GiB" in run.text_of(DetailPane)
        assert "worst 25m" in run.text_of(DetailPane)
        assert any(line.strip().startswith("server  ▓▓▓▓▓▓▓▓") for line in run.text_of(DetailPane).splitlines())
        for _ in range(5):
            await run.tick()
        assert metrics_asked(node) == ["metrics b2"], "once, and for the task in the pane only"
        await run.press("j")
        await run.tick()
        await run.until(lambda: "used      200 GiB, +196 GiB" in run.text_of(DetailPane))
        assert metrics_asked(node) == ["metrics b2", "metrics a1"]
        assert node.most_asked_at_once == 1


@pytest.mark.parametrize("cause", ["no permission", "this node has none"])
async def test_refused_metrics_are_reported_in_the_tab_only(tmp_path: Path, cause: str) -> None:
    path = tmp_path / "node.sqlite"
    node = ScriptedNode(recorded_fleet(path))
    refusal = PermissionDenied if cause == "no permission" else CdpUnavailable
    node.known_metrics = refusal("refused", url="http://node")
    async with running(node, record=RecordSettings(path, 1 << 30, "node", "admin")) as run:
        await run.until(lambda: run.rows)
        await run.press("full_stop")
        text = f"The server's metrics could not be read: {cause}; r"
        await run.until(lambda: text in " ".join(run.text_of(DetailPane).split()))
        assert "▓" not in run.text_of(DetailPane)
        assert "metrics" not in run.header + run.banner + run.notice
        await run.press("tab")
        for _ in range(len(TABS) - 1):
            await run.press("right")
            await run.tick()
            assert "metrics" not in run.screen
        assert metrics_asked(node) == ["metrics b2"]
