"""Whose turn it is: keys one after the other, and none that waits for ever."""

from __future__ import annotations

from textual.events import Key

from cdptui.tui.key_turns import PATIENCE_S, ROUNDS, KeyTurns
from tests.doubles import FakeClock


def keys(*names: str) -> list[Key]:
    return [Key(name, None) for name in names]


def test_a_key_waits_until_the_one_before_it_is_settled() -> None:
    turns = KeyTurns(FakeClock().monotonic)
    first, second = keys("tab", "slash")
    turns.wait(first)
    turns.wait(second)
    assert turns.next() is first
    assert turns.next() is None
    turns.settle()
    assert turns.next() is second
    turns.settle()
    assert turns.next() is None


def test_a_key_is_followed_as_far_as_others_go_for_it_when_another_one_waits() -> None:
    turns = KeyTurns(FakeClock().monotonic)
    for key in keys("enter", "j"):
        turns.wait(key)
    turns.next()
    assert [turns.goes_round_again() for _ in range(ROUNDS)] == [True] * (ROUNDS - 1) + [False]
    turns.settle()
    turns.next()
    assert not turns.goes_round_again(), "nobody waits"


def test_a_key_that_never_comes_back_holds_nobody_up_for_long() -> None:
    clock = FakeClock()
    turns = KeyTurns(clock.monotonic)
    first, second = keys("a", "b")
    turns.wait(first)
    turns.wait(second)
    assert turns.next() is first
    clock.seconds += PATIENCE_S
    assert not turns.is_busy
    assert turns.next() is second
