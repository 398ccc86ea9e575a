"""The words of other rooms that a configuration may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdptui.config.validation import KnownNames


def vocabulary() -> KnownNames:
    """All of them; only for those who have a file to check."""
    from cdptui.config.validation import KnownNames  # noqa: PLC0415 - see above
    from cdptui.render.columns import COLUMNS  # noqa: PLC0415
    from cdptui.tui.keymap import (
        KEYS,
        normalize_key,
    )
    from cdptui.tui.themes import THEMES  # noqa: PLC0415

    return KnownNames(
        actions={key.id: tuple(key.keys.split(",")) for key in KEYS},
        canonical_key=normalize_key,
        columns=tuple(column.key for column in COLUMNS),
        themes=tuple(theme.name for theme in THEMES),
    )
