"""The schema of config.toml: one frozen type per table. Imported only if there is a file.

Error messages quote the description of a key, which names valid values; a test checks the template against it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from cdptui.config.saved_views import NUMBERS
from cdptui.config.settings import MAX_INTERVAL_S, MAX_TIMEOUT_S, MIN_INTERVAL_S, MIN_TIMEOUT_S
from cdptui.models.auth import LoginType

Accent = Literal["red", "orange", "yellow", "green", "cyan", "blue", "purple", "grey"]
ACCENTS: Final[tuple[str, ...]] = get_args(Accent)

CREDENTIAL_KEYS: Final = ("password_command", "password_file", "keyring", "session_file", "access_key_file")
"""The keys of `auth` that exclude each other."""

Text = Annotated[str, Meta(min_length=1, description="text")]
FileName = Annotated[str, Meta(min_length=1, description="a file name")]
Switch = Annotated[bool, Meta(description="true or false")]
Interval = Annotated[
    float,
    Meta(ge=MIN_INTERVAL_S, le=MAX_INTERVAL_S, description=f"seconds from {MIN_INTERVAL_S:g} to {MAX_INTERVAL_S:g}"),
]
Timeout = Annotated[
    float,
    Meta(ge=MIN_TIMEOUT_S, le=MAX_TIMEOUT_S, description=f"seconds from {MIN_TIMEOUT_S:g} to {MAX_TIMEOUT_S:g}"),
]
Command = Annotated[
    Annotated[str, Meta(min_length=1)] | Annotated[list[Text], Meta(min_length=1)],
    Meta(description="a command: text, or a list of program and arguments"),
]
View = Annotated[
    Annotated[int, Meta(ge=min(NUMBERS), le=max(NUMBERS))] | Annotated[str, Meta(min_length=1)],
    Meta(description=f"a saved view: its number, {min(NUMBERS)} to {max(NUMBERS)}, or its name"),
]
Size = Annotated[str, Meta(min_length=1, description='a size from 1M to 1T, such as "256M"')]
Keys = Annotated[str | list[str], Meta(description='keys: text such as "x" or "x ctrl+x", or a list')]


class AuthTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to log in. No key contains a secret; they name its source."""

    password_command: Command | None = None
    password_file: FileName | None = None
    keyring: Switch | None = None
    session_file: FileName | None = None
    access_key_file: FileName | None = None
    login_type: Annotated[LoginType, Meta(description="one of " + ", ".join(LoginType))] | None = None
    user: Text | None = None
    project: Text | None = None

    @property
    def credential_key(self) -> str | None:
        """The key that is set of `CREDENTIAL_KEYS`; None without one."""
        return next((key for key in CREDENTIAL_KEYS if getattr(self, key)), None)


class TlsTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Trusted CAs and the client certificate."""

    ca_file: FileName | None = None
    insecure: Switch | None = None
    client_cert: FileName | None = None
    client_key: FileName | None = None


class ProfileTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A management node and its monitor settings."""

    url: Text | None = None
    account: Text | None = None
    server_zone: (
        Annotated[str, Meta(min_length=1, description="a time zone such as +08:00 or Asia/Shanghai")] | None
    ) = None
    interval: Interval | None = None
    timeout: Timeout | None = None
    view: View | None = None
    accent: Annotated[Accent, Meta(description="one of " + ", ".join(ACCENTS))] | None = None
    auth: AuthTable = AuthTable()
    tls: TlsTable = TlsTable()


class UiTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Display settings."""

    theme: Text | None = None
    columns: Annotated[list[str], Meta(description="a list of column names")] | None = None
    mouse: Switch | None = None
    ascii: Switch | None = None
    low_bandwidth: Switch | None = None
    utc: Switch | None = None


class LogTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Log settings."""

    file: FileName | None = None
    level: (
        Annotated[Literal["debug", "info", "warning", "error"], Meta(description="one of debug, info, warning, error")]
        | None
    ) = None


class RecordTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of the recording."""

    enabled: Switch | None = None
    limit: Size | None = None


class ConfigSchema(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    default_profile: Text | None = None
    defaults: ProfileTable = ProfileTable()
    profiles: dict[str, ProfileTable] = {}
    keys: dict[str, Keys] = {}
    ui: UiTable = UiTable()
    record: RecordTable = RecordTable()
    log: LogTable = LogTable()
