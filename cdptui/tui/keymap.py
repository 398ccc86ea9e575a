"""The one table of keys. Bindings, help, palette, footer and the README's table are made from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Final

from msgspec import Struct, structs
from textual.binding import Binding


class KeyScope(Enum):
    """Where a key works."""

    MOTION = "Moving, in the list and in the detail pane"
    LIST = "The list"
    DETAIL = "The detail pane"
    PANE = "While the detail pane has the focus"
    SEARCH = "Searching, in the detail pane and in help"
    POLL = "Polling"
    PROGRAM = "The program"


FOCUS_SCOPES: Final = frozenset({KeyScope.MOTION, KeyScope.PANE, KeyScope.SEARCH})
"""Keys of what has the focus; the same key may mean something else where that has it not."""


class KeyBinding(Struct, frozen=True):
    """One thing that can be done, and the keys that do it."""

    id: str
    """For keymaps; never changes once released."""
    keys: str
    """Textual's names, separated by commas."""
    action: str
    label: str
    """One or two words, for the footer and the palette."""
    help: str
    place: KeyScope
    in_footer: bool = False
    range_label: str = ""
    """What stands for the whole series that this key belongs to, on the one line that they share: `1 … 9`."""


KEYS: Final = (
    KeyBinding("down", "down,j", "cursor_down", "Down", "one line down", KeyScope.MOTION),
    KeyBinding("up", "up,k", "cursor_up", "Up", "one line up", KeyScope.MOTION),
    KeyBinding("page-down", "pagedown,ctrl+f", "page_down", "Page down", "one screen down", KeyScope.MOTION),
    KeyBinding("page-up", "pageup,ctrl+b", "page_up", "Page up", "one screen up", KeyScope.MOTION),
    KeyBinding("top", "home,g", "top", "Top", "to the first line, and stay there", KeyScope.MOTION),
    KeyBinding("bottom", "end,G", "bottom", "Bottom", "to the last line", KeyScope.MOTION),
    KeyBinding(
        "open", "enter", "open", "Open", "to the detail pane, which opens; fold or unfold a group", KeyScope.LIST
    ),
    KeyBinding("switch", "tab", "switch", "Switch", "to the detail pane, and back", KeyScope.LIST),
    KeyBinding("filter", "slash", "filter", "Filter", "show only what matches", KeyScope.LIST, in_footer=True),
    KeyBinding(
        "unhealthy", "f", "unhealthy", "Unhealthy", "show only what is not as it should be, or all again", KeyScope.LIST
    ),
    *(
        KeyBinding(
            f"view-{number}",
            str(number),
            f"view({number})",
            f"View {number}",
            "saved view",
            KeyScope.LIST,
            range_label="1 … 9",
        )
        for number in range(1, 10)
    ),
    KeyBinding("view-0", "0", "view(0)", "View 0", "the list as it was at the beginning", KeyScope.LIST),
    KeyBinding(
        "views", "v", "view_menu", "Views", "all saved views: show, save, delete, begin with one", KeyScope.LIST
    ),
    KeyBinding("sort", "s", "sort_menu", "Sort", "choose what the list is sorted by", KeyScope.LIST, in_footer=True),
    KeyBinding(
        "sort-left", "less_than_sign", "sort_move(-1)", "Sort left", "sort by the column to the left", KeyScope.LIST
    ),
    KeyBinding(
        "sort-right",
        "greater_than_sign",
        "sort_move(1)",
        "Sort right",
        "sort by the column to the right",
        KeyScope.LIST,
    ),
    KeyBinding("invert", "I", "sort_invert", "Invert", "turn the order round", KeyScope.LIST),
    KeyBinding("columns", "o", "columns", "Columns", "choose columns and their order", KeyScope.LIST),
    KeyBinding("wide", "w", "wide", "Wide", "all columns, or those that fit", KeyScope.LIST),
    KeyBinding(
        "columns-left", "left", "scroll_columns(-1)", "Scroll left", "a wide list: a column to the left", KeyScope.LIST
    ),
    KeyBinding(
        "columns-right",
        "right",
        "scroll_columns(1)",
        "Scroll right",
        "a wide list: a column to the right",
        KeyScope.LIST,
    ),
    KeyBinding("group", "b", "group_menu", "Group", "group by backup storage, policy, status or state", KeyScope.LIST),
    KeyBinding("fold", "z", "fold", "Fold", "fold or unfold the group under the cursor", KeyScope.LIST),
    KeyBinding("fold-all", "Z", "fold_all", "Fold all", "fold all groups, or unfold them", KeyScope.LIST),
    KeyBinding("mark", "space", "mark", "Mark", "mark or unmark the task, and one line down", KeyScope.LIST),
    KeyBinding(
        "mark-all", "asterisk", "mark_all", "Mark all", "mark all tasks in the list, or unmark them", KeyScope.LIST
    ),
    KeyBinding("clear-marks", "ctrl+u", "clear_marks", "Clear marks", "mark nothing", KeyScope.LIST),
    KeyBinding(
        "save",
        "ctrl+s",
        "save",
        "Save",
        "write the list, or what is marked, to a file: CSV, JSON or SVG",
        KeyScope.LIST,
    ),
    KeyBinding(
        "copy",
        "c",
        "copy",
        "Copy",
        "copy uuids, names, JSON or a curl command: of the task, or what is marked",
        KeyScope.LIST,
    ),
    KeyBinding(
        "detail", "d", "toggle_detail", "Detail", "show or hide the detail pane", KeyScope.DETAIL, in_footer=True
    ),
    KeyBinding("grow", "right_square_bracket", "resize_detail(5)", "Larger", "larger detail pane", KeyScope.DETAIL),
    KeyBinding("shrink", "left_square_bracket", "resize_detail(-5)", "Smaller", "smaller detail pane", KeyScope.DETAIL),
    KeyBinding("tab-next", "full_stop", "tab_move(1)", "Next tab", "next tab of the detail pane", KeyScope.DETAIL),
    KeyBinding(
        "tab-previous", "comma", "tab_move(-1)", "Previous tab", "previous tab of the detail pane", KeyScope.DETAIL
    ),
    KeyBinding("tab-right", "right,l", "tab_move(1)", "Tab right", "next tab", KeyScope.PANE),
    KeyBinding("tab-left", "left,h", "tab_move(-1)", "Tab left", "previous tab", KeyScope.PANE),
    KeyBinding("search", "slash", "search", "Search", "find words in what the pane shows", KeyScope.SEARCH),
    KeyBinding("next-hit", "n", "next_hit(1)", "Next hit", "to the next place of these words", KeyScope.SEARCH),
    KeyBinding("previous-hit", "N", "next_hit(-1)", "Previous hit", "to the place before", KeyScope.SEARCH),
    KeyBinding("back", "escape", "back", "Back", "back to the list; in the list: no filter", KeyScope.DETAIL),
    KeyBinding(
        "refresh",
        "r",
        "refresh",
        "Refresh",
        "poll now; after a refused login: type the password or code again",
        KeyScope.POLL,
        in_footer=True,
    ),
    KeyBinding("pause", "p", "pause", "Pause", "freeze the view; polling goes on", KeyScope.POLL, in_footer=True),
    KeyBinding("slower", "plus", "slower", "Slower", "longer interval", KeyScope.POLL),
    KeyBinding("faster", "minus", "faster", "Faster", "shorter interval", KeyScope.POLL),
    KeyBinding("profile", "x", "profile_menu", "Profile", "watch another node; logs out of this one", KeyScope.PROGRAM),
    KeyBinding("help", "question_mark,f1", "help", "Help", "this page", KeyScope.PROGRAM, in_footer=True),
    KeyBinding("palette", "ctrl+p,colon", "command_palette", "Palette", "every action by name", KeyScope.PROGRAM),
    KeyBinding("theme", "t", "next_theme", "Theme", "next theme", KeyScope.PROGRAM),
    KeyBinding(
        "mouse", "m", "toggle_mouse", "Mouse", "mouse on or off; off, the terminal selects text", KeyScope.PROGRAM
    ),
    KeyBinding("redraw", "ctrl+l", "redraw", "Redraw", "draw the whole screen again", KeyScope.PROGRAM),
    KeyBinding("suspend", "ctrl+z", "suspend_process", "Suspend", "back to the shell; fg comes back", KeyScope.PROGRAM),
    KeyBinding("quit", "q,ctrl+c", "quit", "Quit", "log out and leave", KeyScope.PROGRAM, in_footer=True),
)

KEY_SYMBOLS: Final = {
    "less_than_sign": "<",
    "greater_than_sign": ">",
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


def bindings(places: Iterable[KeyScope]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """The bindings of some places, for a widget or screen."""
    wanted = set(places)
    return [
        Binding(key.keys, key.action, key.label, show=key.in_footer, tooltip=key.help, id=key.id)
        for key in KEYS
        if key.place in wanted
    ]


def bindings_in_dialogs() -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """The bindings of the program that a dialog or a text field does not take away: by keys that nobody types."""
    return [
        Binding(name, key.action, key.label, show=False, priority=True)
        for key in KEYS
        if key.id in _IN_DIALOGS
        for name in key.keys.split(",")
        if name.startswith("ctrl+")
    ]


def quit_binding() -> Binding:
    """The binding of a menu or dialog in which nothing is typed: a letter ends the program there too."""
    key = next(key for key in KEYS if key.id == "quit")
    return Binding(key.keys, f"app.{key.action}", key.label, show=False, id=key.id)


def help_lines(place: KeyScope, keys: Sequence[KeyBinding] = KEYS) -> Iterator[tuple[str, str]]:
    """The keys of a place as they stand on a keyboard, and what they do; a series is one line.

    >>> [keys for keys, _ in help_lines(KeyScope.LIST)][4:6]
    ['1 … 9', '0']
    """
    told: set[str] = set()
    for key in keys:
        if key.place is place and key.range_label not in told:
            told.update(filter(None, [key.range_label]))
            yield key.range_label or key_labels(key), key.help


def key_labels(key: KeyBinding) -> str:
    """The keys as they stand on a keyboard.

    >>> key_labels(KEYS[0])
    'Down j'
    """
    return " ".join(_sign(name) for name in key.keys.split(","))


def _sign(name: str) -> str:
    """One key as it stands on a keyboard.

    >>> _sign("G"), _sign("ctrl+l"), _sign("semicolon"), _sign("alt+question_mark"), _sign("f2")
    ('G', '^l', ';', 'alt+?', 'F2')
    """
    *modifiers, base = name.split("+")
    sign = KEY_SYMBOLS.get(base)
    if sign is None and len(base) > 1:
        try:
            sign = unicodedata.lookup(base.replace("_", " "))
        except KeyError:
            sign = base.capitalize()
    return "".join(f"{modifier}+" for modifier in modifiers).replace("ctrl+", "^") + (sign or base)


class Keymap:
    """The table as one person has it."""

    def __init__(self, keys: Iterable[KeyBinding] = KEYS) -> None:
        self.keys = tuple(keys)
        self.labels: Mapping[str, str] = {key.id: key_labels(key).split()[0] for key in self.keys}
        """What to call the key of each action in a sentence."""

    @property
    def dialog_actions(self) -> dict[str, str]:
        """The actions that work whatever is on screen, by key: quit, redraw, suspend."""
        return {name: f"app.{key.action}" for key in self.keys if key.id in _IN_DIALOGS for name in key.keys.split(",")}

    @property
    def overrides(self) -> dict[str, str]:
        """The keys of the actions that have others than usual, by id."""
        usual = {key.id: key.keys for key in KEYS}
        return {key.id: key.keys for key in self.keys if key.keys != usual[key.id]}


DEFAULT_KEYMAP: Final = Keymap()
"""For those who gave no action another key."""


_MODIFIED: Final = re.compile(r"((?:ctrl\+|alt\+|shift\+)+|)(.+)", re.DOTALL)
_SAME_ON_A_TERMINAL: Final = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_ALSO_CALLED: Final = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}


@cache
def normalize_key(name: str) -> str | None:
    """Textual's one name of a key that may be written as on screen, as a character or by a name; None for no key.

    >>> normalize_key("?"), normalize_key("^x"), normalize_key("PgDn"), normalize_key("ctrl+f"), normalize_key("G")
    ('question_mark', 'ctrl+x', 'pagedown', 'ctrl+f', 'G')
    >>> normalize_key("ctlr+x"), normalize_key("nothing"), normalize_key("")
    (None, None, None)
    """
    if len(name) > 1 and name[0] == "^":
        name = f"ctrl+{name[1:]}"
    modified = _MODIFIED.fullmatch(name)
    if modified is None:
        return None
    base = _base(modified[2])
    if base is None:
        return None
    key = modified[1] + (base.lower() if "ctrl+" in modified[1] else base)
    return _SAME_ON_A_TERMINAL.get(key, key)


def with_overrides(overrides: Mapping[str, Sequence[str]]) -> Keymap:
    """The table with other keys for some actions, under whatever names these are given.

    >>> keymap = with_overrides({"help": ["^k", "F2"]})
    >>> keymap.overrides, keymap.labels["help"], keymap.labels["quit"]
    ({'help': 'ctrl+k,f2'}, '^k', 'q')
    """
    return Keymap(
        # No longer one of a series of keys that is told in one line.
        structs.replace(key, keys=",".join(normalize_key(name) or name for name in overrides[key.id]), range_label="")
        if key.id in overrides
        else key
        for key in KEYS
    )


def _base(name: str) -> str | None:
    lower = name.lower()
    for key, sign in KEY_SYMBOLS.items():
        if lower in {key, sign.lower()}:
            return key
    if len(name) == 1:
        return _of_character(name)
    lower = _ALSO_CALLED.get(lower, lower)
    return lower if lower in _named() else None


def _of_character(character: str) -> str | None:
    from textual.keys import KEY_NAME_REPLACEMENTS  # noqa: PLC0415 - only when keys were remapped

    if character.isalnum():
        return character
    if character == " ":
        return "space"
    if not character.isprintable():
        return None
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or None


@cache
def _named() -> frozenset[str]:
    from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys  # noqa: PLC0415

    plain = {str(key.value) for key in Keys if "+" not in key.value and "<" not in key.value}
    signs = {KEY_NAME_REPLACEMENTS.get(name, name) for name in KEY_TO_UNICODE_NAME}
    return frozenset(
        plain | signs | {"space", "comma", "colon", "semicolon", "apostrophe", "asterisk", "slash", "minus"}
    )
