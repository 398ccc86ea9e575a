"""The filter bar: an input line with an explanation while it is open, one line while a filter is active."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct
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
from cdptui.query.fields import BY_NAME, AnyVocabulary
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
from cdptui.tui.footer_keys import help_key_in_text
from cdptui.tui.keymap import Keymap
from cdptui.tui.widgets.line_view import LineView
from cdptui.tui.widgets.text_field import TextField

_PROMPT: Final = "/ "
_EXAMPLE_GAP: Final = "  "
"""Between two examples of a hint."""
_MAX_HISTORY: Final = 50
_COUNT_WIDTH: Final = 24


class FilterLanguage(Struct, frozen=True):
    """What a filter bar filters, and what it says about it."""

    fields: AnyVocabulary
    hint: str
    """Shown while the text is empty."""
    everything: str
    """What is shown without a filter."""
    note: str = ""
    """Shown beside an active filter."""


TASKS: Final = FilterLanguage(
    BY_NAME,
    "Text, or conditions such as used>80%  full<3d  state=Disabled",
    "all tasks",
    "  header totals include hidden tasks",
)


class FilterInput(TextField):
    """The filter's text field."""

    DEFAULT_CSS = """
    FilterInput, FilterInput:focus { background: $panel; background-tint: $panel 0%; color: $role-strong; }
    FilterInput > .input--selection { background: $cursor-background; color: $role-strong; }
    """

    # With layout=True, the default of Textual's Input, every character lays out the whole screen again.
    virtual_size = reactive(Size(0, 0))

    BINDINGS: ClassVar = [
        Binding("up", "older", "Older", show=False),
        Binding("down", "newer", "Newer", show=False),
        Binding("escape", "cancel", "Clear", show=False),
        # Textual's Input copies with ^c; here it quits, as everywhere else.
        Binding("ctrl+c", "app.quit", "Quit", show=False),
    ]

    class Older(Message):
        """The user asked for the previous filter of the history."""

    class Newer(Message):
        """The user asked for the next filter of the history."""

    class Cancelled(Message):
        """The user cleared the filter."""

    def action_older(self) -> None:
        """Request the previous filter."""
        self.post_message(self.Older())

    def action_newer(self) -> None:
        """Request the next filter."""
        self.post_message(self.Newer())

    def action_cancel(self) -> None:
        """Request to clear the filter and close the bar."""
        self.post_message(self.Cancelled())


class FilterBar(Vertical):
    """The filter bar. Hidden while it is closed and no filter is active."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; background: $panel; }
    FilterBar > Horizontal { background: $panel; }
    FilterBar.-open, FilterBar.-kept { display: block; }
    FilterBar > #filter-line, FilterBar > LineView { display: none; height: 1; }
    FilterBar.-open > #filter-line, FilterBar.-open > #filter-meaning { display: block; }
    FilterBar.-kept > #filter-kept { display: block; }
    FilterBar #filter-prompt { width: 2; }
    FilterBar FilterInput { width: 1fr; }
    FilterBar #filter-count { width: 24; }
    """

    class Changed(Message):
        """The meaning of the filter text changed; `expression` is None without a filter."""

        def __init__(self, expression: Expression | None) -> None:
            super().__init__()
            self.expression = expression

        def can_replace(self, message: Message) -> bool:
            """Replace older changes in the queue: only the newest counts."""
            return isinstance(message, FilterBar.Changed)

    class Closed(Message):
        """The text field was closed."""

    def __init__(
        self,
        keymap: Keymap,
        language: FilterLanguage = TASKS,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self._language = language
        self._keys = keymap.labels
        help_key = help_key_in_text(keymap)
        self._help_hint = f"; {help_key} lists all fields" if help_key else ""
        self._input = FilterInput(compact=True, max_length=MAX_LENGTH, select_on_focus=False)
        self._count = LineView(id="filter-count")
        self._meaning = LineView(id="filter-meaning")
        self._active_line = LineView(id="filter-kept")
        self._text = ""
        self._expression: Expression | None = None
        self._last_complete: Expression | None = None
        self._error: QueryError | None = None
        self._timeout: RegexTimeoutError | None = None
        """Why the filter that was entered or recalled last is not applied."""
        self._result: FilterResult | None = None
        self._filter_text = ""
        self._history: list[str] = []
        self._recalled = 0

    def compose(self) -> ComposeResult:
        """Create two lines for the open bar and one for an active filter."""
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
        """Whether the text field is open."""
        return self.has_class("-open")

    def open(self, text: str) -> None:
        """Open the text field with `text`, selected."""
        self._recalled = len(self._history)
        self._input.edit(text)
        self._expression = self._last_complete = None
        self._parse(text, is_whole=True)
        self.remove_class("-kept")
        self.add_class("-open")
        # Immediately, so that the next keys do not go to the list.
        self.screen.set_focus(self._input)
        self._draw()

    def close(self) -> None:
        """Close the text field. The active filter does not change."""
        self.remove_class("-open")
        self.set_class(self._has_active_line, "-kept")
        self._draw()

    @property
    def _has_active_line(self) -> bool:
        return bool(self._filter_text) or self._timeout is not None

    def show(self, name: str, result: FilterResult | None) -> None:
        """Show the name of the active filter, empty for none, and its result; None until that is known."""
        if name != self._filter_text:
            self._timeout = None
        self._filter_text, self._result = name, result
        self.set_class(self._has_active_line and not self.is_open, "-kept")
        self._draw()

    def reject(self, timeout: RegexTimeoutError, expression: Expression | None, name: str) -> None:
        """Show that a filter timed out and that `expression`, called `name`, is active instead."""
        self._timeout, self._filter_text = timeout, name
        if self.is_open:
            token = pattern_token(self._text, timeout.pattern)
            position, length = (token.position, token.length) if token is not None else (0, len(self._text))
            self._error = QueryError(str(timeout), position, length)
            self._expression = self._last_complete = expression
        self._draw()

    def dismiss_rejection(self) -> bool:
        """Hide the message about a rejected filter and return whether there was one."""
        was_shown, self._timeout = self._timeout is not None and not self.is_open, None
        self.set_class(self._has_active_line and not self.is_open, "-kept")
        self._draw()
        return was_shown

    def on_resize(self) -> None:
        """Format the text for the new width."""
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Parse the text that was entered."""
        event.stop()
        if self.is_open and event.value != self._text:
            self._apply(event.value)
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Apply the filter and close; with an error the text field stays open."""
        event.stop()
        if self._timeout is None or event.value != self._text:
            self._apply(event.value, is_whole=True)
        if self._error is not None:
            return
        self._remember(event.value.strip())
        self.post_message(self.Closed())
        self.close()

    def on_descendant_blur(self) -> None:
        """Apply the filter when the user clicks on the list. A terminal that loses the focus changes nothing."""
        if self.is_open and self.app.app_focus and self.screen.focused not in {None, self._input}:
            self._apply(self._input.value, is_whole=True)
            self._remember(self._input.value.strip())
            self.close()

    def on_filter_input_cancelled(self, event: FilterInput.Cancelled) -> None:
        """Clear the filter and close; the text stays in the history."""
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
        """Parse the text, which the user may continue unless it `is_whole`; return whether its meaning changed.

        While the text has an error, the last complete expression stays active. A word that may be an unfinished field
        name does not count as complete.
        """
        self._text, self._error, self._timeout = text, None, None
        before = self._expression
        try:
            fields = self._language.fields
            is_complete = is_whole and bool(text.strip())
            draft = PartialQuery(parse(text, fields), is_final=True) if is_complete else parse_partial(text, fields)
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
            count = count_text(self._result) if self._result is not None else ""
            self._count.show([(Span(f"{count:>{_COUNT_WIDTH - 1}} ", Role.STRONG),)])
            self._meaning.show([self._meaning_line()])
        elif self._timeout is not None:
            self._active_line.show([rejected_line(self._timeout, self._filter_text, self._language.everything)])
        elif self._filter_text:
            line = active_filter_line(
                self._filter_text, self._result, self.size.width, cell_len, self._keys, self._language.note
            )
            self._active_line.show([line])

    def _meaning_line(self) -> Line:
        if self._error is not None:
            before = cell_len(self._input.value[: self._error.position])
            offset = len(_PROMPT) + before - round(self._input.scroll_offset.x)
            return error_line(self._error, offset, self.size.width, cell_len)
        if self._expression is None:
            return (Span(self._hint(), Role.DIM),)
        # While rows are still being evaluated, the known counts belong to another expression.
        result = self._result if self._result is not None else FilterResult(0, 0, {})
        return (Span("  "), *explanation_line(self._expression, result, self._language.fields))

    def _hint(self) -> str:
        """Return the hint, with as many of its examples as fit; the key of help stays."""
        text = self._language.hint
        while cell_len(line := f"  {text}{self._help_hint}") > self.size.width and _EXAMPLE_GAP in text:
            text = text.rpartition(_EXAMPLE_GAP)[0]
        return line
