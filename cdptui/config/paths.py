"""Where our files are."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def default_log_file() -> Path:
    """The log of the last runs; its folder is made when it is first written to."""
    return Path(platformdirs.user_log_dir("cdptui", appauthor=False)) / "cdptui.log"
