"""Other keys for actions: what a person calls a key, and the table of keys as that person has it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from msgspec import structs

from cdptui.tui.keymap import KEYS, SIGNS, Keymap

_MODIFIED: Final = re.compile(r"((?:ctrl\+|alt\+|shift\+)+|)(.+)", re.DOTALL)
_SAME_ON_A_TERMINAL: Final = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_ALSO_CALLED: Final = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}


@cache
def canonical_key(name: str) -> str | None:
    """Textual's one name of a key that may be written as on screen, as a character or by a name; None for no key.

    >>> canonical_key("?"), canonical_key("^x"), canonical_key("PgDn"), canonical_key("ctrl+f"), canonical_key("G")
    ('question_mark', 'ctrl+x', 'pagedown', 'ctrl+f', 'G')
    >>> canonical_key("ctlr+x"), canonical_key("nothing"), canonical_key("")
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


def remapped(overrides: Mapping[str, Sequence[str]]) -> Keymap:
    """The table with other keys for some actions, under whatever names these are given.

    >>> keymap = remapped({"help": ["^k", "F2"]})
    >>> keymap.changed, keymap.names["help"], keymap.names["quit"]
    ({'help': 'ctrl+k,f2'}, '^k', 'q')
    """
    return Keymap(
        # No longer one of a series of keys that is told in one line.
        structs.replace(key, keys=",".join(canonical_key(name) or name for name in overrides[key.id]), series="")
        if key.id in overrides
        else key
        for key in KEYS
    )


def _base(name: str) -> str | None:
    lower = name.lower()
    for key, sign in SIGNS.items():
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
