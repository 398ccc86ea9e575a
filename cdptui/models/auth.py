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
    """Which of the node's logins; they differ in path, in their names for the fields, and in how a password travels."""

    ACCOUNT = "account"
    USER = "user"
    """A user of an account."""
    LDAP = "ldap"
    IAM2 = "iam2"
    """A virtual ID; with a project it then enters that."""
    IAM2_LDAP = "iam2-ldap"
    """A virtual ID whose password the directory knows."""
    UNIFIED = "unified"
    """The one login of newer nodes, as an account; the two below as a virtual ID or a user of the directory."""
    UNIFIED_IAM2 = "unified-iam2"
    UNIFIED_LDAP = "unified-ldap"


PLAINTEXT_PASSWORD_TYPES = frozenset({LoginType.LDAP, LoginType.IAM2_LDAP, LoginType.UNIFIED_LDAP})
"""Those whose password travels as it is, for a directory that must compare it itself; of the others goes its hash."""

PROJECT_LOGIN_TYPES = frozenset({LoginType.IAM2, LoginType.IAM2_LDAP, LoginType.UNIFIED_IAM2})


class PasswordLogin(Struct, frozen=True, kw_only=True):
    """A name and a password: sessions are opened with it, and closed again."""

    name: str
    password: str
    type: LoginType = LoginType.ACCOUNT
    account: str | None = None
    """The account whose user `name` is."""
    project: str | None = None
    """The IAM2 project to enter."""

    def __repr__(self) -> str:
        return f"PasswordLogin({self.display_name!r})"

    missing_reason: str | None = None
    """Why there is no password yet: nothing is tried until somebody types one. None when there is one."""

    @property
    def display_name(self) -> str:
        """As whom, for people.

        >>> PasswordLogin(name="eve", password="", type=LoginType.IAM2, project="production").display_name
        'eve in production'
        """
        if self.type is LoginType.USER:
            return f"{self.name} of {self.account}"
        return self.name if self.project is None else f"{self.name} in {self.project}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return (self.password,)


class SessionToken(Struct, frozen=True, kw_only=True):
    """A session id from outside: used as it is, never renewed, never logged out."""

    session_id: str

    def __repr__(self) -> str:
        return "GivenSession()"

    @property
    def display_name(self) -> str:
        """As whom, for people."""
        return "given session"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return (self.session_id,)


class AccessKey(Struct, frozen=True, kw_only=True):
    """A key pair that signs each request: no session is opened, none is counted, none can be taken over."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.key_id!r})"

    @property
    def display_name(self) -> str:
        """As whom, for people; the id is no secret."""
        return f"key {self.key_id}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return (self.secret,)


Credentials = PasswordLogin | SessionToken | AccessKey
