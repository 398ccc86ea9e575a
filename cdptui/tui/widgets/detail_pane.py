"""The detail pane: the tab bar and the current tab of one task, laid out for the size of the pane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.content import Content
from textual.message import Message

from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Line, Role, Span, TaskLine
from cdptui.render.tabs.registry import HISTORY, OVERVIEW, STORAGE, Tab, tab_at, tab_line, tab_renderer, tab_rule
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.widgets.scrollable_lines import ScrollableLines

if TYPE_CHECKING:
    from cdptui.models.trend import TrendWindow
    from cdptui.render.tabs.context import DetailContext

_MIN_WIDTH: Final = 20

_MIN_HEIGHT_FOR_RULE: Final = 18
"""From this height on there is a rule under the tab bar."""

_NO_TASK: Final[tuple[Line, ...]] = ((Span("No task selected", Role.DIM),),)


class DetailPane(ScrollableLines):
    """The details of one task."""

    BINDINGS: ClassVar = bindings([KeyScope.PANE])

    class TabChosen(Message):
        """The user clicked on a tab."""

        def __init__(self, tab: Tab) -> None:
            super().__init__()
            self.tab = tab

    class TabMoved(Message):
        """The user asked for the next (1) or previous (-1) tab."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class TaskChosen(Message):
        """The user asked to go to another task."""

        def __init__(self, uuid: str) -> None:
            super().__init__()
            self.uuid = uuid

    class WindowMoved(Message):
        """The user asked for a longer (1) or shorter (-1) window of the history."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class WindowChosen(Message):
        """The user clicked on a window of the history."""

        def __init__(self, window: TrendWindow) -> None:
            super().__init__()
            self.window = window

    class ScaleToggled(Message):
        """The user asked for the other scale of the history."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(keymap, id=id)
        self._link_uuid: str | None = None
        """The selected one of the other tasks that the tab lists."""
        self._subject: tuple[TaskRow, DetailContext] | None = None
        self._placeholder: Sequence[Line] = _NO_TASK
        self._tab = OVERVIEW
        self._title = self._shown_title = ""

    def show_task(self, row: TaskRow, context: DetailContext, tab: Tab = OVERVIEW) -> None:
        """Show a tab of a task; scroll to the top when the task or the tab changed."""
        if self._subject is None or self._subject[0].task.uuid != row.task.uuid or tab is not self._tab:
            self.scroll_to(y=0, animate=False, immediate=True)
            self._link_uuid = None
        self._subject, self._tab, self._title = (row, context), tab, row.task.name or "(no name)"
        self._lay_out()

    def show_placeholder(self, placeholder: Sequence[Line] = _NO_TASK, title: str = "") -> None:
        """Show `placeholder` instead of a task, under `title`."""
        self._subject, self._placeholder, self._title = None, placeholder, title
        self._lay_out()

    def _show_title(self) -> None:
        """Show the title in the border, if it differs: Textual then draws the whole widget again."""
        # Textual puts a blank before a title only beside a border at the left.
        before = "" if self.styles.border_left[0] else " "
        title = f"{before}{self._title} " if self._title else ""
        if title != self._shown_title:
            self._shown_title = title
            # Content, because Textual would read a name as markup.
            self.border_title = Content(title) if title else None

    def on_resize(self) -> None:
        """Lay out for the new size; Textual redraws the widget."""
        self._lay_out()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action is possible. The keys of the history have another action on other tabs."""
        if action in {"window_move", "toggle_scale"}:
            return self._subject is not None and self._tab is HISTORY
        return super().check_action(action, parameters)

    def action_window_move(self, step: int) -> None:
        """Ask for a longer or shorter window of the history."""
        self.post_message(self.WindowMoved(step))

    def action_toggle_scale(self) -> None:
        """Ask for the other scale of the history."""
        self.post_message(self.ScaleToggled())

    @property
    def text_width(self) -> int:
        """Width for which the tab is laid out."""
        return max(_MIN_WIDTH, self.width)

    def action_tab_move(self, step: int) -> None:
        """Ask for the next or previous tab."""
        self.post_message(self.TabMoved(step))

    def on_click(self, event: events.Click) -> None:
        """Select the tab or the window of the history at the mouse position, or go to the task there."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y != 0:
            self._choose_line(event, at.x, self.line_at(at.y))
            return
        tab = tab_at(at.x, self._tab, self.width)
        if tab is not None:
            event.stop()
            self.post_message(self.TabChosen(tab))

    def _choose_line(self, event: events.Click, x: int, index: int | None) -> None:
        from cdptui.render.tabs.window_line import WindowLine

        line = self.lines[index] if index is not None else None
        if isinstance(line, TaskLine):
            event.stop()
            self.post_message(self.TaskChosen(line.uuid))
        elif isinstance(line, WindowLine) and (window := line.window_at(x)) is not None:
            event.stop()
            self.post_message(self.WindowChosen(window))

    @property
    def selected_uuid(self) -> str | None:
        """UUID of the selected one of the other tasks that the tab lists; None for none."""
        return self._link_uuid

    def action_link_move(self, step: int) -> None:
        """Select the next (1) or previous (-1) of the other tasks that the tab lists."""
        uuids = [uuid for _, uuid in self._links()]
        if not uuids:
            return
        start = -1 if step > 0 else len(uuids)
        at = uuids.index(self._link_uuid) if self._link_uuid in uuids else start
        self._link_uuid = uuids[max(0, min(at + step, len(uuids) - 1))]
        self._select_link()

    def _links(self) -> Iterator[tuple[int, str]]:
        """Yield the lines on other tasks: index and UUID."""
        for index, line in enumerate(self.lines) if self._tab is STORAGE else ():
            if isinstance(line, TaskLine):
                yield index, line.uuid

    def _select_link(self) -> None:
        """Draw the selected task where it is now; without it, select none."""
        index = next((at for at, uuid in self._links() if uuid == self._link_uuid), None)
        if index is None:
            self._link_uuid = None
        self.select_line(index)

    def _lay_out(self) -> None:
        self._show_title()
        if self._subject is None:
            self.show(self._placeholder)
            self.select_line(None)
            return
        width, height = self.text_width, self.size.height
        head: list[Line] = [tab_line(self._tab, width, len(self._subject[0].reasons))]
        if height >= _MIN_HEIGHT_FOR_RULE:
            head.append(tab_rule(self._tab, width))
        self.show(tab_renderer(self._tab)(*self._subject, width, height - len(head)), head)
        self._select_link()
