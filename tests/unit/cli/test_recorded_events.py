"""`cdptui recordings events`: its times and its filter."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.cli.recorded_events import event_lines, parse_event_filter, parse_since
from cdptui.history.writer import Poll
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.recording import PollRecord
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from tests.doubles import FakeClock
from tests.unit.history.recorded import NOW_MS, open_writer, poll, record, task

HOUR_MS = 3_600_000


def now_ms(clock: FakeClock) -> int:
    return int(clock.now().timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "hours"), [("8h", 8.0), ("30m", 0.5), ("1d12h", 36.0), ("1.5 h", 1.5), (" 2 w ", 336.0), ("0", 0.0)]
)
def test_since_is_a_time_of_the_filter_language(text: str, hours: float) -> None:
    clock = FakeClock()
    assert parse_since(text, clock) == pytest.approx(now_ms(clock) - hours * HOUR_MS, abs=1)


@pytest.mark.parametrize("text", ["8", "8 hours", "80%", "5GiB", "", "-3h"])
def test_since_that_is_no_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.UsageError, match="--since must be a time such as"):
        parse_since(text, FakeClock())


@given(st.text(max_size=12) | st.from_regex(r"\d{1,300}(e\d{1,3})? ?[smhdwy]", fullmatch=True))
def test_any_since_is_a_time_before_now_or_a_usage_error(text: str) -> None:
    clock = FakeClock()
    try:
        since_ms = parse_since(text, clock)
    except click.UsageError:
        return
    assert 0 <= since_ms <= now_ms(clock)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    path = tmp_path / "night.sqlite"
    reason = Reason(ReasonKind.FAILED, Severity.CRITICAL)
    failed = TaskRow(task("a1", status="Failed"), Severity.CRITICAL, reasons=(reason,))
    record(path, [poll(NOW_MS, task("a1"), task("b2"))])
    writer = open_writer(path)
    writer.write_poll(Poll(PollRecord(NOW_MS + HOUR_MS, 40, 2), [failed, *poll(0, task("b2", name="erp")).rows]))
    writer.close()
    return path


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (None, ["monitor started", "monitor started", "cdp-a1: Running → Failed", "cdp-b2 renamed to erp"]),
        ("event=status", ["cdp-a1: Running → Failed"]),
        ("severity>=warning", ["cdp-a1: Running → Failed"]),
        ("renamed or failed", ["cdp-a1: Running → Failed", "cdp-b2 renamed to erp"]),
        ("reason=failed", ["cdp-a1: Running → Failed"]),
        ("status=Running", ["cdp-b2 renamed to erp"]),
        ("name=erp", ["cdp-b2 renamed to erp"]),
        ("not event~monitor !status=Failed", ["cdp-b2 renamed to erp"]),
        ("used=?", ["monitor started", "monitor started"]),
    ],
)
def test_filter_selects_events_by_their_own_fields_and_by_their_tasks(
    night: Path, expression: str | None, expected: list[str]
) -> None:
    parsed = parse_event_filter(expression) if expression is not None else None
    lines = list(event_lines(night, 0, parsed, FakeClock()))
    assert [line.split("  ")[-1].strip() for line in lines] == expected


def test_wrong_filter_is_a_usage_error_with_its_place() -> None:
    with pytest.raises(click.UsageError, match="unknown field 'sincee'; did you mean since\\?, at character 5"):
        parse_event_filter("erp sincee<8h")
