from __future__ import annotations

import pytest

from cdptui.monitor.schedule import (
    INTERVALS_S,
    MAX_BACKOFF_S,
    PollSchedule,
    next_longer_interval,
    next_shorter_interval,
)


def test_polls_start_at_the_interval() -> None:
    assert PollSchedule(10.0).after_success(started=100.0, now=100.9) == 110.0


def test_long_poll_is_followed_by_a_minimum_pause() -> None:
    assert PollSchedule(1.0).after_success(started=100.0, now=100.9) == 101.4


def test_slow_node_is_used_at_most_a_quarter_of_the_time() -> None:
    poller = PollSchedule(10.0)
    assert poller.after_success(started=100.0, now=102.0) == 110.0
    assert not poller.is_slowed_down
    assert poller.after_success(started=110.0, now=115.0) == 130.0
    assert (poller.is_slowed_down, poller.effective_interval_s) == (True, 20.0)


def test_interval_is_restored_when_the_node_is_fast_again() -> None:
    poller = PollSchedule(2.0)
    poller.after_success(started=0.0, now=3.0)
    assert poller.effective_interval_s == 12.0
    assert poller.after_success(started=12.0, now=12.9) == 14.0
    assert (poller.is_slowed_down, poller.effective_interval_s) == (False, 2.0)


def test_back_off_doubles_up_to_the_interval() -> None:
    poller = PollSchedule(10.0, random_unit=lambda: 0.5)
    assert [poller.after_failure(0.0) for _ in range(6)] == [2, 4, 8, 10, 10, 10]
    poller = PollSchedule(1.0, random_unit=lambda: 0.5)
    assert [poller.after_failure(0.0) for _ in range(3)] == [2, 2, 2]


def test_overloaded_node_has_a_back_off_of_up_to_five_minutes() -> None:
    poller = PollSchedule(10.0, random_unit=lambda: 0.5)
    delays = [poller.after_failure(0.0, is_retried_rarely=True) for _ in range(9)]
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300]


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 1.6), (1.0, 2.4)])
def test_jitter_is_20_percent_either_way(chance: float, delay: float) -> None:
    assert PollSchedule(10.0, random_unit=lambda: chance).after_failure(0.0) == pytest.approx(delay)


def test_jitter_never_exceeds_the_longest_back_off() -> None:
    poller = PollSchedule(10.0, random_unit=lambda: 1.0)
    assert max(poller.after_failure(0.0) for _ in range(20)) == 10.0
    assert max(poller.after_failure(0.0, is_retried_rarely=True) for _ in range(20)) == MAX_BACKOFF_S


def test_weeks_of_failures_do_not_overflow() -> None:
    poller = PollSchedule(10.0)
    poller.failures = 10**6
    assert poller.after_failure(0.0) <= MAX_BACKOFF_S


def test_one_success_ends_the_back_off() -> None:
    poller = PollSchedule(10.0, random_unit=lambda: 0.5)
    for _ in range(5):
        poller.after_failure(0.0)
    poller.after_success(0.0, 0.0)
    assert poller.failures == 0
    assert poller.after_failure(0.0) == 2.0


def test_longer_and_shorter_use_the_same_steps() -> None:
    up = [INTERVALS_S[0]]
    while next_longer_interval(up[-1]) != up[-1]:
        up.append(next_longer_interval(up[-1]))
    down = [INTERVALS_S[-1]]
    while next_shorter_interval(down[-1]) != down[-1]:
        down.append(next_shorter_interval(down[-1]))
    assert up == list(INTERVALS_S) == down[::-1]
