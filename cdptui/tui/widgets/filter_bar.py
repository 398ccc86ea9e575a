"""The filter at the bottom: a line to type in with how it is understood, and one line while a filter is kept."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from cdptui.query.errors import QueryError, RegexTimeoutError
from cdptui.query.expression import Expression
from cdptui.query.lexer import MAX_LENGTH, pattern_token
from cdptui.query.parser import PartialQuery, parse, parse_partial
from cdptui.render.filter_lines import (
    FilterResult,
    active_filter_line,
    count_text,
    error_line,
    explanation_line,
    rejected_line,
)
from cdptui.render.spans import Line, Role, Span
from cdptui.tui.keymap import Keymap
from cdptui.tui.widgets.line_view import LineView

_PROMPT: Final = "/ "
_MAX_HISTORY: Final = 50
_COUNT_WIDTH: Final = 24


class FilterInput(Input):
    """The line to type in. Its cursor does not blink: nothing on screen moves by itself."""

    # Textual lays the whole screen out anew with every character; the line stays as long as it is.
    virtual_size = reactive(Size(0, 0))

    BINDINGS: ClassVar = [
        Binding("up", "older", "Older", show=False),
        Binding("down", "newer", "Newer", show=False),
        Binding("escape", "give_up", "Clear", show=False),
        # Textual copies with it; here as everywhere it leaves.
        Binding("ctrl+c", "app.quit", "Quit", show=False),
    ]

    class Older(Message):
        """One filter back."""

    class Newer(Message):
        """One filter forward."""

    class Cancelled(Message):
        """No filter at all."""

    def on_mount(self) -> None:
        """Stand still."""
        self.cursor_blink = False

    def action_older(self) -> None:
        """The filter before this one."""
        self.post_message(self.Older())

    def action_newer(self) -> None:
        """The filter after this one."""
        self.post_message(self.Newer())

    def action_give_up(self) -> None:
        """Clear and close."""
        self.post_message(self.Cancelled())


class FilterBar(Vertical):
    """Says what the list is filtered by. Gone while it is not."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar.-open, FilterBar.-kept { display: block; }
    FilterBar > #filter-line, FilterBar > LineView { display: none; height: 1; }
    FilterBar.-open > #filter-line, FilterBar.-open > #filter-meaning { display: block; }
    FilterBar.-kept > #filter-kept { display: block; }
    FilterBar #filter-prompt { width: 2; }
    FilterBar FilterInput { width: 1fr; }
    FilterBar #filter-count { width: 24; }
    """

    class Changed(Message):
        """The text means something else now; None is no filter."""

        def __init__(self, expression: Expression | None) -> None:
            super().__init__()
            self.expression = expression

        def can_replace(self, message: Message) -> bool:
            """Only what stands there now matters."""
            return isinstance(message, FilterBar.Changed)

    class Closed(Message):
        """The line to type in is gone."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._keys = keymap.labels
        self._input = FilterInput(compact=True, max_length=MAX_LENGTH, select_on_focus=False)
        self._count = LineView(id="filter-count")
        self._meaning = LineView(id="filter-meaning")
        self._active_line = LineView(id="filter-kept")
        self._text = ""
        self._expression: Expression | None = None
        self._last_complete: Expression | None = None
        self._error: QueryError | None = None
        self._timeout: RegexTimeoutError | None = None
        """Why the list is not filtered by what was typed or recalled last."""
        self._shown: FilterResult | None = None
        self._name = ""
        self._history: list[str] = []
        self._recalled = 0

    def compose(self) -> ComposeResult:
        """Two lines while it is typed in, one while it is kept."""
        with Horizontal(id="filter-line"):
            prompt = LineView(id="filter-prompt")
            prompt.show([(Span(_PROMPT, Role.ACCENT),)])
            yield prompt
            yield self._input
            yield self._count
        yield self._meaning
        yield self._active_line

    @property
    def is_open(self) -> bool:
        """Whether one can type."""
        return self.has_class("-open")

    def open(self, text: str) -> None:
        """Begin to type, after `text`."""
        self._recalled = len(self._history)
        self._input.value = text
        self._input.cursor_position = len(text)
        self._expression = self._last_complete = None
        self._parse(text, is_whole=True)
        self.remove_class("-kept")
        self.add_class("-open")
        # At once: keys that follow must not go to the list.
        self.screen.set_focus(self._input)
        self._draw()

    def close(self) -> None:
        """Stop typing; what the list is filtered by stays as it is."""
        self.remove_class("-open")
        self.set_class(self._has_kept_line, "-kept")
        self._draw()

    @property
    def _has_kept_line(self) -> bool:
        return bool(self._name) or self._timeout is not None

    def show(self, name: str, shown: FilterResult | None) -> None:
        """Say what the list is filtered by, empty for nothing, and what came of it; None until that is known."""
        if name != self._name:
            self._timeout = None
        self._name, self._shown = name, shown
        self.set_class(self._has_kept_line and not self.is_open, "-kept")
        self._draw()

    def reject(self, timeout: RegexTimeoutError, expression: Expression | None, name: str) -> None:
        """Say that the list cannot be filtered like this, and is filtered by `expression`, called `name`, instead."""
        self._timeout, self._name = timeout, name
        if self.is_open:
            token = pattern_token(self._text, timeout.pattern)
            position, length = (token.position, token.length) if token is not None else (0, len(self._text))
            self._error = QueryError(str(timeout), position, length)
            self._expression = self._last_complete = expression
        self._draw()

    def dismiss_rejection(self) -> bool:
        """Say no more that a filter was given up; whether that was said."""
        was_said, self._timeout = self._timeout is not None and not self.is_open, None
        self.set_class(self._has_kept_line and not self.is_open, "-kept")
        self._draw()
        return was_said

    def on_resize(self) -> None:
        """Lay out for the width, as soon as there is one."""
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Understand what stands there."""
        event.stop()
        if self.is_open and event.value != self._text:
            self._apply(event.value)
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter; one with an error cannot be kept."""
        event.stop()
        if self._timeout is None or event.value != self._text:
            self._apply(event.value, is_whole=True)
        if self._error is not None:
            return
        self._remember(event.value.strip())
        self.post_message(self.Closed())
        self.close()

    def on_descendant_blur(self) -> None:
        """Keep the filter when somebody goes to the list with the mouse; a terminal without focus changes nothing."""
        if self.is_open and self.app.app_focus and self.screen.focused not in {None, self._input}:
            self._apply(self._input.value, is_whole=True)
            self._remember(self._input.value.strip())
            self.close()

    def on_filter_input_cancelled(self, event: FilterInput.Cancelled) -> None:
        """Clear and close; what was typed can be had again with the up key."""
        event.stop()
        self._remember(self._input.value.strip())
        self._expression = self._last_complete = self._error = self._timeout = None
        self.post_message(self.Changed(None))
        self.post_message(self.Closed())
        self.close()

    def on_filter_input_older(self, event: FilterInput.Older) -> None:
        """Go back in the history."""
        event.stop()
        self._recall(-1)

    def on_filter_input_newer(self, event: FilterInput.Newer) -> None:
        """Go forward in the history."""
        event.stop()
        self._recall(1)

    def _apply(self, text: str, *, is_whole: bool = False) -> None:
        if self._parse(text, is_whole=is_whole):
            self.post_message(self.Changed(self._expression))

    def _parse(self, text: str, *, is_whole: bool = False) -> bool:
        """Read the text, of which more may come unless it `is_whole`; whether it means something else than before.

        While it has an error the list shows what was meant before: half a name of a field that was searched for as a
        word is no such thing.
        """
        self._text, self._error, self._timeout = text, None, None
        before = self._expression
        try:
            draft = PartialQuery(parse(text), is_final=True) if is_whole and text.strip() else parse_partial(text)
        except QueryError as error:
            self._error = error
            self._expression = self._last_complete
        else:
            self._expression = draft.expression
            if draft.is_final:
                self._last_complete = draft.expression
        return self._expression != before

    def _recall(self, step: int) -> None:
        at = max(0, min(self._recalled + step, len(self._history)))
        if at != self._recalled:
            self._recalled = at
            self._input.value = self._history[at] if at < len(self._history) else ""
            self._input.cursor_position = len(self._input.value)
            self._apply(self._input.value, is_whole=True)
            self._draw()

    def _remember(self, text: str) -> None:
        if text:
            self._history = [*(old for old in self._history if old != text), text][-_MAX_HISTORY:]

    def _draw(self) -> None:
        if not self.size.width:
            return
        if self.is_open:
            count = count_text(self._shown) if self._shown is not None else ""
            self._count.show([(Span(f"{count:>{_COUNT_WIDTH - 1}} ", Role.STRONG),)])
            self._meaning.show([self._meaning_line()])
        elif self._timeout is not None:
            self._active_line.show([rejected_line(self._timeout, self._name or "")])
        elif self._name:
            self._active_line.show([active_filter_line(self._name, self._shown, self.size.width, cell_len, self._keys)])

    def _meaning_line(self) -> Line:
        if self._error is not None:
            before = cell_len(self._input.value[: self._error.position])
            offset = len(_PROMPT) + before - round(self._input.scroll_offset.x)
            return error_line(self._error, offset, self.size.width, cell_len)
        if self._expression is None:
            return (Span("  words, or conditions such as used>80%  full<3d  state=Disabled; ? has them all", Role.DIM),)
        # While the rows are still being looked at, the counts are those of another expression.
        shown = self._shown if self._shown is not None else FilterResult(0, 0, {})
        return (Span("  "), *explanation_line(self._expression, shown))
