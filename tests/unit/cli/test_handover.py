"""`cdptui handover`: the page of a scripted night, in three formats."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdptui.history.writer import Poll
from cdptui.models.reasons import Reason, ReasonKind, overall_severity
from cdptui.models.recording import PollRecord
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from tests.unit.history.recorded import NOW, NOW_MS, open_writer, task

MINUTE_MS = 60_000
GIB = 1 << 30


def row(each: Task) -> TaskRow:
    """Return the row of a task as a monitor finds it: a failed task has a problem since 08:05."""
    started = Reason(ReasonKind.FAILED, overall_severity(each, ()), NOW.replace(minute=5))
    reasons = (started,) if each.status == "Failed" else ()
    return TaskRow(each, overall_severity(each, reasons), reasons=reasons)


def tasks(minute: int) -> list[Task]:
    """Return the tasks at a minute: `erp` fails at 5 and stays so, `[crm](x)` fails at 2 and recovers at 7."""
    return [
        task("a1", used=minute * GIB, name="erp", status="Failed" if minute >= 5 else "Running"),
        task("b2", used=GIB, name="[crm](x)", status="Failed" if 2 <= minute < 7 else "Running"),
        task("c3", used=GIB, name="hr"),
    ]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A night of 20 minutes, in which no monitor ran from 10 to 14."""
    path = tmp_path / "state" / "cdptui" / "recordings" / "night.sqlite"
    path.parent.mkdir(parents=True)
    for minutes in (range(11), range(14, 21)):
        writer = open_writer(path)
        writer.set_meta([("node", "http://node:8080"), ("account", "admin")])
        for minute in minutes:
            rows = [row(each) for each in tasks(minute)]
            writer.write_poll(Poll(PollRecord(NOW_MS + minute * MINUTE_MS, 40, len(rows)), rows))
        writer.close()
    return path


def cdptui(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "XDG_STATE_HOME": str(home), "HOME": str(home)}
    command = [sys.executable, "-m", "cdptui", "handover", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_page_has_what_is_wrong_what_recovered_and_what_was_not_watched(recording: Path, tmp_path: Path) -> None:
    done = cdptui(tmp_path / "state", "--since", "17m")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "# Handover of http://node:8080, account admin"
    assert lines[2] == "2026-11-27 08:03:00 UTC to 2026-11-27 08:20:00 UTC (17 min)"
    assert "## Unhealthy now: 1" in lines
    (unhealthy,) = (line for line in lines if line.startswith("- ✖ erp: "))
    assert "since 08:05 (15 min)" in unhealthy
    assert lines[lines.index(unhealthy) + 1].startswith("  Next step: ")
    assert "## Healthy again, or gone: 1" in lines
    assert any(line.startswith(r"- ✖ \[crm\](x): ") for line in lines), "names are no markup"
    happened = [line[2:] for line in lines if re.match(r"- 11-27 \d", line) and "→" in line]
    assert happened == [r"11-27 08:05:00 erp: Running → Failed"]
    assert "- 11-27 08:10:00 to 11-27 08:14:00 (4 min): no monitor ran" in lines


def test_text_has_no_markup(recording: Path, tmp_path: Path) -> None:
    done = cdptui(tmp_path / "state", "night", "--since", "17m", "-o", "text")
    assert done.stdout.startswith("Handover of http://node:8080, account admin\n")
    assert "UNHEALTHY NOW: 1\n  ✖ erp: " in done.stdout
    assert "  ✖ [crm](x): " in done.stdout


def test_json_is_one_object_with_numbers_and_times(recording: Path, tmp_path: Path) -> None:
    page = json.loads(cdptui(tmp_path / "state", str(recording), "--since", "17m", "-o", "json").stdout)
    assert (page["node"], page["since"], page["until"]) == (
        "http://node:8080",
        "2026-11-27T08:03:00.000+00:00",
        "2026-11-27T08:20:00.000+00:00",
    )
    assert [each["name"] for each in page["unhealthy"]] == ["erp"]
    assert [each["name"] for each in page["recovered"]] == ["[crm](x)"]
    (problem,) = page["unhealthy"][0]["problems"]
    assert (problem["kind"], problem["since"]) == ("failed", "2026-11-27T08:05:00+00:00")
    assert page["gaps"] == [
        {"from": "2026-11-27T08:10:00.000+00:00", "to": "2026-11-27T08:14:00.000+00:00", "is_outage": False}
    ]


def test_end_of_the_time_can_be_given(recording: Path, tmp_path: Path) -> None:
    page = json.loads(cdptui(tmp_path / "state", "--since", "3m", "--to", "08:04", "-o", "json").stdout)
    assert page["until"] == "2026-11-27T08:04:00.000+00:00"
    assert [each["name"] for each in page["unhealthy"]] == ["[crm](x)"]
    assert page["gaps"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--since", "soon"], 2, "'soon' is no span of time"),
        (["--since", "-3h"], 2, "is no span of time"),
        (["--to", "soon"], 2, "'soon' is no time"),
        (["-o", "pdf"], 2, "'pdf' is not one of"),
        (["other"], 2, "no recording 'other': night"),
        (["--to", "2020-01-01"], 1, "nothing was recorded before that time"),
    ],
)
def test_wrong_use_is_one_clear_line(
    recording: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = cdptui(tmp_path / "state", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_several_recordings_must_be_named(recording: Path, tmp_path: Path) -> None:
    recording.with_name("other.sqlite").write_bytes(recording.read_bytes())
    done = cdptui(tmp_path / "state")
    assert done.returncode == 2
    assert "there are several recordings, name one of them: night, other" in done.stderr


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    done = cdptui(tmp_path / "empty")
    assert done.returncode == 2
    assert "nothing was recorded yet" in done.stderr
