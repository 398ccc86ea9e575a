"""Configuration files for tests, and the names that they may use."""

from __future__ import annotations

from pathlib import Path

from cdptui.config.loader import Configuration, load_config
from cdptui.config.validation import KnownNames

_KEYS = {
    "quit": ("q", "ctrl+c"),
    "help": ("question_mark", "f1"),
    "profile": ("x",),
    "down": ("down", "j"),
    "top": ("t",),
    "title": ("t",),
}
_NAMES = {"?": "question_mark", "^x": "ctrl+x"}


def canonical_key(name: str) -> str | None:
    return _NAMES.get(name, name if len(name) == 1 or name in {"f1", "f2", "down", "ctrl+c"} else None)


def words() -> KnownNames:
    return KnownNames(_KEYS, canonical_key, columns=("name", "status", "used"), themes=("dark", "light"))


def loaded(folder: Path, user: str | None = None, system: str | None = None) -> Configuration:
    """The configuration of two files with these texts; None is a file that is not there."""
    places = (folder / "config.toml", folder / "etc.toml")
    for place, text in zip(places, (user, system), strict=True):
        if text is not None:
            place.write_text(text)
    return load_config(None, words, {"CDPTUI_CONFIG": str(places[0])} if user is not None else {}, system=places[1])
