"""The one table of keys. Bindings, help, palette, footer and the README's table are made from it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct
from textual.binding import Binding


class Place(Enum):
    """Where a key works."""

    MOTION = "Moving, in the list and in the detail pane"
    LIST = "The list"
    DETAIL = "The detail pane"
    PANE = "While the detail pane has the focus"
    SEARCH = "Searching, in the detail pane and in help"
    POLL = "Polling"
    PROGRAM = "The program"


OF_FOCUS: Final = frozenset({Place.MOTION, Place.PANE, Place.SEARCH})
"""Keys of what has the focus; the same key may mean something else where that has it not."""


class Key(Struct, frozen=True):
    """One thing that can be done, and the keys that do it."""

    id: str
    """For keymaps; never changes once released."""
    keys: str
    """Textual's names, separated by commas."""
    action: str
    label: str
    """One or two words, for the footer and the palette."""
    help: str
    place: Place
    in_footer: bool = False
    series: str = ""
    """What stands for the whole series that this key belongs to, on the one line that they share: `1 … 9`."""


KEYS: Final = (
    Key("down", "down,j", "cursor_down", "Down", "one line down", Place.MOTION),
    Key("up", "up,k", "cursor_up", "Up", "one line up", Place.MOTION),
    Key("page-down", "pagedown,ctrl+f", "page_down", "Page down", "one screen down", Place.MOTION),
    Key("page-up", "pageup,ctrl+b", "page_up", "Page up", "one screen up", Place.MOTION),
    Key("top", "home,g", "top", "Top", "to the first line, and stay there", Place.MOTION),
    Key("bottom", "end,G", "bottom", "Bottom", "to the last line", Place.MOTION),
    Key("open", "enter", "open", "Open", "to the detail pane, which opens; fold or unfold a group", Place.LIST),
    Key("switch", "tab", "switch", "Switch", "to the detail pane, and back", Place.LIST),
    Key("filter", "slash", "filter", "Filter", "show only what matches", Place.LIST, in_footer=True),
    Key("unhealthy", "f", "unhealthy", "Unhealthy", "show only what is not as it should be, or all again", Place.LIST),
    *(
        Key(
            f"view-{number}", str(number), f"view({number})", f"View {number}", "saved view", Place.LIST, series="1 … 9"
        )
        for number in range(1, 10)
    ),
    Key("view-0", "0", "view(0)", "View 0", "the list as it was at the beginning", Place.LIST),
    Key("views", "v", "view_menu", "Views", "all saved views: show, save, delete, begin with one", Place.LIST),
    Key("sort", "s", "sort_menu", "Sort", "choose what the list is sorted by", Place.LIST, in_footer=True),
    Key("sort-left", "less_than_sign", "sort_move(-1)", "Sort left", "sort by the column to the left", Place.LIST),
    Key("sort-right", "greater_than_sign", "sort_move(1)", "Sort right", "sort by the column to the right", Place.LIST),
    Key("invert", "I", "sort_invert", "Invert", "turn the order round", Place.LIST),
    Key("columns", "o", "columns", "Columns", "choose columns and their order", Place.LIST),
    Key("wide", "w", "wide", "Wide", "all columns, or those that fit", Place.LIST),
    Key("columns-left", "left", "scroll_columns(-1)", "Scroll left", "a wide list: a column to the left", Place.LIST),
    Key(
        "columns-right",
        "right",
        "scroll_columns(1)",
        "Scroll right",
        "a wide list: a column to the right",
        Place.LIST,
    ),
    Key("group", "b", "group_menu", "Group", "group by backup storage, policy, status or state", Place.LIST),
    Key("fold", "z", "fold", "Fold", "fold or unfold the group under the cursor", Place.LIST),
    Key("fold-all", "Z", "fold_all", "Fold all", "fold all groups, or unfold them", Place.LIST),
    Key("mark", "space", "mark", "Mark", "mark or unmark the task, and one line down", Place.LIST),
    Key("mark-all", "asterisk", "mark_all", "Mark all", "mark all tasks in the list, or unmark them", Place.LIST),
    Key("clear-marks", "ctrl+u", "clear_marks", "Clear marks", "mark nothing", Place.LIST),
    Key("save", "ctrl+s", "save", "Save", "write the list, or what is marked, to a file: CSV, JSON or SVG", Place.LIST),
    Key(
        "copy",
        "c",
        "copy",
        "Copy",
        "copy uuids, names, JSON or a curl command: of the task, or what is marked",
        Place.LIST,
    ),
    Key("detail", "d", "toggle_detail", "Detail", "show or hide the detail pane", Place.DETAIL, in_footer=True),
    Key("grow", "right_square_bracket", "resize_detail(5)", "Larger", "larger detail pane", Place.DETAIL),
    Key("shrink", "left_square_bracket", "resize_detail(-5)", "Smaller", "smaller detail pane", Place.DETAIL),
    Key("tab-next", "full_stop", "tab_move(1)", "Next tab", "next tab of the detail pane", Place.DETAIL),
    Key("tab-previous", "comma", "tab_move(-1)", "Previous tab", "previous tab of the detail pane", Place.DETAIL),
    Key("tab-right", "right,l", "screen.tab_move(1)", "Tab right", "next tab", Place.PANE),
    Key("tab-left", "left,h", "screen.tab_move(-1)", "Tab left", "previous tab", Place.PANE),
    Key("search", "slash", "search", "Search", "find words in what the pane shows", Place.SEARCH),
    Key("next-hit", "n", "next_hit(1)", "Next hit", "to the next place of these words", Place.SEARCH),
    Key("previous-hit", "N", "next_hit(-1)", "Previous hit", "to the place before", Place.SEARCH),
    Key("back", "escape", "back", "Back", "back to the list; in the list: no filter", Place.DETAIL),
    Key(
        "refresh",
        "r",
        "refresh",
        "Refresh",
        "poll now; after a refused login: type the password or code again",
        Place.POLL,
        in_footer=True,
    ),
    Key("pause", "p", "pause", "Pause", "freeze the view; polling goes on", Place.POLL, in_footer=True),
    Key("slower", "plus", "slower", "Slower", "longer interval", Place.POLL),
    Key("faster", "minus", "faster", "Faster", "shorter interval", Place.POLL),
    Key("profile", "x", "profile_menu", "Profile", "watch another node; logs out of this one", Place.PROGRAM),
    Key("help", "question_mark,f1", "help", "Help", "this page", Place.PROGRAM, in_footer=True),
    Key("palette", "ctrl+p,colon", "command_palette", "Palette", "every action by name", Place.PROGRAM),
    Key("theme", "t", "next_theme", "Theme", "next theme", Place.PROGRAM),
    Key("mouse", "m", "toggle_mouse", "Mouse", "mouse on or off; off, the terminal selects text", Place.PROGRAM),
    Key("redraw", "ctrl+l", "redraw", "Redraw", "draw the whole screen again", Place.PROGRAM),
    Key("suspend", "ctrl+z", "suspend_process", "Suspend", "back to the shell; fg comes back", Place.PROGRAM),
    Key("quit", "q,ctrl+c", "quit", "Quit", "log out and leave", Place.PROGRAM, in_footer=True),
)

SIGNS: Final = {
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


def bindings(places: Iterable[Place]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
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


def lines_of(place: Place, keys: Sequence[Key] = KEYS) -> Iterator[tuple[str, str]]:
    """The keys of a place as they stand on a keyboard, and what they do; a series is one line.

    >>> [keys for keys, _ in lines_of(Place.LIST)][4:6]
    ['1 … 9', '0']
    """
    told: set[str] = set()
    for key in keys:
        if key.place is place and key.series not in told:
            told.update(filter(None, [key.series]))
            yield key.series or keys_in_words(key), key.help


def keys_in_words(key: Key) -> str:
    """The keys as they stand on a keyboard.

    >>> keys_in_words(KEYS[0])
    'Down j'
    """
    return " ".join(_sign(name) for name in key.keys.split(","))


def _sign(name: str) -> str:
    """One key as it stands on a keyboard.

    >>> _sign("G"), _sign("ctrl+l"), _sign("semicolon"), _sign("alt+question_mark"), _sign("f2")
    ('G', '^l', ';', 'alt+?', 'F2')
    """
    *modifiers, base = name.split("+")
    sign = SIGNS.get(base)
    if sign is None and len(base) > 1:
        try:
            sign = unicodedata.lookup(base.replace("_", " "))
        except KeyError:
            sign = base.capitalize()
    return "".join(f"{modifier}+" for modifier in modifiers).replace("ctrl+", "^") + (sign or base)


class Keymap:
    """The table as one person has it."""

    def __init__(self, keys: Iterable[Key] = KEYS) -> None:
        self.keys = tuple(keys)
        self.names: Mapping[str, str] = {key.id: keys_in_words(key).split()[0] for key in self.keys}
        """What to call the key of each action in a sentence."""

    @property
    def dialog_actions(self) -> dict[str, str]:
        """The actions that work whatever is on screen, by key: quit, redraw, suspend."""
        return {name: f"app.{key.action}" for key in self.keys if key.id in _IN_DIALOGS for name in key.keys.split(",")}

    @property
    def changed(self) -> dict[str, str]:
        """The keys of the actions that have others than usual, by id."""
        usual = {key.id: key.keys for key in KEYS}
        return {key.id: key.keys for key in self.keys if key.keys != usual[key.id]}


USUAL: Final = Keymap()
"""For those who gave no action another key."""
