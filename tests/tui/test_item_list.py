"""The list of items of one line each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cdptui.render.spans import Line, Span
from cdptui.tui.themes import THEMES
from cdptui.tui.widgets.item_list import ItemList

COUNT = 1000
HEIGHT = 20


class ListApp(App[None]):
    """A list of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.rendered: set[int] = set()
        self.chosen: list[int] = []
        self.list = ItemList()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(THEMES[0].variables)

    def compose(self) -> ComposeResult:
        yield self.list

    def line_of(self, index: int) -> Line:
        self.rendered.add(index)
        return (Span(f"item {index}"),)

    def on_item_list_chosen(self, message: ItemList.Chosen) -> None:
        self.chosen.append(message.index)


@asynccontextmanager
async def listing(count: int = COUNT) -> AsyncIterator[tuple[ListApp, Pilot[None]]]:
    app = ListApp()
    async with app.run_test(size=(40, HEIGHT)) as pilot:
        app.list.show_items(count, app.line_of, 0)
        await pilot.pause()
        yield app, pilot


async def test_only_visible_items_are_rendered() -> None:
    async with listing() as (app, pilot):
        assert app.rendered == set(range(HEIGHT))
        app.rendered.clear()
        await pilot.press("end")
        assert app.rendered <= {0, *range(COUNT - HEIGHT, COUNT)}


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (("down", "j"), 2),
        (("up",), 0),
        (("pagedown",), HEIGHT),
        (("end", "up", "k"), COUNT - 3),
        (("end", "pagedown"), COUNT - 1),
        (("end", "home"), 0),
        (("pagedown", "pagedown", "pageup"), HEIGHT),
    ],
)
async def test_cursor_moves_and_is_always_on_screen(keys: tuple[str, ...], cursor: int) -> None:
    async with listing() as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert app.list.cursor == cursor
        assert app.list.scroll_offset.y <= cursor < app.list.scroll_offset.y + HEIGHT
        await pilot.press("enter")
        assert app.chosen == [cursor]


async def test_click_moves_the_cursor_and_a_double_click_chooses() -> None:
    async with listing() as (app, pilot):
        await pilot.press("pagedown")
        await pilot.pause()
        top = app.list.scroll_offset.y
        await pilot.click(ItemList, offset=(3, 5))
        assert app.list.cursor == top + 5
        await pilot.click(ItemList, offset=(3, 6), times=2)
        assert app.chosen == [top + 6]


async def test_list_that_becomes_shorter_keeps_the_cursor_on_an_item() -> None:
    async with listing() as (app, pilot):
        await pilot.press("end")
        app.list.show_items(3, app.line_of, 500)
        await pilot.pause()
        assert (app.list.cursor, app.list.scroll_offset.y) == (2, 0)
        await pilot.press("down", "enter")
        assert app.chosen == [2]


async def test_empty_list_has_nothing_to_choose() -> None:
    async with listing(0) as (app, pilot):
        await pilot.press("down", "end", "enter")
        await pilot.click(ItemList, offset=(3, 5), times=2)
        assert app.chosen == []
