"""What happened in a time, as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.event import Event, EventKind
from cdptui.models.event_summary import NOTHING, EventSummary, summarize_events
from cdptui.models.severity import Severity

MINUTE_MS = 60_000
SINCE_MS = 100 * MINUTE_MS

Told = tuple[int, EventKind, Severity, str, str | None, str | None]


def summary_of(*told: Told, until: int = 60) -> EventSummary:
    """Return the summary of events, each at a minute after the start."""
    events = [
        Event(SINCE_MS + minute * MINUTE_MS, kind, severity, name, name, old, new)
        for minute, kind, severity, name, old, new in told
    ]
    return summarize_events(events, SINCE_MS, SINCE_MS + until * MINUTE_MS)


def status(minute: int, old: str, new: str, severity: Severity, name: str = "erp") -> Told:
    return (minute, EventKind.STATUS, severity, name, old, new)


def missed(minute: int, name: str, over_ms: int = 0) -> Told:
    return (minute, EventKind.RPO_MISSED, Severity.WARNING, name, "600000", str(600_000 + over_ms))


def met(minute: int, name: str, duration_ms: int) -> Told:
    return (minute, EventKind.RPO_MET, Severity.HEALTHY, name, "900000", str(duration_ms))


def began(minute: int, kind: str = "timed out") -> Told:
    return (minute, EventKind.OUTAGE_BEGAN, Severity.CRITICAL, "", None, kind)


def ended(minute: int, minutes: int, kind: str = "timed out") -> Told:
    return (minute, EventKind.OUTAGE_ENDED, Severity.HEALTHY, "", kind, str(minutes * MINUTE_MS))


CRITICAL, HEALTHY, BUSY, CALM = Severity.CRITICAL, Severity.HEALTHY, Severity.BUSY, Severity.CALM


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], NOTHING, id="nothing"),
        pytest.param([status(0, "Running", "Failed", CRITICAL)], NOTHING, id="at the start, not after it"),
        pytest.param([status(1, "Running", "Failed", CRITICAL)], EventSummary(failed=1), id="failed"),
        pytest.param([status(1, "Running", "Stopped", Severity.NOTICE)], EventSummary(stopped=1), id="stopped, VM off"),
        pytest.param([status(1, "Running", "Stopped", CALM)], NOTHING, id="stopped and disabled"),
        pytest.param(
            [status(1, "Running", "DataMerging", HEALTHY), status(2, "DataMerging", "Running", HEALTHY)],
            NOTHING,
            id="merged",
        ),
        pytest.param([status(1, "Failed", "Running", HEALTHY)], EventSummary(recovered=1), id="recovered"),
        pytest.param(
            [status(1, "Stopped", "Starting", BUSY), status(2, "Starting", "Running", HEALTHY)],
            EventSummary(recovered=1),
            id="recovered by a start",
        ),
        pytest.param(
            [
                status(1, "Running", "Failed", CRITICAL),
                status(2, "Failed", "Stopped", CRITICAL),
                status(3, "Stopped", "Running", HEALTHY),
                status(4, "Running", "DataMerging", HEALTHY),
            ],
            EventSummary(failed=1, stopped=1, recovered=1),
            id="failed, stopped and recovered once",
        ),
        pytest.param(
            [missed(1, "erp"), missed(2, "db", 2 * MINUTE_MS), met(10, "erp", 9 * MINUTE_MS)],
            EventSummary(breaches=2, longest_breach_ms=60 * MINUTE_MS, longest_breach_name="db"),
            id="breach that lasts is the longest",
        ),
        pytest.param(
            [met(10, "erp", 200 * MINUTE_MS)],
            EventSummary(breaches=1, longest_breach_ms=200 * MINUTE_MS, longest_breach_name="erp"),
            id="breach that began before",
        ),
        pytest.param([began(1), ended(5, 4), began(10), ended(11, 1)], EventSummary(away_ms=5 * MINUTE_MS), id="away"),
        pytest.param([ended(5, 90)], EventSummary(away_ms=5 * MINUTE_MS), id="outage that began before"),
        pytest.param([began(50)], EventSummary(away_ms=10 * MINUTE_MS), id="outage that lasts"),
        pytest.param(
            [
                began(1, "session contended"),
                (1, EventKind.SESSION_TAKEN_OVER, CRITICAL, "", None, None),
                ended(5, 4, "session contended"),
            ],
            EventSummary(takeovers=1),
            id="session taken over, the node answers",
        ),
        pytest.param(
            [(1, EventKind.PLAN_LEVEL, CRITICAL, "erp", None, str(level)) for level in (80, 90, 95, 100)],
            EventSummary(full=1, nearly_full=2, changes=1),
            id="plan levels",
        ),
        pytest.param(
            [
                (1, kind, CALM, "", "1", "2")
                for kind in (EventKind.MONITOR_STARTED, EventKind.MONITOR_STOPPED, EventKind.GAP)
            ],
            NOTHING,
            id="monitors",
        ),
    ],
)
def test_summary_counts_what_happened(told: list[Told], expected: EventSummary) -> None:
    assert summary_of(*told) == expected


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_is_counted_but_those_of_monitors_and_notes(kind: EventKind) -> None:
    found = summary_of((1, kind, CRITICAL, "erp", "10", "100"), until=2)
    unsummarized = {EventKind.MONITOR_STARTED, EventKind.MONITOR_STOPPED, EventKind.GAP, EventKind.NOTE}
    assert (found == NOTHING) is (kind in unsummarized)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from(EventKind),
            st.sampled_from(Severity),
            st.sampled_from(["erp", "db", ""]),
            st.one_of(st.none(), st.sampled_from(["10", "100", "99999999"]), st.text(max_size=3)),
            st.one_of(st.none(), st.sampled_from(["10", "100", "99999999"]), st.text(max_size=3)),
        ),
        max_size=20,
    ).map(lambda told: sorted(told, key=lambda each: each[0]))
)
def test_any_events_have_a_summary_without_negative_numbers(told: list[Told]) -> None:
    found = summary_of(*told)
    numbers = [value for value in (getattr(found, name) for name in found.__struct_fields__) if isinstance(value, int)]
    assert min(numbers) >= 0
    assert found.away_ms <= 60 * MINUTE_MS
