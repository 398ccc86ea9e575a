"""The task list as a model, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime

import pytest

from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.query.parser import parse
from cdptui.render.column_layout import ColumnLayout
from cdptui.tasklist.model import TaskListModel
from cdptui.tasklist.sort_order import task_order
from tests.doubles import EPOCH, FakeClock
from tests.unit.render.rows import a_row

FLEET = [a_row("erp-web"), a_row("erp-db", status="Failed"), a_row("mail", status="Failed"), a_row("oa")]


class SlowClock(FakeClock):
    """Every look at it takes ten seconds, so that each slice of an update is its last."""

    def monotonic(self) -> float:
        self.seconds += 10.0
        return super().monotonic()


class Later:
    """Holds the rest of an update until the test runs it."""

    def __init__(self) -> None:
        self.work: Callable[[], Coroutine[object, object, None]] | None = None

    def __call__(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        self.work = work

    def run(self) -> None:
        assert self.work is not None
        asyncio.run(self.work())


def a_model(clock: FakeClock | None = None) -> tuple[TaskListModel, list[list[str]], Later]:
    """Return a model, the lists that it announced, and what it wants to run later."""
    announced: list[list[str]] = []
    later = Later()
    model = TaskListModel(clock or FakeClock(), lambda: announced.append(names(model)), later)
    return model, announced, later


def names(model: TaskListModel) -> list[str]:
    return [line.task.name for line in model.lines[:] if isinstance(line, TaskRow)]


def fill(
    model: TaskListModel,
    rows: Sequence[TaskRow] = FLEET,
    known: Mapping[str, str] | None = None,
    changed_at: Mapping[str, datetime] | None = None,
) -> None:
    model.set_rows(rows, EPOCH, known or {}, changed_at or {})


def test_rows_are_shown_at_once_when_the_update_is_short() -> None:
    model, announced, later = a_model()
    model.set_order(task_order("name"))
    fill(model)
    assert announced[-1] == ["erp-db", "erp-web", "mail", "oa"]
    assert later.work is None


def test_long_update_is_announced_only_when_it_is_complete() -> None:
    model, announced, later = a_model(SlowClock())
    fill(model)
    assert announced == []
    later.run()
    assert len(announced) == 1
    assert len(announced[0]) == len(FLEET)


def test_rows_that_arrive_during_a_long_update_are_shown_after_it() -> None:
    model, announced, later = a_model(SlowClock())
    fill(model)
    fill(model, FLEET[:1])
    assert announced == []
    later.run()
    assert [len(shown) for shown in announced] == [4, 1]


def test_other_order_abandons_the_update_that_is_running() -> None:
    model, announced, later = a_model(SlowClock())
    fill(model)
    model.set_order(task_order("name"))
    later.run()
    assert announced == [["erp-db", "erp-web", "mail", "oa"]]


def test_filter_shows_matching_rows_and_none_shows_all() -> None:
    model, _, _ = a_model()
    fill(model)
    model.set_filter(parse("erp"), is_unhealthy_only=False)
    assert sorted(names(model)) == ["erp-db", "erp-web"]
    assert model.filter_text == "erp"
    assert (model.filter_result.shown, model.filter_result.total) == (2, 4)
    model.set_filter(None, is_unhealthy_only=False)
    assert len(names(model)) == 4
    assert model.filter_text == ""


def test_unhealthy_only_is_combined_with_the_typed_filter() -> None:
    model, _, _ = a_model()
    fill(model)
    model.set_filter(parse("erp"), is_unhealthy_only=True)
    assert names(model) == ["erp-db"]
    assert model.filter_text == "unhealthy, erp"


def test_removed_anchor_is_replaced_by_its_successor() -> None:
    model, _, _ = a_model()
    model.set_order(task_order("name"))
    fill(model)
    model.set_anchor("uuid-of-erp-web")
    fill(model, [row for row in FLEET if row.task.name != "erp-web"])
    assert model.lines.successor_uuid in {"uuid-of-erp-db", "uuid-of-mail"}


def test_names_that_a_filter_needs_are_requested_and_applied_when_they_arrive() -> None:
    model, _, _ = a_model()
    fill(model)
    model.set_filter(parse("finance"), is_unhealthy_only=False)
    assert names(model) == []
    needed = model.needed_names
    assert needed
    known = dict.fromkeys(needed, "finance")
    model.set_context(EPOCH, known, {})
    model.names_arrived(len(known))
    assert len(names(model)) == 4


def test_same_order_and_same_columns_change_nothing() -> None:
    model, announced, _ = a_model()
    fill(model)
    before = len(announced)
    assert not model.set_order(task_order())
    assert not model.set_columns(ColumnLayout())
    assert len(announced) == before


def test_marks_follow_the_filter_and_are_removed_with_their_tasks() -> None:
    model, _, _ = a_model()
    fill(model)
    model.mark_or_unmark_all()
    model.set_filter(parse("erp"), is_unhealthy_only=False)
    assert model.hidden_marks == {"uuid-of-mail", "uuid-of-oa"}
    assert [row.task.name for row in model.marked_rows[2:]] == ["mail", "oa"]
    fill(model, FLEET[:2])
    assert model.remove_stale_marks() == 2
    assert model.marks.uuids == {"uuid-of-erp-web", "uuid-of-erp-db"}


def test_members_of_a_group_are_the_uuids_of_its_tasks() -> None:
    model, _, _ = a_model()
    model.set_order(task_order(group="status"))
    fill(model)
    groups = [line for line in model.lines[:] if isinstance(line, GroupSummary)]
    assert [set(model.members(group)) for group in groups if group.key == "Failed"] == [
        {"uuid-of-erp-db", "uuid-of-mail"}
    ]


@pytest.mark.parametrize("columns", [None, ["name", "status"]])
def test_columns_begin_with_the_configured_ones(columns: list[str] | None) -> None:
    model = TaskListModel(FakeClock(), lambda: None, Later(), columns)
    assert model.columns == (ColumnLayout() if columns is None else ColumnLayout.of(columns))
