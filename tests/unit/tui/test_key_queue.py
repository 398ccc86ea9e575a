"""The key queue handles keys one at a time, and no key waits for ever."""

from __future__ import annotations

from textual.events import Key

from cdptui.tui.key_queue import MAX_KEY_S, ROUNDS, KeyQueue
from tests.doubles import FakeClock


def keys(*names: str) -> list[Key]:
    return [Key(name, None) for name in names]


def test_key_waits_until_the_previous_key_is_handled() -> None:
    turns = KeyQueue(FakeClock().monotonic)
    first, second = keys("tab", "slash")
    turns.put(first)
    turns.put(second)
    assert turns.start_next() is first
    assert turns.start_next() is None
    turns.finish()
    assert turns.start_next() is second
    turns.finish()
    assert turns.start_next() is None


def test_marker_makes_several_passes_while_another_key_waits() -> None:
    turns = KeyQueue(FakeClock().monotonic)
    for key in keys("enter", "j"):
        turns.put(key)
    turns.start_next()
    assert [turns.needs_another_pass() for _ in range(ROUNDS)] == [True] * (ROUNDS - 1) + [False]
    turns.finish()
    turns.start_next()
    assert not turns.needs_another_pass(), "no key waits"


def test_key_without_marker_delays_the_next_for_a_limited_time() -> None:
    clock = FakeClock()
    turns = KeyQueue(clock.monotonic)
    first, second = keys("a", "b")
    turns.put(first)
    turns.put(second)
    assert turns.start_next() is first
    clock.seconds += MAX_KEY_S
    assert not turns.is_busy
    assert turns.start_next() is second
