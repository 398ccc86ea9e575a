"""The key bindings: one table from which bindings, help, palette and the README's table are generated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Final, Protocol

from msgspec import Struct, structs
from textual.binding import Binding


class KeyScope(Enum):
    """Where a key binding applies; the value is its heading in help."""

    MOTION = "Navigation (list and detail pane)"
    LIST = "Task list"
    DETAIL = "Detail pane"
    PANE = "Detail pane with focus"
    STORAGES = "Storages"
    SEARCH = "Search (detail pane and help)"
    POLL = "Polling"
    PAST = "Time machine"
    PROGRAM = "Program"


FOCUS_SCOPES: Final = frozenset({KeyScope.MOTION, KeyScope.PANE, KeyScope.STORAGES, KeyScope.SEARCH})
"""Scopes that depend on the focus. The same key may have another action while another widget has the focus."""


class KeyBinding(Struct, frozen=True):
    """An action and the keys that run it."""

    id: str
    """The name in `[keys]` of the configuration; never changes once released."""
    keys: str
    """Textual's key names, separated by commas."""
    action: str
    label: str
    """One or two words, for the footer and the palette."""
    help: str
    scope: KeyScope
    range_label: str = ""
    """The keys shown for a series of bindings that share one line in help: `1 … 9`."""


KEYS: Final = (
    KeyBinding("down", "down,j", "move('down')", "Down", "Move down one line", KeyScope.MOTION),
    KeyBinding("up", "up,k", "move('up')", "Up", "Move up one line", KeyScope.MOTION),
    KeyBinding("page-down", "pagedown,ctrl+f", "move('page-down')", "Page down", "Move down one page", KeyScope.MOTION),
    KeyBinding("page-up", "pageup,ctrl+b", "move('page-up')", "Page up", "Move up one page", KeyScope.MOTION),
    KeyBinding("top", "home,g", "move('top')", "Top", "Go to the first line", KeyScope.MOTION),
    KeyBinding("bottom", "end,G", "move('bottom')", "Bottom", "Go to the last line", KeyScope.MOTION),
    KeyBinding("open", "enter", "open", "Open", "Open details / toggle group", KeyScope.LIST),
    KeyBinding("switch", "tab", "switch", "Switch focus", "Switch focus between list and detail pane", KeyScope.LIST),
    KeyBinding("filter", "slash", "filter", "Filter", "Filter the list", KeyScope.LIST),
    KeyBinding("unhealthy", "f", "unhealthy", "Unhealthy", "Toggle unhealthy only", KeyScope.LIST),
    *(
        KeyBinding(
            f"view-{number}",
            str(number),
            f"view({number})",
            f"View {number}",
            "Open a saved view",
            KeyScope.LIST,
            range_label="1 … 9",
        )
        for number in range(1, 10)
    ),
    KeyBinding(
        "view-0", "0", "view(0)", "Reset view", "Reset view; the cursor follows the worst task again", KeyScope.LIST
    ),
    KeyBinding(
        "views",
        "v",
        "view_menu",
        "Views",
        "Manage saved views: open, save, delete, set the startup view",
        KeyScope.LIST,
    ),
    KeyBinding("sort", "s", "sort_menu", "Sort", "Choose the sort column", KeyScope.LIST),
    KeyBinding(
        "sort-left", "less_than_sign", "sort_move(-1)", "Sort left", "Sort by the column to the left", KeyScope.LIST
    ),
    KeyBinding(
        "sort-right",
        "greater_than_sign",
        "sort_move(1)",
        "Sort right",
        "Sort by the column to the right",
        KeyScope.LIST,
    ),
    KeyBinding("invert", "I", "sort_invert", "Reverse", "Reverse sort", KeyScope.LIST),
    KeyBinding("columns", "o", "columns", "Columns", "Choose columns and their order", KeyScope.LIST),
    KeyBinding("wide", "w", "wide", "All columns", "Toggle all columns / columns that fit", KeyScope.LIST),
    KeyBinding("columns-left", "left", "scroll_columns(-1)", "Scroll left", "Scroll columns left", KeyScope.LIST),
    KeyBinding(
        "columns-right",
        "right",
        "scroll_columns(1)",
        "Scroll right",
        "Scroll columns right",
        KeyScope.LIST,
    ),
    KeyBinding(
        "group", "b", "group_menu", "Group", "Group by backup storage, policy, status, state or problem", KeyScope.LIST
    ),
    KeyBinding("fold", "z", "fold", "Fold", "Fold or unfold the group at the cursor", KeyScope.LIST),
    KeyBinding("fold-all", "Z", "fold_all", "Fold all", "Fold or unfold all groups", KeyScope.LIST),
    KeyBinding(
        "storages",
        "S",
        "storages",
        "Storages",
        "Show the backup storages: connection, capacity, growth, tasks",
        KeyScope.LIST,
    ),
    KeyBinding(
        "events", "e", "events", "Events", "Show the recorded events: filter, copy and save them", KeyScope.LIST
    ),
    KeyBinding("note", "n", "note", "Note", "Write a note about the task; it is kept in the recording", KeyScope.LIST),
    KeyBinding("mark", "space", "mark", "Mark", "Mark or unmark the task and move down", KeyScope.LIST),
    KeyBinding("mark-all", "asterisk", "mark_all", "Mark all", "Mark or unmark all tasks in the list", KeyScope.LIST),
    KeyBinding("clear-marks", "ctrl+u", "clear_marks", "Clear marks", "Clear marks", KeyScope.LIST),
    KeyBinding(
        "save",
        "ctrl+s",
        "save",
        "Export",
        "Export the list or the marked tasks to a file: CSV, JSON or SVG",
        KeyScope.LIST,
    ),
    KeyBinding(
        "copy",
        "c",
        "copy",
        "Copy",
        "Copy names, UUIDs, problems, JSON or a curl command for the task or the marked tasks",
        KeyScope.LIST,
    ),
    KeyBinding("detail", "d", "toggle_detail", "Detail", "Show or hide the detail pane", KeyScope.DETAIL),
    KeyBinding(
        "grow", "right_square_bracket", "resize_detail(5)", "Larger pane", "Enlarge the detail pane", KeyScope.DETAIL
    ),
    KeyBinding(
        "shrink", "left_square_bracket", "resize_detail(-5)", "Smaller pane", "Shrink the detail pane", KeyScope.DETAIL
    ),
    KeyBinding("tab-next", "full_stop", "tab_move(1)", "Next tab", "Next tab of the detail pane", KeyScope.DETAIL),
    KeyBinding(
        "tab-previous", "comma", "tab_move(-1)", "Previous tab", "Previous tab of the detail pane", KeyScope.DETAIL
    ),
    KeyBinding("tab-right", "right,l", "tab_move(1)", "Tab right", "Next tab", KeyScope.PANE),
    KeyBinding("tab-left", "left,h", "tab_move(-1)", "Tab left", "Previous tab", KeyScope.PANE),
    KeyBinding(
        "link-next",
        "J",
        "link_move(1)",
        "Next task",
        "Storage tab: select the next task, which Enter goes to",
        KeyScope.PANE,
    ),
    KeyBinding(
        "link-previous", "K", "link_move(-1)", "Previous task", "Storage tab: select the previous task", KeyScope.PANE
    ),
    KeyBinding(
        "window-shorter",
        "less_than_sign",
        "window_move(-1)",
        "Shorter",
        "History tab: show a shorter time, down to 15 minutes",
        KeyScope.PANE,
    ),
    KeyBinding(
        "window-longer",
        "greater_than_sign",
        "window_move(1)",
        "Longer",
        "History tab: show a longer time, up to 30 days",
        KeyScope.PANE,
    ),
    KeyBinding(
        "scale",
        "y",
        "toggle_scale",
        "Scale",
        "History tab: toggle the scale between what moves and zero to the plan or target",
        KeyScope.PANE,
    ),
    KeyBinding(
        "storage-open", "enter", "filter_tasks", "Tasks", "Filter the task list to the storage", KeyScope.STORAGES
    ),
    KeyBinding("storages-close", "escape,S", "close", "Close", "Return to the task list", KeyScope.STORAGES),
    KeyBinding(
        "storages-left",
        "less_than_sign",
        "sort_move(-1)",
        "Sort left",
        "Sort by the column to the left",
        KeyScope.STORAGES,
    ),
    KeyBinding(
        "storages-right",
        "greater_than_sign",
        "sort_move(1)",
        "Sort right",
        "Sort by the column to the right",
        KeyScope.STORAGES,
    ),
    KeyBinding("storages-invert", "I", "sort_invert", "Reverse", "Reverse sort", KeyScope.STORAGES),
    KeyBinding("search", "slash", "search", "Search", "Search the text of the pane", KeyScope.SEARCH),
    KeyBinding("next-hit", "n", "next_hit(1)", "Next match", "Next match", KeyScope.SEARCH),
    KeyBinding("previous-hit", "N", "next_hit(-1)", "Previous match", "Previous match", KeyScope.SEARCH),
    KeyBinding(
        "back",
        "escape",
        "back",
        "Back",
        "Return to the list; in the list: return to live, close the summary, leave the saved view or clear the filter",
        KeyScope.DETAIL,
    ),
    KeyBinding(
        "refresh",
        "r",
        "refresh",
        "Refresh",
        "Poll now; after a refused login: enter the password or code again",
        KeyScope.POLL,
    ),
    KeyBinding(
        "pause",
        "p",
        "pause",
        "Pause",
        "Pause or resume screen updates; polling continues",
        KeyScope.POLL,
    ),
    KeyBinding("slower", "plus", "slower", "Slower", "Poll less often", KeyScope.POLL),
    KeyBinding("faster", "minus", "faster", "Faster", "Poll more often", KeyScope.POLL),
    KeyBinding(
        "time-machine",
        "T",
        "time_machine",
        "Time machine",
        "Look back at what was recorded, or return to live",
        KeyScope.PAST,
    ),
    KeyBinding(
        "moment",
        "t",
        "choose_moment",
        "Go to time",
        "Look back at a time: 14:05, -3h, yesterday 02:10",
        KeyScope.PAST,
    ),
    KeyBinding(
        "poll-back", "left_parenthesis", "past_poll(-1)", "Previous poll", "Go to the poll before", KeyScope.PAST
    ),
    KeyBinding("poll-forward", "right_parenthesis", "past_poll(1)", "Next poll", "Go to the next poll", KeyScope.PAST),
    KeyBinding(
        "event-back", "left_curly_bracket", "past_event(-1)", "Previous event", "Go to the event before", KeyScope.PAST
    ),
    KeyBinding(
        "event-forward", "right_curly_bracket", "past_event(1)", "Next event", "Go to the next event", KeyScope.PAST
    ),
    KeyBinding("hour-back", "H", "past_hours(-1)", "Hour back", "Go back by one hour", KeyScope.PAST),
    KeyBinding("hour-forward", "L", "past_hours(1)", "Hour forward", "Go forward by one hour", KeyScope.PAST),
    KeyBinding(
        "play", "P", "past_play", "Play", "Play from here: once, 10 times, 60 times as fast, stop", KeyScope.PAST
    ),
    KeyBinding("profile", "x", "profile_menu", "Switch node", "Switch node; logs out of this one", KeyScope.PROGRAM),
    KeyBinding("help", "question_mark,f1", "help", "Help", "Show help", KeyScope.PROGRAM),
    KeyBinding("palette", "ctrl+p,colon", "command_palette", "Palette", "Run any action by name", KeyScope.PROGRAM),
    KeyBinding(
        "mouse",
        "m",
        "toggle_mouse",
        "Mouse",
        "Toggle the mouse; while it is off, the terminal selects text",
        KeyScope.PROGRAM,
    ),
    KeyBinding("redraw", "ctrl+l", "redraw", "Redraw", "Redraw the screen", KeyScope.PROGRAM),
    KeyBinding("suspend", "ctrl+z", "suspend_process", "Suspend", "Suspend to the shell; fg resumes", KeyScope.PROGRAM),
    KeyBinding("quit", "q,ctrl+c", "quit", "Quit", "Log out and quit", KeyScope.PROGRAM),
)

KEY_SYMBOLS: Final = {
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "slash": "/",
    "asterisk": "*",
    "space": "Space",
    "comma": ",",
    "full_stop": ".",
    "left": "Left",
    "right": "Right",
    "minus": "-",
    "question_mark": "?",
    "down": "Down",
    "up": "Up",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "enter": "Enter",
    "tab": "Tab",
    "escape": "Esc",
    "f1": "F1",
}

_IN_DIALOGS: Final = frozenset({"quit", "redraw", "suspend"})


def bindings(scopes: Iterable[KeyScope]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return the bindings of `scopes`, for the `BINDINGS` of a widget or screen."""
    included = set(scopes)
    return [
        Binding(key.keys, key.action, key.label, show=False, tooltip=key.help, id=key.id)
        for key in KEYS
        if key.scope in included
    ]


def bindings_in_dialogs() -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return the program's bindings for dialogs and text fields: only Ctrl keys, which type no text."""
    return [
        Binding(name, key.action, key.label, show=False, priority=True)
        for key in KEYS
        if key.id in _IN_DIALOGS
        for name in key.keys.split(",")
        if name.startswith("ctrl+")
    ]


def program_bindings() -> list[Binding]:
    """Return the bindings of help and quit for dialogs without a text field, where their plain letters work too."""
    return [
        Binding(key.keys, f"app.{key.action}", key.label, show=False, id=key.id)
        for key in KEYS
        if key.id in {"help", "quit"}
    ]


def help_lines(scope: KeyScope, keys: Sequence[KeyBinding] = KEYS) -> Iterator[tuple[str, str]]:
    """Yield the key labels and the help text of each binding of `scope`; a series is one line.

    >>> [keys for keys, _ in help_lines(KeyScope.LIST)][4:6]
    ['1 … 9', '0']
    """
    listed_ranges: set[str] = set()
    for key in keys:
        if key.scope is scope and key.range_label not in listed_ranges:
            listed_ranges.update(filter(None, [key.range_label]))
            yield key.range_label or key_labels(key), key.help


def key_labels(key: KeyBinding) -> str:
    """Return the keys as printed on a keyboard, separated by blanks.

    >>> key_labels(KEYS[0])
    'Down j'
    """
    return " ".join(_key_label(name) for name in key.keys.split(","))


def _key_label(name: str) -> str:
    """Return one key as printed on a keyboard.

    >>> _key_label("G"), _key_label("ctrl+l"), _key_label("semicolon"), _key_label("alt+question_mark")
    ('G', '^l', ';', 'alt+?')
    """
    *modifiers, base = name.split("+")
    symbol = KEY_SYMBOLS.get(base)
    if symbol is None and len(base) > 1:
        try:
            symbol = unicodedata.lookup(base.replace("_", " "))
        except KeyError:
            symbol = base.capitalize()
    return "".join(f"{modifier}+" for modifier in modifiers).replace("ctrl+", "^") + (symbol or base)


class Keymap:
    """The key bindings as configured by the user."""

    def __init__(self, keys: Iterable[KeyBinding] = KEYS) -> None:
        self.keys = tuple(keys)
        self.labels: Mapping[str, str] = {key.id: key_labels(key).split()[0] for key in self.keys}
        """The first key of each action, by action id, to name in messages."""

    @property
    def dialog_actions(self) -> dict[str, str]:
        """The actions that work on every screen (quit, redraw, suspend), by key."""
        return {name: f"app.{key.action}" for key in self.keys if key.id in _IN_DIALOGS for name in key.keys.split(",")}

    @property
    def overrides(self) -> dict[str, str]:
        """The keys of the actions whose keys differ from the defaults, by action id."""
        default_keys = {key.id: key.keys for key in KEYS}
        return {key.id: key.keys for key in self.keys if key.keys != default_keys[key.id]}


class HasKeymap(Protocol):
    """The part of the app that screens and the palette use."""

    keymap: Keymap


DEFAULT_KEYMAP: Final = Keymap()
"""The bindings without overrides."""


_MODIFIED: Final = r"(?s:((?:ctrl\+|alt\+|shift\+)+|)(.+))"
_TERMINAL_EQUIVALENTS: Final = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_KEY_ALIASES: Final = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}


@cache
def normalize_key(name: str) -> str | None:
    """Return Textual's name of a key given as shown on screen, as a character or by name; None if there is no such key.

    >>> normalize_key("?"), normalize_key("^x"), normalize_key("PgDn"), normalize_key("ctrl+f"), normalize_key("G")
    ('question_mark', 'ctrl+x', 'pagedown', 'ctrl+f', 'G')
    >>> normalize_key("ctlr+x"), normalize_key("nothing"), normalize_key("")
    (None, None, None)
    """
    if len(name) > 1 and name[0] == "^":
        name = f"ctrl+{name[1:]}"
    modified = re.fullmatch(_MODIFIED, name)
    if modified is None:
        return None
    base = _normalize_base(modified[2])
    if base is None:
        return None
    key = modified[1] + (base.lower() if "ctrl+" in modified[1] else base)
    return _TERMINAL_EQUIVALENTS.get(key, key)


def with_overrides(overrides: Mapping[str, Sequence[str]]) -> Keymap:
    """Return the bindings with other keys for some actions. `overrides` maps action ids to key names in any form.

    >>> keymap = with_overrides({"help": ["^k", "F2"]})
    >>> keymap.overrides, keymap.labels["help"], keymap.labels["quit"]
    ({'help': 'ctrl+k,f2'}, '^k', 'q')
    """
    return Keymap(
        # A binding with its own keys no longer shares the line of its series in help.
        structs.replace(key, keys=",".join(normalize_key(name) or name for name in overrides[key.id]), range_label="")
        if key.id in overrides
        else key
        for key in KEYS
    )


def _normalize_base(name: str) -> str | None:
    lower = name.lower()
    for key, symbol in KEY_SYMBOLS.items():
        if lower in {key, symbol.lower()}:
            return key
    if len(name) == 1:
        return _character_key(name)
    lower = _KEY_ALIASES.get(lower, lower)
    return lower if lower in _known_key_names() else None


def _character_key(character: str) -> str | None:
    from textual.keys import KEY_NAME_REPLACEMENTS

    if character.isalnum():
        return character
    if character == " ":
        return "space"
    if not character.isprintable():
        return None
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or None


@cache
def _known_key_names() -> frozenset[str]:
    from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys

    plain = {str(key.value) for key in Keys if "+" not in key.value and "<" not in key.value}
    symbols = {KEY_NAME_REPLACEMENTS.get(name, name) for name in KEY_TO_UNICODE_NAME}
    return frozenset(
        plain | symbols | {"space", "comma", "colon", "semicolon", "apostrophe", "asterisk", "slash", "minus"}
    )
