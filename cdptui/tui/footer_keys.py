"""The keys in the footer, by the place where the user is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from cdptui.render.line_fitting import Measure, cut_text
from cdptui.render.spans import Line, Role, Span
from cdptui.render.text_wrap import wrap_text
from cdptui.tui.keymap import Keymap, key_labels


class FooterKey(NamedTuple):
    """A key and what it does, in one or two words."""

    keys: str
    label: str


class FooterPlace(Enum):
    """Where the user is on the main screen."""

    LIST = "list"
    FILTERED_LIST = "filtered list"
    VIEW = "saved view"
    GROUP = "group"
    """The cursor of the list is on a group."""
    PANE = "pane"
    HISTORY = "history"
    """The tab History of the pane."""
    STORAGES = "storages"
    PAST = "past"
    """The list at a moment of the recording."""
    RECORDING = "recording"
    """The same for a recording without its node."""
    SEARCH = "search"
    """A search text is being typed, in the pane or in help."""
    FILTER = "filter"


class FooterKeys(NamedTuple):
    """The keys of one place."""

    keys: Sequence[FooterKey]
    """The most important ones first: the last ones are left out where room is short."""
    always: Sequence[FooterKey]
    """Help and quit, which are never left out."""


_LIST_ACTIONS: Final = (
    "filter",
    "sort",
    "unhealthy",
    "detail",
    "group",
    "storages",
    "views",
    "copy",
    "pause",
    "refresh",
    "events",
    "columns",
)
_PANE_ACTIONS: Final = (
    ("search", ""),
    ("copy", ""),
    ("up down", "scroll"),
    ("shrink grow", "size"),
    ("detail", "hide"),
    ("refresh", "reload"),
)
_PAST_ACTIONS: Final = (
    ("poll-back poll-forward", "poll"),
    ("event-back event-forward", "event"),
    ("hour-back hour-forward", "hour"),
    ("moment", ""),
    ("play", ""),
    ("open", ""),
    ("filter", ""),
    ("sort", ""),
    ("events", ""),
)
_ACTIONS: Final[dict[FooterPlace, tuple[tuple[str, str], ...]]] = {
    FooterPlace.LIST: (("open", ""), *((action, "") for action in _LIST_ACTIONS)),
    FooterPlace.FILTERED_LIST: (("back", "clear filter"), ("open", ""), *((action, "") for action in _LIST_ACTIONS)),
    FooterPlace.VIEW: (("back", "all tasks"), ("open", ""), *((action, "") for action in _LIST_ACTIONS)),
    FooterPlace.GROUP: (("open", "fold"), ("fold-all", ""), *((action, "") for action in _LIST_ACTIONS)),
    FooterPlace.PANE: (("back", "list"), ("tab-left tab-right", "tabs"), *_PANE_ACTIONS),
    FooterPlace.HISTORY: (
        ("back", "list"),
        ("window-shorter window-longer", "time"),
        ("scale", ""),
        ("tab-left tab-right", "tabs"),
        *_PANE_ACTIONS,
    ),
    FooterPlace.PAST: (("back", "live"), *_PAST_ACTIONS),
    FooterPlace.RECORDING: _PAST_ACTIONS,
    FooterPlace.STORAGES: (
        ("storage-open", "tasks"),
        ("storages-close", "list"),
        ("storages-left storages-right", "sort"),
        ("storages-invert", ""),
        ("search", ""),
        ("refresh", ""),
    ),
}
"""Ids of actions and their label where it differs from that of the action. Ids of a pair are separated by a blank."""

_HELP_ACTIONS: Final = (("search", ""), ("next-hit previous-hit", "next, previous match"), ("up down", "scroll"))

_TEXT_FIELDS: Final = {
    FooterPlace.SEARCH: (FooterKey("Enter", "find"), FooterKey("Esc", "cancel")),
    FooterPlace.FILTER: (FooterKey("Enter", "apply"), FooterKey("Esc", "clear"), FooterKey("Up Down", "history")),
}
"""The keys of text fields, which cannot be configured."""

_QUIT_IN_TEXT: Final = FooterKey("^c", "quit")


def footer_keys(place: FooterPlace, keymap: Keymap) -> FooterKeys:
    """Return the keys of a place on the main screen, as the user configured them.

    >>> from cdptui.tui.keymap import DEFAULT_KEYMAP
    >>> footer_keys(FooterPlace.FILTER, DEFAULT_KEYMAP).always
    (FooterKey(keys='F1', label='help'), FooterKey(keys='^c', label='quit'))
    """
    if place is FooterPlace.SEARCH:
        return FooterKeys(_TEXT_FIELDS[place], (_QUIT_IN_TEXT,))
    if place is FooterPlace.FILTER:
        return FooterKeys(_TEXT_FIELDS[place], (*_help_in_text(keymap), _QUIT_IN_TEXT))
    keys = [_configured(ids.split(), label, keymap) for ids, label in _ACTIONS[place]]
    return FooterKeys(keys, program_keys(keymap))


def program_keys(keymap: Keymap) -> tuple[FooterKey, ...]:
    """Return help and quit, outside of text fields."""
    return (_configured(["help"], "", keymap), _configured(["quit"], "", keymap))


def help_keys(keymap: Keymap) -> FooterKeys:
    """Return the keys of the help screen, which the key of help closes."""
    keys = [_configured(ids.split(), label, keymap) for ids, label in _HELP_ACTIONS]
    help_key, quit_key = program_keys(keymap)
    return FooterKeys(keys, (FooterKey(f"Esc {help_key.keys}", "close"), quit_key))


def text_field_keys() -> tuple[FooterKey, ...]:
    """Return quit as it works in the text field of a dialog."""
    return (_QUIT_IN_TEXT,)


def footer_line(keys: FooterKeys, status: str, width: int, measure: Measure) -> Line:
    """Return the keys that fit at the left and `status` at the right. Help and quit are there at every width.

    >>> from cdptui.render.spans import plain_text
    >>> keys = FooterKeys([FooterKey("/", "filter"), FooterKey("s", "sort")], [FooterKey("q", "quit")])
    >>> plain_text(footer_line(keys, "", 30, len)), plain_text(footer_line(keys, "Sorted by name", 24, len))
    (' / filter  s sort  q quit     ', ' q quit   Sorted by name')
    """
    room = width - _width(keys.always, measure)
    status = cut_text(status, max(0, room - 1), measure)
    room -= measure(status) + bool(status)
    shown: list[FooterKey] = []
    for key in keys.keys:
        room -= _width([key], measure)
        if room < 0:
            break
        shown.append(key)
    spans = [
        span
        for key in (*shown, *keys.always)
        for span in (Span(f" {key.keys} ", Role.ACCENT), Span(f"{key.label} ", Role.DIM))
    ]
    used = _width([*shown, *keys.always], measure) + measure(status)
    return (*spans, Span(" " * max(0, width - used)), Span(status, Role.NEW))


def footer_lines(
    keys: FooterKeys, notice: str, marks: str, width: int, measure: Measure, *, is_whole: bool
) -> list[Line]:
    """Return the lines of a footer. A notice that is too long for one is on lines above the keys, if it `is_whole`."""
    status = "  ".join(text for text in (notice, marks) if text)
    if not is_whole or measure(status) < width - _width(keys.always, measure):
        return [footer_line(keys, status, width, measure)]
    above: list[Line] = [(Span(f" {text}", Role.NEW),) for text in wrap_text(notice, max(1, width - 2))]
    return [*above, footer_line(keys, marks, width, measure)]


def _width(keys: Iterable[FooterKey], measure: Measure) -> int:
    return sum(measure(key.keys) + measure(key.label) + 3 for key in keys)


def _configured(ids: Sequence[str], label: str, keymap: Keymap) -> FooterKey:
    actions = {key.id: key for key in keymap.keys}
    return FooterKey(" ".join(keymap.labels[action] for action in ids), label or actions[ids[0]].label.lower())


def _help_in_text(keymap: Keymap) -> tuple[FooterKey, ...]:
    label = help_key_in_text(keymap)
    return (FooterKey(label, "help"),) if label else ()


def help_key_in_text(keymap: Keymap) -> str:
    """Return the help key that works while the user types, as it types no text; empty when there is none.

    >>> from cdptui.tui.keymap import DEFAULT_KEYMAP
    >>> help_key_in_text(DEFAULT_KEYMAP)
    'F1'
    """
    (action,) = (key for key in keymap.keys if key.id == "help")
    return next((label for label in key_labels(action).split() if len(label) > 1), "")
