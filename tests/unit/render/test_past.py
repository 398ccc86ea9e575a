"""The banner over a moment of a recording, and the ruler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.severity import Severity
from cdptui.models.trend import Gap
from cdptui.render.past import PastState, Ruler, past_line, ruler_lines, ruler_scale
from cdptui.render.spans import Line, Role, plain_text

AT = datetime(2026, 11, 27, 2, 51, 40, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
KEYS = {"back": "Esc"}
HOUR_MS = 3_600_000


def banner(width: int, **changes: object) -> str:
    fields = {"at": AT, "now": AT + timedelta(minutes=28), "node": "http://node:8080", "zone": UTC, **changes}
    return plain_text(past_line(PastState(**fields), KEYS, width, len))  # type: ignore[arg-type]  # of different types


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "28 min ago · 2026-11-27 02:51:40 UTC · Esc: live · http://node:8080"),
        ({"speed": 60}, "28 min ago · 2026-11-27 02:51:40 UTC · playing 60× · Esc: live · http://node:8080"),
        ({"thinned": 3}, "28 min ago · 2026-11-27 02:51:40 UTC · Esc: live · values of 15 minutes · http://node:8080"),
        ({"has_present": False}, "28 min ago · 2026-11-27 02:51:40 UTC · recording · http://node:8080"),
        ({"now": AT - timedelta(hours=3)}, "in 3 h · 2026-11-27 02:51:40 UTC · Esc: live · http://node:8080"),
        (
            {"gap": Gap(AT_MS, AT_MS + 60_000, is_outage=True)},
            "28 min ago · 2026-11-27 02:51:40 UTC · node did not answer 02:51:40 to 02:52:40 · Esc: live · http://node:8080",
        ),
        (
            {"gap": Gap(AT_MS, AT_MS + 60_000)},
            "28 min ago · 2026-11-27 02:51:40 UTC · not recorded 02:51:40 to 02:52:40 · Esc: live · http://node:8080",
        ),
    ],
)
def test_banner_says_when_and_how_to_return(changes: dict[str, object], text: str) -> None:
    assert banner(200, **changes).strip() == text


@given(st.integers(1, 200), st.booleans())
def test_banner_is_as_wide_as_the_screen(width: int, has_gap: bool) -> None:
    shown = banner(width, gap=Gap(AT_MS, AT_MS + 1000) if has_gap else None)
    assert len(shown) == width


def test_banner_leaves_out_the_node_first_and_never_the_time() -> None:
    assert banner(60).strip() == "28 min ago · 2026-11-27 02:51:40 UTC · Esc: live"
    assert banner(40).strip().startswith("28 min ago · 2026-11-27 02:51:40")


def ruler(**changes: object) -> Ruler:
    fields = {"first_ms": AT_MS, "last_ms": AT_MS + 10 * HOUR_MS, "gaps": (), "marks": (), "at_ms": AT_MS, **changes}
    return Ruler(**fields)  # type: ignore[arg-type]  # of different types


def track(shown: Ruler, width: int = 10) -> tuple[str, Line]:
    line, _ = ruler_lines(shown, width, UTC)
    return plain_text(line), line


def test_ruler_has_gaps_outages_events_and_the_moment_at_their_times() -> None:
    hours = [AT_MS + number * HOUR_MS for number in range(10)]
    gaps = (Gap(hours[2], hours[3] + 1), Gap(hours[6], hours[6] + 9, is_outage=True))
    marks = ((hours[4], Severity.WARNING), (hours[4] + 5, Severity.CRITICAL), (hours[1], Severity.HEALTHY))
    shown = ruler(gaps=gaps, marks=marks, at_ms=hours[8])
    text, line = track(shown)
    assert text == "──··╵─×─█─"
    assert next(span.role for span in line if "╵" in span.text) is Role.BAD, "the worst of an hour"


@given(st.integers(1, 300), st.integers(0, 10 * HOUR_MS))
def test_ruler_fits_and_a_click_on_the_moment_goes_to_it(width: int, offset_ms: int) -> None:
    shown = ruler(at_ms=AT_MS + offset_ms)
    text, _ = track(shown, width)
    assert len(text) == width
    column = text.index("█")
    scale = ruler_scale(shown, width, UTC)
    assert scale.column_of(shown.at_ms) == column
    assert scale.time_of(column) <= datetime.fromtimestamp(shown.at_ms / 1000, UTC) + timedelta(milliseconds=1)


def test_recording_of_one_poll_has_a_ruler() -> None:
    text, _ = track(ruler(last_ms=AT_MS), 20)
    assert text.count("█") == 1
