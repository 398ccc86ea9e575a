from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.api.pager import MAX_PAGES, PAGE_SIZE, Pager
from cdptui.models.task import Task


class Move(NamedTuple):
    """Changes of the list on the server between two responses."""

    inserted: tuple[int, ...]
    deleted: tuple[int, ...]


places = st.lists(st.integers(0, 200), max_size=12).map(tuple)
moves = st.lists(st.builds(Move, places, places), max_size=12)
servers = st.sets(st.integers(0, 200), max_size=60)


def a_task(number: int) -> Task:
    return Task(uuid=f"{number:08}", name=f"task {number}", status="Running", state="Enabled")


class Server:
    """A list sorted by uuid that changes after each response."""

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


def read_all(server: Server, page_size: int, *, has_total: bool = True) -> Pager[Task]:
    paging = Pager[Task](page_size)
    while not paging.is_done:
        assert paging.pages < 500, "the poll does not end"
        window = paging.next_window()
        rows, total = server.answer(*window)
        paging.accept(window, rows, total if has_total else None)
    return paging


@settings(max_examples=200)
@given(servers, moves, st.integers(1, 7), st.booleans())
@example(set(range(100, 110)), [Move((), tuple(range(100, 103)))], 3, True)
@example(set(range(100, 110)), [Move(tuple(range(2)), ())] * 9, 3, True)
@example(set(range(100, 140)), [Move((), (100,))] * 12, 2, False)
def test_row_present_during_the_whole_poll_is_read_exactly_once(
    numbers: set[int], movement: list[Move], page_size: int, has_total: bool
) -> None:
    server = Server(numbers, [Move(move.inserted[: page_size - 1], move.deleted) for move in movement])
    paging = read_all(server, page_size, has_total=has_total)
    uuids = [task.uuid for task in paging.by_uuid.values()]
    assert len(uuids) == len(set(uuids))
    assert {a_task(number).uuid for number in server.stayed} <= set(uuids)
    assert set(uuids) <= {a_task(number).uuid for number in server.ever}


@pytest.mark.parametrize("added", [3, 4, 7])
def test_page_of_rows_added_before_the_position_does_not_end_the_poll(added: int) -> None:
    server = Server(set(range(100, 120)), [Move((), ()), Move(tuple(range(added)), ())])
    paging = read_all(server, page_size=3)
    assert {task.uuid for task in paging.by_uuid.values()} >= {a_task(number).uuid for number in range(100, 120)}


@settings(max_examples=100)
@given(st.integers(0, 120), st.integers(1, 20))
def test_unchanging_list_takes_the_minimum_number_of_requests(count: int, page_size: int) -> None:
    paging = read_all(Server(set(range(count)), []), page_size)
    assert paging.pages == max(1, math.ceil(count / page_size))
    assert paging.total == count
    assert [task.uuid for task in paging.by_uuid.values()] == [f"{number:08}" for number in range(count)]


@settings(max_examples=100)
@given(st.integers(0, 60), st.integers(1, 10))
def test_without_a_total_at_most_two_more_requests_confirm_the_end(count: int, page_size: int) -> None:
    paging = read_all(Server(set(range(count)), []), page_size, has_total=False)
    assert len(paging.by_uuid) == count
    assert paging.total is None
    assert not paging.is_cut_short
    assert paging.pages <= count // page_size + 3


def test_row_read_twice_has_its_newest_values() -> None:
    paging = Pager[Task](2)
    paging.accept(paging.next_window(), [a_task(1), a_task(2)], 3)
    renamed = Task(uuid=a_task(2).uuid, name="renamed", status="Failed", state="Enabled")
    paging.accept(paging.next_window(), [renamed, a_task(3)], 3)
    assert [task.name for task in paging.by_uuid.values()] == ["task 1", "renamed", "task 3"]


def test_server_that_ignores_start_ends_the_poll_as_cut_short() -> None:
    paging = Pager[Task](3)
    rows = [a_task(number) for number in range(10)]
    while not paging.is_done:
        assert paging.pages < 20, "the poll does not end"
        window = paging.next_window()
        paging.accept(window, rows[: window.limit], 1_000_000)
    assert paging.is_cut_short


def test_endless_list_is_cut_short_at_the_page_limit() -> None:
    paging = Pager[Task](1)
    while not paging.is_done:
        window = paging.next_window()
        paging.accept(window, [a_task(number) for number in range(window.start, window.start + window.limit)], None)
    assert paging.pages == MAX_PAGES
    assert paging.is_cut_short


@pytest.mark.parametrize("total", [pytest.param(0, id="all deleted"), pytest.param(4, id="most deleted")])
def test_list_that_shrinks_between_pages_is_read_to_its_end(total: int) -> None:
    paging = Pager[Task](5)
    paging.accept(paging.next_window(), [a_task(number) for number in range(5)], 50)
    left = [a_task(number) for number in range(total)]
    while not paging.is_done:
        assert paging.pages < 20, "the poll does not end"
        start, limit = window = paging.next_window()
        paging.accept(window, left[start : start + limit], total)
    assert paging.total == total


class CappedServer(Server):
    """A server, or a proxy, whose cap on the rows of a page changes with each request."""

    def __init__(self, numbers: set[int], movement: list[Move], caps: list[int]) -> None:
        super().__init__(numbers, movement)
        self._caps = caps
        self.requests = 0

    def answer(self, start: int, limit: int) -> tuple[list[Task], int]:
        cap = self._caps[self.requests % len(self._caps)]
        self.requests += 1
        return super().answer(start, min(limit, cap))


def uuids_of(numbers: Iterable[int]) -> set[str]:
    return {a_task(number).uuid for number in numbers}


def is_reported_partial(paging: Pager[Task]) -> bool:
    return paging.is_cut_short or (paging.total is not None and len(paging.by_uuid) < paging.total)


@pytest.mark.parametrize(
    ("cap", "requests"), [(10, 278), (50, 51), (100, 26), (500, 6), (999, 3), (1000, 3), (1001, 3), (2500, 3)]
)
def test_list_in_capped_pages_is_read_completely(cap: int, requests: int) -> None:
    server = CappedServer(set(range(2500)), [], [cap])
    paging = read_all(server, PAGE_SIZE)
    assert len(paging.by_uuid) == paging.total == 2500
    assert not is_reported_partial(paging)
    assert server.requests == requests


@pytest.mark.parametrize("cap", [1, 2])
def test_very_small_cap_ends_at_the_page_limit(cap: int) -> None:
    server = CappedServer(set(range(2500)), [], [cap])
    paging = read_all(server, PAGE_SIZE)
    assert server.requests == MAX_PAGES
    assert len(paging.by_uuid) >= MAX_PAGES - 1
    assert is_reported_partial(paging)


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_small_list_is_read_completely_with_any_cap(cap: int) -> None:
    paging = read_all(CappedServer(set(range(60)), [], [cap]), PAGE_SIZE)
    assert len(paging.by_uuid) == 60


def test_list_in_pages_of_one_row_is_reported_as_partial() -> None:
    assert read_all(CappedServer(set(range(60)), [], [1]), PAGE_SIZE).is_cut_short


@settings(max_examples=300)
@given(servers, moves, st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(2, 9))
@example(set(range(100, 160)), [Move((), (100,))] * 12, [1], 5)
@example(set(range(100, 160)), [Move((0,), (100,))] * 12, [1, 4], 5)
@example(set(range(100, 160)), [Move((), ()), Move((), tuple(range(100, 130)))], [7], 9)
@example(set(range(100, 160)), [Move(tuple(range(12)), ())] * 12, [2], 9)
def test_with_any_cap_every_remaining_row_is_read_or_the_list_is_partial(
    numbers: set[int], movement: list[Move], caps: list[int], page_size: int
) -> None:
    server = CappedServer(numbers, movement, caps)
    paging = read_all(server, page_size)
    assert paging.by_uuid.keys() <= uuids_of(server.ever)
    assert uuids_of(server.stayed) <= paging.by_uuid.keys() or is_reported_partial(paging)
    assert server.requests <= MAX_PAGES


@settings(max_examples=200)
@given(servers, moves, st.lists(st.integers(2, 9), min_size=1, max_size=6), st.integers(2, 9))
def test_without_a_total_every_remaining_row_is_read_or_the_list_is_partial(
    numbers: set[int], movement: list[Move], caps: list[int], page_size: int
) -> None:
    server = CappedServer(numbers, movement, caps)
    paging = read_all(server, page_size, has_total=False)
    assert uuids_of(server.stayed) <= paging.by_uuid.keys() or is_reported_partial(paging)
    assert server.requests <= MAX_PAGES


@settings(max_examples=200)
@given(st.integers(0, 60), st.lists(st.integers(2, 9), min_size=1, max_size=6), st.data())
def test_wrong_total_loses_no_row_and_takes_few_more_requests(count: int, caps: list[int], data: st.DataObject) -> None:
    server, paging = CappedServer(set(range(count)), [], caps), Pager[Task](PAGE_SIZE)
    totals = st.one_of(st.none(), st.just(0), st.integers(count + 1, 10**6))
    while not paging.is_done:
        window = paging.next_window()
        rows, _ = server.answer(*window)
        paging.accept(window, rows, data.draw(totals))
    assert len(paging.by_uuid) == count
    assert server.requests <= 1 + count + 3


@pytest.mark.parametrize("cap", [1, 3, 100, PAGE_SIZE])
@pytest.mark.parametrize("total", [pytest.param(2500, id="fixed"), pytest.param(None, id="growing")])
def test_capped_server_that_ignores_start_is_partial_after_few_requests(cap: int, total: int | None) -> None:
    paging = Pager[Task]()
    rows = [a_task(number) for number in range(cap)]
    while not paging.is_done:
        window = paging.next_window()
        paging.accept(window, rows[: window.limit], window.start + cap + 1 if total is None else total)
    assert paging.pages <= 14
    assert len(paging.by_uuid) == cap
    assert is_reported_partial(paging)


def test_server_without_paging_and_total_is_not_partial() -> None:
    paging = Pager[Task]()
    rows = [a_task(number) for number in range(5)]
    while not paging.is_done:
        paging.accept(paging.next_window(), rows, None)
    assert paging.pages == 3
    assert not is_reported_partial(paging)


def test_full_pages_that_repeat_without_a_total_are_partial() -> None:
    paging = Pager[Task](5)
    rows = [a_task(number) for number in range(50)]
    while not paging.is_done:
        window = paging.next_window()
        paging.accept(window, rows[: window.limit], None)
    assert paging.pages <= 14
    assert is_reported_partial(paging)


@pytest.mark.parametrize("empty", [2, 3, 10])
def test_empty_page_in_the_middle_is_requested_again(empty: int) -> None:
    server, paging = CappedServer(set(range(250)), [], [20]), Pager[Task]()
    while not paging.is_done:
        window = paging.next_window()
        rows, total = server.answer(*window)
        paging.accept(window, [] if server.requests == empty else rows, total)
    assert len(paging.by_uuid) == 250
    assert not is_reported_partial(paging)
    assert server.requests <= 30


def test_list_with_only_empty_pages_after_a_row_is_partial() -> None:
    paging = Pager[Task]()
    rows = [a_task(number) for number in range(50)]
    while not paging.is_done:
        start, limit = window = paging.next_window()
        paging.accept(window, rows[start : start + min(limit, 20)], 250)
    assert len(paging.by_uuid) == 50
    assert is_reported_partial(paging)
    assert paging.pages <= 10
