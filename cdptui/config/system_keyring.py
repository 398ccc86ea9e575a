"""A password from the keyring of the desktop. The library is an extra, and slow to load: only when it is asked for."""

from __future__ import annotations

from typing import Final

from cdptui.config.errors import ConfigError
from cdptui.models.sanitize import sanitize

SERVICE: Final = "cdptui"


def password_of(profile: str) -> str:
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
