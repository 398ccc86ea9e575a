from __future__ import annotations

from cdptui.tasklist.marks import MarkedTasks
from tests.unit.render.rows import a_row

FLEET = [a_row(name) for name in "abc"]


def test_what_a_filter_hides_is_counted_and_kept() -> None:
    marks = MarkedTasks()
    marks.toggle(["uuid-of-a", "uuid-of-b"])
    assert marks.outside({"uuid-of-b", "uuid-of-c"}) == {"uuid-of-a"}
    assert marks.remove_missing(FLEET, {"uuid-of-b", "uuid-of-c"}) == 0
    assert len(marks) == 2


def test_what_no_longer_exists_is_forgotten() -> None:
    marks = MarkedTasks()
    marks.toggle(["uuid-of-a", "uuid-of-b"])
    assert marks.remove_missing(FLEET[1:], {"uuid-of-c"}) == 1
    assert marks.uuids == {"uuid-of-b"}
