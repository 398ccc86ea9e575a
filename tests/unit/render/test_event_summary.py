"""The line about what happened while the user was away, at every width."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from cdptui.models.event_summary import EventSummary
from cdptui.render.event_summary import summary_line
from cdptui.render.spans import plain_text

NOW = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)
KEYS = {"events": "e", "back": "Esc"}
NIGHT = EventSummary(
    failed=3,
    recovered=1,
    breaches=12,
    longest_breach_ms=41 * 60_000,
    longest_breach_name="erp-db",
    away_ms=4 * 60_000,
)


SINCE = "since 18:02: 3 failed, 1 recovered, 12 RPO breaches"


def line(summary: EventSummary, width: int = 200, since: datetime = NOW - timedelta(hours=2, minutes=28)) -> str:
    since_ms = int(since.timestamp() * 1000)
    return plain_text(summary_line(summary, since_ms, NOW, UTC, KEYS, width, cell_len))


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (120, f"{SINCE}, longest 41 min erp-db; node away 4 min · e shows it · Esc closes"),
        (112, f"{SINCE}, longest 41 min erp-db; node away 4 min · e show · Esc close"),
        (111, f"{SINCE}, longest 41 min; node away 4 min · e show · Esc close"),
        (90, f"{SINCE}; node away 4 min · e show · Esc close"),
        (80, f"{SINCE}; node away 4 min · e show"),
        (64, f"{SINCE} · e show"),
        (50, "since 18:02: 3 failed, 1 recovered, … · e show"),
        (36, "since 18:02: 3 failed, … · e show"),
        (24, "since 18:02: 3 failed"),
        (16, "since 18:02: 3 …"),
    ],
)
def test_counts_give_way_last(width: int, text: str) -> None:
    assert line(NIGHT, width) == text


@pytest.mark.parametrize("width", range(1, 140))
def test_line_is_never_wider_than_the_window(width: int) -> None:
    summary = EventSummary(1, 2, 3, 4, 5, "中" * 60, 6, 7, 8, 9 * 60_000, 1, 2, 3, 4)
    assert cell_len(line(summary, width)) <= width


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        (EventSummary(failed=1, stopped=2), "1 failed, 2 stopped"),
        (
            EventSummary(breaches=1, longest_breach_ms=30_000, longest_breach_name="a\x1b[2Jb"),
            "1 RPO breach, longest 30 s a␛[2Jb",
        ),
        (
            EventSummary(full=1, nearly_full=2, storages_disconnected=1),
            "1 plan full, 1 storage disconnected, 2 nearly full",
        ),
        (EventSummary(takeovers=1, away_ms=7_200_000), "session taken over; node away 2 h"),
        (EventSummary(away_ms=240_000), "node away 4 min"),
        (EventSummary(appeared=2, vanished=1, changes=5), "1 vanished, 2 appeared, 5 changes"),
    ],
)
def test_only_what_happened_is_in_the_line(summary: EventSummary, text: str) -> None:
    assert line(summary) == f"since 18:02: {text} · e shows it · Esc closes"


def test_another_day_has_its_date() -> None:
    assert line(EventSummary(failed=1), since=NOW - timedelta(days=1)).startswith("since 2026-11-27 20:30: 1 failed")
