"""Passwords from where they may come from. Never from the command line: other users can read that."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import IO, Final

from cdptui.config.errors import ConfigError

_MAX_PASSWORD: Final = 4096


def read_password_file(path: Path) -> str:
    """Return the first line of a file that nobody else can read. Raises ConfigError."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            message = f"the password file {path} is not a file"
            raise ConfigError(message)
        if stat.S_ISREG(mode) and mode & 0o077:
            message = f"the password file {path} can be read by others: chmod 600 {path}"
            raise ConfigError(message)
        with path.open(encoding="utf-8") as file:
            return read_password(file, str(path))
    except OSError as error:
        message = f"cannot read the password file {path}: {error.strerror or error}"
        raise ConfigError(message) from error


def read_password(file: IO[str], source: str) -> str:
    """Return the first line of `file`, without its end. Raises ConfigError when there is none."""
    try:
        password = file.readline(_MAX_PASSWORD).rstrip("\r\n")
    except UnicodeDecodeError as error:
        message = f"the password in {source} is not UTF-8 text"
        raise ConfigError(message) from error
    if not password:
        message = f"there is no password in {source}"
        raise ConfigError(message)
    return password
