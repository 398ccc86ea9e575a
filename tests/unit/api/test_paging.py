from __future__ import annotations

import math
from bisect import insort
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.api.paging import MAX_PAGES, Paging
from cdptui.models.task import Task


class Move(NamedTuple):
    """What happens on the server between two answers."""

    inserted: tuple[int, ...]
    deleted: tuple[int, ...]


places = st.lists(st.integers(0, 200), max_size=12).map(tuple)
moves = st.lists(st.builds(Move, places, places), max_size=12)
servers = st.sets(st.integers(0, 200), max_size=60)


def a_task(number: int) -> Task:
    return Task(uuid=f"{number:08}", name=f"task {number}", status="Running", state="Enabled")


class Server:
    """A list sorted by uuid that moves after each answer."""

    def __init__(self, numbers: set[int], movement: list[Move]) -> None:
        self.numbers = sorted(numbers)
        self.stayed = set(numbers)
        self.ever = set(numbers)
        self._movement = list(movement)

    def answer(self, start: int, limit: int) -> tuple[list[Task], int]:
        rows = [a_task(number) for number in self.numbers[start : start + limit]]
        total = len(self.numbers)
        if self._movement:
            self._move(self._movement.pop(0))
        return rows, total

    def _move(self, move: Move) -> None:
        for number in move.deleted:
            if number in self.numbers:
                self.numbers.remove(number)
                self.stayed.discard(number)
        for number in move.inserted:
            if number not in self.numbers:
                insort(self.numbers, number)
                self.ever.add(number)


def read_all(server: Server, page_size: int, *, says_total: bool = True) -> Paging:
    paging = Paging(page_size)
    while not paging.is_done:
        assert paging.pages < 500, "it does not end"
        window = paging.next_window()
        rows, total = server.answer(*window)
        paging.accept(window, rows, total if says_total else None)
    return paging


@settings(max_examples=200)
@given(servers, moves, st.integers(1, 7), st.booleans())
@example(set(range(100, 110)), [Move((), tuple(range(100, 103)))], 3, True)
@example(set(range(100, 110)), [Move(tuple(range(2)), ())] * 9, 3, True)
@example(set(range(100, 140)), [Move((), (100,))] * 12, 2, False)
def test_no_task_that_was_there_throughout_is_lost_and_none_is_doubled(
    numbers: set[int], movement: list[Move], page_size: int, says_total: bool
) -> None:
    server = Server(numbers, [Move(move.inserted[: page_size - 1], move.deleted) for move in movement])
    paging = read_all(server, page_size, says_total=says_total)
    uuids = [task.uuid for task in paging.by_uuid.values()]
    assert len(uuids) == len(set(uuids))
    assert {a_task(number).uuid for number in server.stayed} <= set(uuids)
    assert set(uuids) <= {a_task(number).uuid for number in server.ever}


@pytest.mark.parametrize("newcomers", [3, 4, 7])
def test_a_whole_page_of_newcomers_before_the_place_of_reading_does_not_end_it(newcomers: int) -> None:
    server = Server(set(range(100, 120)), [Move((), ()), Move(tuple(range(newcomers)), ())])
    paging = read_all(server, page_size=3)
    assert {task.uuid for task in paging.by_uuid.values()} >= {a_task(number).uuid for number in range(100, 120)}


@settings(max_examples=100)
@given(st.integers(0, 120), st.integers(1, 20))
def test_a_list_that_stands_still_costs_no_request_too_many(count: int, page_size: int) -> None:
    paging = read_all(Server(set(range(count)), []), page_size)
    assert paging.pages == max(1, math.ceil(count / page_size))
    assert paging.total == count
    assert [task.uuid for task in paging.by_uuid.values()] == [f"{number:08}" for number in range(count)]


@settings(max_examples=100)
@given(st.integers(0, 60), st.integers(1, 10))
def test_without_a_total_a_short_page_is_the_last(count: int, page_size: int) -> None:
    paging = read_all(Server(set(range(count)), []), page_size, says_total=False)
    assert len(paging.by_uuid) == count
    assert paging.total is None
    assert paging.pages <= count // page_size + 1


def test_the_newest_reading_of_a_task_wins() -> None:
    paging = Paging(2)
    paging.accept(paging.next_window(), [a_task(1), a_task(2)], 3)
    renamed = Task(uuid=a_task(2).uuid, name="renamed", status="Failed", state="Enabled")
    paging.accept(paging.next_window(), [renamed, a_task(3)], 3)
    assert [task.name for task in paging.by_uuid.values()] == ["task 1", "renamed", "task 3"]


def test_a_server_that_ignores_where_to_start_is_not_asked_for_ever() -> None:
    paging = Paging(3)
    rows = [a_task(number) for number in range(10)]
    while not paging.is_done:
        assert paging.pages < 20, "it does not end"
        window = paging.next_window()
        paging.accept(window, rows[: window.limit], 1_000_000)


def test_a_list_without_an_end_is_cut_off() -> None:
    paging = Paging(1)
    while not paging.is_done:
        window = paging.next_window()
        paging.accept(window, [a_task(number) for number in range(window.start, window.start + window.limit)], None)
    assert paging.pages == MAX_PAGES


@pytest.mark.parametrize("total", [pytest.param(0, id="all gone"), pytest.param(4, id="most gone")])
def test_a_list_that_shrinks_between_pages_still_ends(total: int) -> None:
    paging = Paging(5)
    paging.accept(paging.next_window(), [a_task(number) for number in range(5)], 50)
    left = [a_task(number) for number in range(total)]
    while not paging.is_done:
        assert paging.pages < 20, "it does not end"
        start, limit = window = paging.next_window()
        paging.accept(window, left[start : start + limit], total)
    assert paging.total == total
