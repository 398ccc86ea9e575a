"""Lines that are rendered when they are read."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from cdptui.render.lazy_lines import ItemLines, JoinedLines
from cdptui.render.spans import Line, Span


def lines_of_item(count: int, item: int) -> list[Line]:
    return [(Span(f"{item}.{line}"),) for line in range(count)]


BLOCKS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), max_size=5)


@given(BLOCKS, st.integers(-20, 20), st.integers(-20, 20), st.sampled_from((None, 1, 2, -1)))
def test_joined_blocks_equal_the_same_lines_in_a_list(
    blocks: list[tuple[int, int]], start: int, stop: int, step: int | None
) -> None:
    eager = [line for items, count in blocks for item in range(items) for line in lines_of_item(count, item)]
    lazy = JoinedLines(*(ItemLines(range(items), count, partial(lines_of_item, count)) for items, count in blocks))
    assert len(lazy) == len(eager)
    assert list(lazy) == eager
    assert lazy[start:stop:step] == eager[start:stop:step]
    assert [lazy[-at] for at in range(1, len(eager) + 1)] == [eager[-at] for at in range(1, len(eager) + 1)]


def test_reading_one_line_renders_one_item() -> None:
    rendered: list[int] = []

    def render(item: int) -> list[Line]:
        rendered.append(item)
        return lines_of_item(3, item)

    lazy = JoinedLines([()], ItemLines(range(100_000), 3, render))
    assert len(lazy) == 300_001
    assert lazy[1 + 3 * 70_000] == (Span("70000.0"),)
    assert rendered == [70_000]
