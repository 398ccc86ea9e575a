from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from msgspec import structs
from rich.cells import cell_len

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.tls import TransportSecurity
from cdptui.render.header import ConnectionStatus, connection_line, connection_state
from cdptui.render.spans import Role, plain_text

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
        pytest.param(structs.replace(LIVE, cached_s=10.0), "● live", id="in a cache for one interval"),
        pytest.param(structs.replace(LIVE, age_s=12.0, cached_s=11.0), "▲ stale, from a cache", id="from a cache"),
        pytest.param(RETRYING, "▲ retry 3 in 7 s: unreachable", id="waiting for the next attempt"),
        pytest.param(structs.replace(RETRYING, retry_in_s=0.2), "▲ retry 3 now: unreachable", id="about to retry"),
        pytest.param(structs.replace(RETRYING, retry_in_s=None), "▲ retry 3 now: unreachable", id="trying"),
        pytest.param(
            structs.replace(CONNECTING, failure=REFUSED, attempt=1, retry_in_s=5),
            "▲ retry 1 in 5 s: unreachable",
            id="never connected",
        ),
        pytest.param(failed(FailureKind.LOGIN_REFUSED), "✖ login refused", id="needs a password"),
        pytest.param(failed(FailureKind.SESSION_CONTENDED), "✖ session ended twice", id="needs a decision"),
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


@pytest.mark.parametrize("connection", [LIVE, RETRYING, CONNECTING, structs.replace(LIVE, pending_changes=17)])
def test_label_of_the_demo_is_shown_at_every_width(connection: ConnectionStatus) -> None:
    for width in WIDTHS:
        line = connection_line(structs.replace(connection, label="demo ×60"), width, cell_len)
        assert (" demo ×60 ", Role.LABEL) in [(span.text, span.role) for span in line]
