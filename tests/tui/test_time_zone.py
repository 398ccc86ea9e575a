"""Time is shown in one zone, named in the header, on every tab and in every export."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

import pytest

from cdptui.models.recovery_points import RecoveryPoint, RecoveryPoints
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running, running

STOPPED_AT = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)
"""Everything on the node happened at this time: another hour in each zone, and another day in most."""


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/St_Johns"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set the zone of the machine by TZ."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def a_node() -> ScriptedNode:
    node = ScriptedNode([a_task("a", status="Failed", last_op_at=STOPPED_AT, created_at=STOPPED_AT)])
    point = RecoveryPoint(1, "volume-1", STOPPED_AT, 1000)
    day = timedelta(days=1)
    node.known_points = {
        "vm-of-a": RecoveryPoints(STOPPED_AT - day, STOPPED_AT, recent=(point,), daily=(point,), protected=(point,))
    }
    return node


async def every_tab(run: Running) -> str:
    """Return what all tabs show."""
    seen = []
    for _ in range(8):
        await run.press("full_stop")
        await run.tick()
        await run.tick()
        await run.finish()
        seen.append(run.text_of(DetailPane))
    return "\n".join(seen)


def offset_text(at: datetime) -> str:
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02d}" + (f":{rest:02d}" if rest else "")


async def check_times(local: datetime, zone: tzinfo | None, folder: Path) -> None:
    """Check that every time on screen and in files is `local`."""
    async with running(a_node(), size=(160, 50), zone=zone) as run:
        await run.until(lambda: run.rows)
        assert re.search(rf"\d\d:\d\d {re.escape(offset_text(local))}\b", run.header)
        text = await every_tab(run)
        assert f"last operation {local:%Y-%m-%d %H:%M}" in text, "tab Why"
        assert f"{local:%Y-%m-%d %H:%M:%S}" in text, "tab Points"
        times = set(re.findall(r"(?<![\d:┴])(\d\d:00)(?::00)?(?![\d:])", text))
        assert times <= {f"{local:%H:%M}"}, "one zone on every tab; time axes have all hours"
        for ending in ("csv", "json"):
            await run.press("ctrl+s", ending[0])
            await run.until(lambda ending=ending: list(folder.glob(f"*.{ending}")))  # type: ignore[misc]  # bound now
    check_files(local, folder)


def check_files(local: datetime, folder: Path) -> None:
    (csv_file,), (json_file,) = folder.glob("*.csv"), folder.glob("*.json")
    assert local.isoformat().replace("+00:00", "Z") in csv_file.read_text()
    about = json.loads(json_file.read_text())
    assert about["time_zone"] == offset_text(datetime.fromisoformat(about["taken_at"]))
    assert datetime.fromisoformat(about["taken_at"]).utcoffset() == datetime.now(local.tzinfo).utcoffset()
    assert about["server_time_zone"] == "UTC"


async def test_times_are_in_the_zone_of_the_machine(
    machine_zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await check_times(STOPPED_AT.astimezone(), None, tmp_path)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
async def test_times_are_in_the_chosen_zone(zone: tzinfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await check_times(STOPPED_AT.astimezone(zone), zone, tmp_path)
