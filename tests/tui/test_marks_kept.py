from __future__ import annotations

from cdptui.render.arrangement import Arrangement
from cdptui.render.order import Order
from cdptui.tui.marks import Marks
from tests.unit.render.rows import a_row

FLEET = [a_row(name) for name in "abc"]


def listed(rows: str) -> Arrangement:
    kept = Arrangement()
    for _ in kept.steps([row for row in FLEET if row.task.name in rows], Order("name")):
        pass
    return kept


def test_what_a_filter_hides_is_counted_and_kept() -> None:
    marks = Marks()
    marks.toggle(["uuid-of-a", "uuid-of-b"])
    assert marks.hidden(listed("bc")) == 1
    assert marks.forget_gone(FLEET, listed("bc")) == 0
    assert len(marks) == 2


def test_what_no_longer_exists_is_forgotten() -> None:
    marks = Marks()
    marks.toggle(["uuid-of-a", "uuid-of-b"])
    assert marks.forget_gone(FLEET[1:], listed("c")) == 1
    assert marks.of(FLEET) == [FLEET[1]]
