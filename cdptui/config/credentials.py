"""Secrets from where they may come from. Never from the command line: other users can read that."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import IO, Final

from cdptui.config.errors import ConfigError
from cdptui.models.auth import AccessKey

_MAX_PASSWORD: Final = 4096
_MAX_KEY_FILE: Final = 4096
_KEY_NAME: Final = re.compile(r"(?:zstack_?)?(?:access_?key_?)?(id|secret)", re.IGNORECASE)


def read_password_file(path: Path) -> str:
    """Return the first line of a file that nobody else can read. Raises ConfigError."""
    with _open_private(path, "password file") as file:
        return read_password(file, str(path))


def read_session_file(path: Path) -> str:
    """Return the session id in a file that nobody else can read. Raises ConfigError."""
    with _open_private(path, "session file") as file:
        return read_password(file, str(path)).strip()


def read_access_key_file(path: Path) -> AccessKey:
    """Return the key in a file that nobody else can read. Raises ConfigError.

    It holds two lines, the id and the secret; or lines of KEY=VALUE, as an environment file does.
    """
    with _open_private(path, "access key file") as file:
        try:
            text = file.read(_MAX_KEY_FILE)
        except UnicodeDecodeError as error:
            message = f"the access key file {path} is not UTF-8 text"
            raise ConfigError(message) from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    named = dict(pair for line in lines if (pair := _pair(line)) is not None)
    if set(named) >= {"id", "secret"}:
        return access_key(named["id"], named["secret"], f"the access key file {path}")
    if len(lines) == 2 and not named:
        return access_key(lines[0], lines[1], f"the access key file {path}")
    message = (
        f"the access key file {path} needs two lines, the id and the secret, or ACCESS_KEY_ID=… and ACCESS_KEY_SECRET=…"
    )
    raise ConfigError(message)


def access_key(key_id: str, secret: str, source: str) -> AccessKey:
    """Return a key that a header can carry. Raises ConfigError, without quoting anything of it."""
    key_id, secret = key_id.strip(), secret.strip()
    if not re.fullmatch(r"[!-9;-~]+", key_id) or not re.fullmatch(r"[!-~]+", secret):
        message = f"{source} holds something else than the id and the secret of an access key"
        raise ConfigError(message)
    return AccessKey(key_id=key_id, secret=secret)


def _pair(line: str) -> tuple[str, str] | None:
    """Which half of a key a line of KEY=VALUE holds, and what."""
    name, equals, value = line.removeprefix("export ").partition("=")
    match = _KEY_NAME.fullmatch(name.strip())
    if not equals or match is None:
        return None
    return match[1].lower(), value.strip().strip("\"'")


def _open_private(path: Path, what: str) -> IO[str]:
    """Open a file that nobody else can read; a pipe of a shell is as good. Raises ConfigError."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            message = f"the {what} {path} is not a file"
            raise ConfigError(message)
        if stat.S_ISREG(mode) and mode & 0o077:
            message = f"the {what} {path} can be read by others: chmod 600 {path}"
            raise ConfigError(message)
        return path.open(encoding="utf-8")
    except OSError as error:
        message = f"cannot read the {what} {path}: {error.strerror or error}"
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
