"""Secrets from where they may come from. Never from the command line: other users can read that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Final

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import read_input_file
from cdptui.models.auth import AccessKey
from cdptui.models.sanitize import sanitize

MAX_SECRET_BYTES: Final = 1 << 16
"""The largest file, line or output that a secret is read from; what is larger is refused, never cut."""

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_KEY_NAME: Final = re.compile(r"(?:zstack_?)?(?:access_?key_?)?(id|secret)", re.IGNORECASE)


def read_password_file(path: Path) -> str:
    """Return the first line of a file that nobody else can read. Raises ConfigError."""
    return _first_line(_read_private(path, "password file"), "password", str(path))


def read_session_file(path: Path) -> str:
    """Return the session id in a file that nobody else can read. Raises ConfigError."""
    return session_id(
        _first_line(_read_private(path, "session file"), "session id", str(path)), f"the session file {path}"
    )


def session_id(text: str, source: str) -> str:
    """Return a session id that a header can carry. Raises ConfigError, without quoting anything of it."""
    text = text.strip()
    if len(text) > MAX_SECRET_BYTES or not re.fullmatch(r"[!-~]+", text):
        message = f"{source} holds something else than a session id"
        raise ConfigError(message)
    return text


def read_access_key_file(path: Path) -> AccessKey:
    """Return the key in a file that nobody else can read. Raises ConfigError.

    It holds two lines, the id and the secret; or lines of KEY=VALUE, as an environment file does.
    """
    try:
        text = _read_private(path, "access key file").decode()
    except UnicodeDecodeError as error:
        message = f"the access key file {path} is not UTF-8 text"
        raise ConfigError(message) from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    named = dict(pair for line in lines if (pair := _parse_assignment(line)) is not None)
    if set(named) >= {"id", "secret"}:
        return parse_access_key(named["id"], named["secret"], f"the access key file {path}")
    if len(lines) == 2 and not named:
        return parse_access_key(lines[0], lines[1], f"the access key file {path}")
    message = (
        f"the access key file {path} needs two lines, the id and the secret, or ACCESS_KEY_ID=… and ACCESS_KEY_SECRET=…"
    )
    raise ConfigError(message)


def parse_access_key(key_id: str, secret: str, source: str) -> AccessKey:
    """Return a key that a header can carry. Raises ConfigError, without quoting anything of it."""
    key_id, secret = key_id.strip(), secret.strip()
    is_too_long = max(len(key_id), len(secret)) > MAX_SECRET_BYTES
    if is_too_long or not re.fullmatch(r"[!-9;-~]+", key_id) or not re.fullmatch(r"[!-~]+", secret):
        message = f"{source} holds something else than the id and the secret of an access key"
        raise ConfigError(message)
    return AccessKey(key_id=key_id, secret=secret)


def _parse_assignment(line: str) -> tuple[str, str] | None:
    """Which half of a key a line of KEY=VALUE holds, and what."""
    name, equals, value = line.removeprefix("export ").partition("=")
    match = _KEY_NAME.fullmatch(name.strip())
    if not equals or match is None:
        return None
    return match[1].lower(), value.strip().strip("\"'")


def _read_private(path: Path, what: str) -> bytes:
    """Read a file that nobody else can read; a pipe of a shell is as good. Raises ConfigError."""
    file = read_input_file(path, what, max_bytes=MAX_SECRET_BYTES, accepts_pipe=True)
    if file.permissions & 0o077:
        message = f"the {what} {path} can be read by others: chmod 600 {path}"
        raise ConfigError(message)
    return file.content


def _first_line(content: bytes, what: str, source: str) -> str:
    try:
        line = _LINE_END.split(content, 1)[0].decode()
    except UnicodeDecodeError as error:
        message = f"the {what} in {source} is not UTF-8 text"
        raise ConfigError(message) from error
    if not line:
        message = f"there is no {what} in {source}"
        raise ConfigError(message)
    return line


def read_password(file: IO[str], source: str) -> str:
    """Return the first line of `file`, without its end. Raises ConfigError when there is none, or it is too long."""
    try:
        line = file.readline(MAX_SECRET_BYTES + 1)
        if len(line) > MAX_SECRET_BYTES:
            message = f"the password in {source} is longer than {MAX_SECRET_BYTES:,} characters"
            raise ConfigError(message)
    except UnicodeDecodeError as error:
        message = f"the password in {source} is not UTF-8 text"
        raise ConfigError(message) from error
    password = line.rstrip("\r\n")
    if not password:
        message = f"there is no password in {source}"
        raise ConfigError(message)
    return password


SERVICE: Final = "cdptui"


def read_keyring_password(profile: str) -> str:
    """Return what `keyring set cdptui PROFILE` has stored. Raises ConfigError."""
    try:
        import keyring  # noqa: PLC0415 - see above
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError("the keyring needs a package that is not installed: pip install 'cdptui[keyring]'") from error
    try:
        password = keyring.get_password(SERVICE, profile)
    except KeyringError as error:
        reason = sanitize(str(error).partition("\n")[0] or type(error).__name__, 200)
        message = f"the keyring does not answer: {reason}"
        raise ConfigError(message) from error
    if not password:
        message = f"the keyring holds no password of '{profile}': keyring set {SERVICE} {profile}"
        raise ConfigError(message)
    return password
