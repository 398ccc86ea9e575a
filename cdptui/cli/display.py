"""How any command that draws shall do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from cdptui.cli.choices import Choices
from cdptui.cli.log import Log


class Display(Struct, frozen=True):
    """What was chosen about looks, keys and the log."""

    theme: str
    log: Log
    is_frugal: bool | None = None
    """Spare the line to the terminal; None when it turns out to be slow."""
    is_ascii: bool = False
    """Draw with plain characters, whatever the locale says."""
    has_mouse: bool = True
    keys: Mapping[str, Sequence[str]] = {}
    """Other keys for actions, by the action's id."""
    columns: Sequence[str] | None = None
    """The columns of the list; None are the usual ones."""

    @classmethod
    def of(cls, choices: Choices) -> Display:
        """As the options, the environment and the files say."""
        level = "debug" if choices.option("debug") else choices.value("log_level")
        return cls(
            theme=choices.value("theme"),
            log=Log(choices.log_file, level),
            is_frugal=choices.value("low_bandwidth"),
            is_ascii=choices.value("ascii"),
            has_mouse=choices.value("mouse"),
            keys=choices.configuration.keys,
            columns=choices.value("columns"),
        )
