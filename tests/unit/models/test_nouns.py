"""Task ratios, snapshots, capacity histories and failures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.snapshot import Snapshot
from tests.doubles import EPOCH, a_task


@pytest.mark.parametrize(
    ("used", "plan", "expected"),
    [(50, 100, 0.5), (0, 100, 0.0), (150, 100, 1.5), (50, 0, None), (50, None, None), (None, 100, None)],
)
def test_used_ratio_is_unknown_without_used_or_plan(used: int | None, plan: int | None, expected: float | None) -> None:
    assert a_task(used_bytes=used, plan_bytes=plan).used_ratio == expected


@pytest.mark.parametrize(
    ("rpo", "target", "expected"), [(300, 600, 0.5), (0, 600, 0.0), (5, 0, None), (5, None, None), (None, 600, None)]
)
def test_rpo_ratio_is_unknown_without_rpo_or_target(
    rpo: int | None, target: int | None, expected: float | None
) -> None:
    assert a_task(rpo_ms=rpo, rpo_target_ms=target).rpo_ratio == expected


@pytest.mark.parametrize(
    ("loaded", "total", "is_complete", "is_cut_short", "is_partial"),
    [
        pytest.param(2, 2, True, False, False, id="complete"),
        pytest.param(2, 3, True, False, True, id="fewer than the server has"),
        pytest.param(2, None, True, False, False, id="no count from the server"),
        pytest.param(2, 2, False, False, True, id="pages missing"),
        pytest.param(0, 0, True, False, False, id="empty"),
        pytest.param(2, None, True, True, True, id="ended early"),
        pytest.param(2, 2, True, True, True, id="not verified"),
    ],
)
def test_incomplete_snapshot_is_partial(
    loaded: int, total: int | None, is_complete: bool, is_cut_short: bool, is_partial: bool
) -> None:
    tasks = tuple(a_task(str(index)) for index in range(loaded))
    snapshot = Snapshot(
        tasks, total, is_complete, taken_at=EPOCH, taken_monotonic=0.0, duration_s=0.1, is_cut_short=is_cut_short
    )
    assert snapshot.is_partial is is_partial


@pytest.mark.parametrize("kind", FailureKind)
def test_failures_that_need_the_user_are_not_retried(kind: FailureKind) -> None:
    waits = {
        FailureKind.ADDRESS,
        FailureKind.INTERNAL_AGAIN,
        FailureKind.LOGIN_REFUSED,
        FailureKind.LOGIN_REPLACED,
        FailureKind.SECOND_FACTOR,
        FailureKind.SECOND_FACTOR_REFUSED,
        FailureKind.CAPTCHA,
        FailureKind.LOCKED,
        FailureKind.NEW_PASSWORD,
        FailureKind.OLD_PASSWORD,
        FailureKind.ADDRESS_REFUSED,
        FailureKind.LOGIN_NEEDS_MORE,
        FailureKind.KEY_UNKNOWN,
        FailureKind.KEY_SIGNATURE,
        FailureKind.PASSWORD_MISSING,
        FailureKind.PROJECT_REFUSED,
        FailureKind.TOO_MANY_SESSIONS,
        FailureKind.SESSION_INVALID,
        FailureKind.SESSION_CONTENDED,
    }
    assert Failure(kind, "", "").needs_user_action is (kind in waits)


def test_history_without_samples_has_no_values() -> None:
    track = CapacityHistory(until=50.0)
    assert track.value_at(50.0) is None
    assert track.since == 50.0


@settings(max_examples=100)
@given(
    st.lists(st.integers(0, 1000), unique=True, max_size=12).map(sorted),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(sorted), max_size=3),
    st.integers(-10, 1100),
)
def test_value_is_the_last_sample_except_in_gaps(moments: list[int], gaps: list[list[int]], at: int) -> None:
    track = CapacityHistory(
        tuple(CapacitySample(float(moment), moment * 10) for moment in moments),
        tuple(ObservationGap(float(start), float(end)) for start, end in gaps),
        until=1000.0,
    )
    seen = [moment for moment in moments if moment <= at]
    is_hidden = at > 1000 or any(start < at < end for start, end in gaps)
    assert track.value_at(at) == (seen[-1] * 10 if seen and not is_hidden else None)
