"""The user of this machine."""

from __future__ import annotations

from cdptui.models.sanitize import sanitize


def user_name() -> str:
    """Return the name of the user; `unknown` where the system has none."""
    import getpass

    try:
        return sanitize(getpass.getuser(), 64)
    except (KeyError, OSError, ImportError):
        return "unknown"
