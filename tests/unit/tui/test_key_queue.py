"""The key queue handles keys one at a time, and no key waits for ever."""

from __future__ import annotations

from textual.events import Key

from cdptui.tui.key_queue import MAX_KEY_S, ROUNDS, KeyQueue
from tests.doubles import FakeClock


def keys(*names: str) -> list[Key]:
    return [Key(name, None) for name in names]


def test_key_waits_until_the_previous_key_is_handled() -> None:
    queue = KeyQueue(FakeClock().monotonic)
    first, second = keys("tab", "slash")
    queue.put(first)
    queue.put(second)
    assert queue.start_next() is first
    assert queue.start_next() is None
    queue.finish()
    assert queue.start_next() is second
    queue.finish()
    assert queue.start_next() is None


def test_marker_makes_several_passes_while_another_key_waits() -> None:
    queue = KeyQueue(FakeClock().monotonic)
    for key in keys("enter", "j"):
        queue.put(key)
    queue.start_next()
    assert [queue.needs_another_pass() for _ in range(ROUNDS)] == [True] * (ROUNDS - 1) + [False]
    queue.finish()
    queue.start_next()
    assert not queue.needs_another_pass(), "no key waits"


def test_key_without_marker_delays_the_next_for_a_limited_time() -> None:
    clock = FakeClock()
    queue = KeyQueue(clock.monotonic)
    first, second = keys("a", "b")
    queue.put(first)
    queue.put(second)
    assert queue.start_next() is first
    clock.seconds += MAX_KEY_S
    assert not queue.is_busy
    assert queue.start_next() is second
