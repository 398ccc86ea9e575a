from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len

from cdptui.models.aggregates import summarize_fleet
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.severity import Severity
from cdptui.models.tls import TransportSecurity
from cdptui.render.header import ConnectionStatus, connection_line, connection_state, fleet_line
from cdptui.render.spans import Role, plain_text
from tests.doubles import GIB
from tests.unit.render.rows import a_row

WIDTHS = range(20, 251)
REFUSED = Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1")
LIVE = ConnectionStatus(
    node="http://10.0.0.5:8080",
    account="admin",
    loaded=60,
    total=60,
    age_s=3.0,
    poll_s=0.012,
    interval_s=10.0,
    failure=None,
    attempt=0,
    retry_in_s=None,
    is_loading=False,
    now=datetime(2026, 1, 1, 9, 5, tzinfo=UTC),
    zone=UTC,
)
CONNECTING = structs.replace(LIVE, loaded=None, total=None, age_s=None, poll_s=None)
RETRYING = structs.replace(LIVE, failure=REFUSED, attempt=3, retry_in_s=7.4)


def failed(kind: FailureKind) -> ConnectionStatus:
    return structs.replace(LIVE, failure=Failure(kind, "", ""), attempt=1)


@pytest.mark.parametrize(
    ("connection", "word"),
    [
        pytest.param(CONNECTING, "◌ connecting", id="before the first answer"),
        pytest.param(
            structs.replace(LIVE, is_loading=True, loaded=3000, total=12_345, pages=3),
            "◌ loading page 3 of 12",
            id="loading pages",
        ),
        pytest.param(
            structs.replace(LIVE, is_loading=True, loaded=3000, total=None, pages=3),
            "◌ loading, 3 pages",
            id="loading an unknown number of pages",
        ),
        pytest.param(
            structs.replace(RETRYING, refresh_period_s=10.0),
            "▲ retry 3 in <10 s: unreachable",
            id="waiting with low bandwidth",
        ),
        pytest.param(LIVE, "● live", id="fresh"),
        pytest.param(structs.replace(LIVE, age_s=20.0), "● live", id="as old as two intervals"),
        pytest.param(structs.replace(LIVE, age_s=20.1), "▲ stale", id="older than two intervals"),
        pytest.param(RETRYING, "▲ retry 3 in 7 s: unreachable", id="waiting for the next attempt"),
        pytest.param(structs.replace(RETRYING, retry_in_s=0.2), "▲ retry 3 now: unreachable", id="about to retry"),
        pytest.param(structs.replace(RETRYING, retry_in_s=None), "▲ retry 3 now: unreachable", id="trying"),
        pytest.param(
            structs.replace(CONNECTING, failure=REFUSED, attempt=1, retry_in_s=5),
            "▲ retry 1 in 5 s: unreachable",
            id="never connected",
        ),
        pytest.param(failed(FailureKind.LOGIN_REFUSED), "✖ login refused", id="needs a password"),
        pytest.param(failed(FailureKind.SESSION_CONTENDED), "✖ session taken over", id="needs a decision"),
    ],
)
def test_connection_state(connection: ConnectionStatus, word: str) -> None:
    assert connection_state(connection).text == word


@pytest.mark.parametrize("kind", FailureKind)
def test_failure_is_never_shown_as_live(kind: FailureKind) -> None:
    word = connection_state(failed(kind))
    assert word.role is Role.BAD
    assert "live" not in word.text


def test_wide_first_line_shows_every_part() -> None:
    line = connection_line(LIVE, 120, cell_len)
    text = plain_text(line)
    assert cell_len(text) == 120
    for part in (
        "● live",
        "http://10.0.0.5:8080",
        "admin",
        "60/60 tasks",
        "every 10 s",
        "poll 12 ms",
        "age   3 s",
        "09:05 UTC",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("loaded", "total", "text", "role"),
    [
        (60, 60, "60/60 tasks", Role.TEXT),
        (1000, 1312, "1000/1312 tasks", Role.WARN),
        (60, None, "60/60 tasks", Role.TEXT),
        (60, 59, "60/60 tasks", Role.TEXT),
        (0, 0, "0/0 tasks", Role.TEXT),
    ],
)
def test_partial_list_shows_loaded_and_total_tasks(loaded: int, total: int | None, text: str, role: Role) -> None:
    line = connection_line(structs.replace(LIVE, loaded=loaded, total=total), 120, cell_len)
    (span,) = (span for span in line if "tasks" in span.text)
    assert (span.text, span.role) == (text, role)


def test_old_data_has_a_warning_age() -> None:
    line = connection_line(structs.replace(LIVE, age_s=300.0), 120, cell_len)
    (age,) = (span for span in line if span.text.startswith("age"))
    assert (age.text, age.role) == ("age 5 min", Role.WARN)


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param(LIVE, id="live"),
        pytest.param(CONNECTING, id="connecting"),
        pytest.param(RETRYING, id="retrying"),
        pytest.param(structs.replace(RETRYING, attempt=1234, retry_in_s=300.0), id="retrying for long"),
        pytest.param(structs.replace(LIVE, pending_changes=17), id="paused"),
        pytest.param(
            structs.replace(LIVE, pending_changes=12345, failure=REFUSED, attempt=99, retry_in_s=300.0),
            id="paused and failing",
        ),
        pytest.param(
            structs.replace(LIVE, node="https://管理节点.example.com/very/long/prefix", account="财务"), id="wide names"
        ),
        pytest.param(structs.replace(LIVE, loaded=100_000, total=100_000, age_s=1e6, poll_s=75.0), id="large figures"),
        pytest.param(failed(FailureKind.LOGIN_REFUSED), id="waiting for the user"),
    ],
)
def test_first_line_fits_every_width(connection: ConnectionStatus) -> None:
    word = connection_state(connection).text
    for width in WIDTHS:
        text = plain_text(connection_line(connection, width, cell_len))
        assert cell_len(text) <= width, f"{cell_len(text)} cells in {width}: {text!r}"
        assert text.startswith(word[: width - 1])


def test_state_and_pause_are_separated_at_every_width() -> None:
    for width in WIDTHS:
        text = plain_text(connection_line(structs.replace(LIVE, pending_changes=17), width, cell_len))
        assert "live‖" not in text, f"at {width}"


def test_narrow_first_line_drops_the_least_important_part() -> None:
    shown = [
        [part for part in ("live", "age", "http", "tasks", "UTC", "admin", "poll", "every") if part in text]
        for text in (plain_text(connection_line(LIVE, width, cell_len)) for width in reversed(WIDTHS))
    ]
    for wider, narrower in pairwise(shown):
        assert narrower == wider[: len(narrower)]


FLEET = summarize_fleet(
    [
        a_row("a", status="Running", used_bytes=40 * GIB),
        a_row("b", status="Running", used_bytes=95 * GIB),
        a_row("c", status="Failed", rpo_ms=900_000),
        a_row("d", status="Stopped", state="Disabled"),
        a_row("e", status="Stopped", state="Enabled"),
        a_row("f", status="Levitating", unreadable_fields=frozenset({"maxCapacity"}), plan_bytes=None),
        a_row("g", status="Starting", used_bytes=None),
    ]
)


def test_fleet_summary_counts_and_totals() -> None:
    assert set(FLEET.statuses) == {
        ("Failed", 1, Severity.CRITICAL),
        ("Stopped", 2, Severity.CRITICAL),
        ("Levitating", 1, Severity.WARNING),
        ("Starting", 1, Severity.BUSY),
        ("Running", 2, Severity.HEALTHY),
    }
    assert (FLEET.plan_bytes, FLEET.used_bytes) == (600 * GIB, 295 * GIB)
    assert (FLEET.near_full, FLEET.rpo_breaches, FLEET.bad_records) == (1, 1, 1)


def test_second_line_lists_the_worst_status_first() -> None:
    text = plain_text(fleet_line(FLEET, 200, cell_len))
    places = [text.index(status) for status in ("Failed", "Stopped", "Levitating", "Starting", "Running")]
    assert places == sorted(places)


def test_empty_fleet_is_shown_as_zeros() -> None:
    text = plain_text(fleet_line(summarize_fleet([]), 100, cell_len))
    assert "0 B of 0 B" in text
    assert "▲ 0 near full" in text


def test_second_line_is_empty_before_the_first_list() -> None:
    assert plain_text(fleet_line(None, 100, cell_len)).strip() == "", "nothing is known yet, so zeros would be wrong"


def test_wide_second_line_shows_every_part() -> None:
    text = plain_text(fleet_line(FLEET, 200, cell_len))
    assert cell_len(text) == 200
    for part in (
        "✖ 1 Failed",
        "■ 2 Stopped",
        "◇ 1 Levitating",
        "● 2 Running",
        "295 GiB of 600 GiB (49%)",
        "▲ 1 near full",
        "↯ 1 RPO breaches",
        "! 1 unreadable",
    ):
        assert part in text


many_statuses = st.lists(
    st.sampled_from(
        ["Running", "Failed", "Stopped", "DataMerging", "Starting", "Stopping", "Created", "Unknown", "合并中"]
    ),
    max_size=30,
).map(lambda statuses: summarize_fleet([a_row(str(index), status=status) for index, status in enumerate(statuses)]))


@settings(max_examples=30)
@given(many_statuses, st.sampled_from(WIDTHS))
def test_second_line_fits_every_width(fleet: object, width: int) -> None:
    text = plain_text(fleet_line(fleet, width, cell_len))  # type: ignore[arg-type]
    assert cell_len(text) <= width, f"{cell_len(text)} cells in {width}: {text!r}"


@pytest.mark.parametrize("width", range(20, 200))
def test_near_full_is_never_shortened_to_full(width: int) -> None:
    assert " full" not in plain_text(fleet_line(FLEET, width, cell_len)).replace(" near full", "")


def test_failed_tasks_are_named_at_80_columns() -> None:
    text = plain_text(fleet_line(FLEET, 80, cell_len))
    assert cell_len(text) == 80
    assert "1 Failed" in text.replace("✖1", "✖ 1")


def test_lengthened_interval_shows_its_cause() -> None:
    line = plain_text(connection_line(structs.replace(LIVE, is_paced=True, interval_s=24.4), 120, cell_len))
    assert "node is slow: every 24 s" in line
    assert "every" not in line.replace("node is slow: every 24 s", "")


@pytest.mark.parametrize(("age_s", "shown"), [(0.0, "<10 s"), (9.9, "<10 s"), (10.0, "<20 s"), (59.9, "<60 s")])
def test_age_with_low_bandwidth_is_an_upper_bound(age_s: float, shown: str) -> None:
    line = plain_text(connection_line(structs.replace(LIVE, age_s=age_s, refresh_period_s=10.0), 140, cell_len))
    assert f"age {shown}" in line.replace("1 min", "60 s")
    assert "low bandwidth" in line


@pytest.mark.parametrize("connection", [LIVE, RETRYING, CONNECTING, failed(FailureKind.SESSION_CONTENDED)])
def test_unverified_certificate_is_shown_at_every_width(connection: ConnectionStatus) -> None:
    unverified = structs.replace(connection, secrecy=TransportSecurity.UNVERIFIED, profile="production")
    for width in WIDTHS:
        line = connection_line(unverified, width, cell_len)
        (badge,) = (span for span in line if "TLS not verified" in span.text)
        assert badge.role is Role.LABEL_RED
        assert cell_len(plain_text(line)) <= width


def test_plaintext_connection_is_shown_dimly_on_wide_screens() -> None:
    plain = structs.replace(LIVE, secrecy=TransportSecurity.PLAINTEXT)
    (mark,) = (span for span in connection_line(plain, 160, cell_len) if span.text == "not encrypted")
    assert mark.role is Role.DIM
    assert "not encrypted" in plain_text(connection_line(plain, 120, cell_len))
    assert "not encrypted" not in plain_text(connection_line(plain, 60, cell_len))
    assert "encrypted" not in plain_text(connection_line(LIVE, 200, cell_len))


@pytest.mark.parametrize(
    ("connection", "count"),
    [
        pytest.param(LIVE, "60/60 tasks", id="complete"),
        pytest.param(structs.replace(LIVE, total=61), "60/61 tasks", id="fewer than the node counts"),
        pytest.param(structs.replace(LIVE, is_cut_short=True), "60/? tasks", id="not checked"),
        pytest.param(structs.replace(LIVE, total=None, is_cut_short=True), "60/? tasks", id="not checked, no count"),
        pytest.param(structs.replace(LIVE, total=2500, is_cut_short=True), "60/2500 tasks", id="given up"),
    ],
)
def test_possibly_incomplete_list_is_marked_in_its_count(connection: ConnectionStatus, count: str) -> None:
    assert count in plain_text(connection_line(connection, 250, cell_len))
