"""Paths of the program's files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import platformdirs

SYSTEM_CONFIG: Final = Path("/etc/cdptui/config.toml")
"""The system-wide configuration; the user's file overrides it."""


def user_config() -> Path:
    """Return the path of the user's configuration file, which may not exist."""
    return Path(platformdirs.user_config_dir("cdptui", appauthor=False)) / "config.toml"


def clipboard_file() -> Path:
    """Return the path of the last copy that could not go to tmux or the terminal."""
    return Path(platformdirs.user_state_dir("cdptui", appauthor=False)) / "copied.txt"


def default_log_file() -> Path:
    """Return the path of the log file; its folder is created on the first write."""
    return Path(platformdirs.user_log_dir("cdptui", appauthor=False)) / "cdptui.log"


def views_file() -> Path:
    """Return the path of the saved views; its folder is created on the first write."""
    return Path(platformdirs.user_state_dir("cdptui", appauthor=False)) / "views.json"


def recordings_folder() -> Path:
    """Return the folder of the recordings; it is created when the first one begins."""
    return Path(platformdirs.user_state_dir("cdptui", appauthor=False)) / "recordings"


def display_path(path: Path, *, is_relative: bool = False) -> str:
    """Return a path as a user types it: `~/…` in the home folder and, if `is_relative`, `./…` in the working folder."""
    if is_relative:
        with contextlib.suppress(OSError, ValueError):
            return f"./{path.relative_to(Path.cwd())}"
    with contextlib.suppress(RuntimeError, ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)
