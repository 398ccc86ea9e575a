"""Default names of the keys that messages mention."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KEY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refresh": "r",
        "save": "^s",
        "slower": "+",
        "filter": "/",
        "back": "Esc",
        "open": "Enter",
        "link-next": "J",
        "link-previous": "K",
        "next-hit": "n",
        "previous-hit": "N",
    }
)
"""By the id of the action; a test compares them with the keymap."""
