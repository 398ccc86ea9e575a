"""Where our files are."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import platformdirs

SYSTEM_CONFIG: Final = Path("/etc/cdptui/config.toml")
"""What the administrator of the machine sets for everybody; the user's own file lies above it."""


def user_config() -> Path:
    """The user's own configuration, whether it is there or not."""
    return Path(platformdirs.user_config_dir("cdptui", appauthor=False)) / "config.toml"


def clipboard_file() -> Path:
    """The newest copy that was too large for any other way, or had none."""
    return Path(platformdirs.user_state_dir("cdptui", appauthor=False)) / "copied.txt"


def default_log_file() -> Path:
    """The log of the last runs; its folder is made when it is first written to."""
    return Path(platformdirs.user_log_dir("cdptui", appauthor=False)) / "cdptui.log"


def views_file() -> Path:
    """The saved views; its folder is made when it is first written to."""
    return Path(platformdirs.user_state_dir("cdptui", appauthor=False)) / "views.json"


def display_path(path: Path, *, is_relative: bool = False) -> str:
    """Return a path as a user types it: `~/…` in the home folder and, if `is_relative`, `./…` in the working folder."""
    if is_relative:
        with contextlib.suppress(OSError, ValueError):
            return f"./{path.relative_to(Path.cwd())}"
    with contextlib.suppress(RuntimeError, ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)
