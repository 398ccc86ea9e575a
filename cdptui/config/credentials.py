"""Read secrets from files, input and the keyring. Never from the command line, which other users can read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Final

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import read_input_file
from cdptui.models.auth import AccessKey
from cdptui.models.sanitize import sanitize

MAX_SECRET_BYTES: Final = 1 << 16
"""The largest file, line or output that a secret is read from; larger ones are rejected, never truncated."""

_LINE_END: Final = rb"\r\n|\r|\n"
_KEY_NAME: Final = r"(?i:(?:zstack_?)?(?:access_?key_?)?(id|secret))"


def read_password_file(path: Path) -> str:
    """Return the first line of a file that only its owner can read. Raises ConfigError."""
    return _first_line(_read_private(path, "password file"), "password", str(path))


def read_session_file(path: Path) -> str:
    """Return the session id in a file that only its owner can read. Raises ConfigError."""
    return session_id(
        _first_line(_read_private(path, "session file"), "session id", str(path)), f"the session file {path}"
    )


def session_id(text: str, source: str) -> str:
    """Return a session id that is valid in a header. Raises ConfigError, which does not quote it."""
    text = text.strip()
    if len(text) > MAX_SECRET_BYTES or not re.fullmatch(r"[!-~]+", text):
        message = f"{source} does not contain a valid session id"
        raise ConfigError(message)
    return text


def read_access_key_file(path: Path) -> AccessKey:
    """Return the key in a file that only its owner can read. Raises ConfigError.

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
    """Return a key that is valid in a header. Raises ConfigError, which does not quote it."""
    key_id, secret = key_id.strip(), secret.strip()
    is_too_long = max(len(key_id), len(secret)) > MAX_SECRET_BYTES
    if is_too_long or not re.fullmatch(r"[!-9;-~]+", key_id) or not re.fullmatch(r"[!-~]+", secret):
        message = f"{source} does not contain a valid access key id and secret"
        raise ConfigError(message)
    return AccessKey(key_id=key_id, secret=secret)


def _parse_assignment(line: str) -> tuple[str, str] | None:
    """Parse a line of KEY=VALUE to `id` or `secret` and its value; None for other lines."""
    name, equals, value = line.removeprefix("export ").partition("=")
    match = re.fullmatch(_KEY_NAME, name.strip())
    if not equals or match is None:
        return None
    return match[1].lower(), value.strip().strip("\"'")


def _read_private(path: Path, what: str) -> bytes:
    """Read a file that only its owner can read, or a pipe of a shell. Raises ConfigError."""
    file = read_input_file(path, what, max_bytes=MAX_SECRET_BYTES, accepts_pipe=True)
    if file.permissions & 0o077:
        message = f"the {what} {path} can be read by others: chmod 600 {path}"
        raise ConfigError(message)
    return file.content


def _first_line(content: bytes, what: str, source: str) -> str:
    try:
        line = re.split(_LINE_END, content, maxsplit=1)[0].decode()
    except UnicodeDecodeError as error:
        message = f"the {what} in {source} is not UTF-8 text"
        raise ConfigError(message) from error
    if not line:
        message = f"no {what} in {source}"
        raise ConfigError(message)
    return line


def read_password(file: IO[str], source: str) -> str:
    """Return the first line of `file` without the line end. Raises ConfigError if it is empty or too long."""
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
        message = f"no password in {source}"
        raise ConfigError(message)
    return password


SERVICE: Final = "cdptui"


def read_keyring_password(profile: str) -> str:
    """Return the password that `keyring set cdptui PROFILE` stored. Raises ConfigError."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError as error:
        raise ConfigError("the keyring needs a package that is not installed: pip install 'cdptui[keyring]'") from error
    try:
        password = keyring.get_password(SERVICE, profile)
    except KeyringError as error:
        reason = sanitize(str(error).partition("\n")[0] or type(error).__name__, 200)
        message = f"cannot read the keyring: {reason}"
        raise ConfigError(message) from error
    if not password:
        message = f"no password for '{profile}' in the keyring; store it with: keyring set {SERVICE} {profile}"
        raise ConfigError(message)
    return password
