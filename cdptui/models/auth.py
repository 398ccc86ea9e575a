"""Credentials for a management node. No `repr` contains a secret.

A new login type touches these places:

- `LoginType` here, and the sets below if it sends the password in plain text or takes a project;
- `cdptui.api.login_requests`: its endpoint and field names;
- `cdptui.simulator.apis.accounts`: the simulated login;
- `cdptui.config.template`: the list of types in the comment on `login_type`;
- the README. The option `--login-type` and the configuration file take their values from `LoginType`.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class LoginType(StrEnum):
    """The login call of the node; they differ in path, in field names, and in how the password is sent."""

    ACCOUNT = "account"
    USER = "user"
    """A user of an account."""
    LDAP = "ldap"
    IAM2 = "iam2"
    """A virtual ID; enters a project afterwards if one is given."""
    IAM2_LDAP = "iam2-ldap"
    """A virtual ID whose password is in the LDAP directory."""
    UNIFIED = "unified"
    """The unified login of newer nodes, as an account; the next two as a virtual ID and as a user of the directory."""
    UNIFIED_IAM2 = "unified-iam2"
    UNIFIED_LDAP = "unified-ldap"


PLAINTEXT_PASSWORD_TYPES = frozenset({LoginType.LDAP, LoginType.IAM2_LDAP, LoginType.UNIFIED_LDAP})
"""Login types that send the password in plain text, as the directory compares it itself; the others send its hash."""

PROJECT_LOGIN_TYPES = frozenset({LoginType.IAM2, LoginType.IAM2_LDAP, LoginType.UNIFIED_IAM2})


class PasswordLogin(Struct, frozen=True, kw_only=True):
    """Login by name and password: opens sessions and closes them."""

    name: str
    password: str
    type: LoginType = LoginType.ACCOUNT
    account: str | None = None
    """The account that the user `name` belongs to."""
    project: str | None = None
    """The IAM2 project to enter."""

    def __repr__(self) -> str:
        return f"PasswordLogin({self.display_name!r})"

    missing_reason: str | None = None
    """Why there is no password yet: the user must type one before a login is tried. None when there is one."""

    @property
    def display_name(self) -> str:
        """The login name, for display.

        >>> PasswordLogin(name="eve", password="", type=LoginType.IAM2, project="production").display_name
        'eve in production'
        """
        if self.type is LoginType.USER:
            return f"{self.name} of {self.account}"
        return self.name if self.project is None else f"{self.name} in {self.project}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not appear in any output or log."""
        return (self.password,)


class SessionToken(Struct, frozen=True, kw_only=True):
    """A session ID given by the user: used as it is, never renewed, never logged out."""

    session_id: str

    def __repr__(self) -> str:
        return "SessionToken()"

    @property
    def display_name(self) -> str:
        """The login name, for display."""
        return "given session"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not appear in any output or log."""
        return (self.session_id,)


class AccessKey(Struct, frozen=True, kw_only=True):
    """An access key that signs each request: it opens no session, so none is counted or taken over."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.key_id!r})"

    @property
    def display_name(self) -> str:
        """The login name, for display; the ID is not secret."""
        return f"key {self.key_id}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not appear in any output or log."""
        return (self.secret,)


Credentials = PasswordLogin | SessionToken | AccessKey
