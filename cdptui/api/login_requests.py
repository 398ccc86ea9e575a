"""Login requests: for each login type the endpoints and fields that open a session."""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec import Struct

from cdptui.models.auth import PLAINTEXT_PASSWORD_TYPES, LoginType, PasswordLogin

_CODE_TAG: Final = "twofatoken::"


class _LoginEndpoint(Struct, frozen=True):
    """Endpoint and field names of a login type."""

    path: str
    wrapper: str
    """The key of the body that contains the fields; the server ignores them under another key."""
    name: str
    """The field for the name."""
    kind: str | None = None
    """The value of the unified login's type field."""


_FORMS: Final = {
    LoginType.ACCOUNT: _LoginEndpoint("/accounts/login", "logInByAccount", "accountName"),
    LoginType.USER: _LoginEndpoint("/accounts/users/login", "logInByUser", "userName"),
    LoginType.LDAP: _LoginEndpoint("/ldap/login", "logInByLdap", "uid"),
    LoginType.IAM2: _LoginEndpoint("/iam2/virtual-ids/login", "loginIAM2VirtualID", "name"),
    LoginType.IAM2_LDAP: _LoginEndpoint("/iam2/login/virtual-ids/ldap", "loginIAM2VirtualIDWithLdap", "uid"),
    LoginType.UNIFIED: _LoginEndpoint("/login", "logIn", "username", kind="account"),
    LoginType.UNIFIED_IAM2: _LoginEndpoint("/login", "logIn", "username", kind="iam2"),
    LoginType.UNIFIED_LDAP: _LoginEndpoint("/login", "logIn", "username", kind="ldap"),
}


class LoginRequest(Struct, frozen=True):
    """One PUT that opens a session."""

    path: str
    body: dict[str, object]
    needs_session: bool = False
    """Whether it uses the session that the previous request opened."""

    def __repr__(self) -> str:
        return f"LoginCall({self.path})"


def login_requests(login: PasswordLogin, code: str | None = None) -> tuple[LoginRequest, ...]:
    """Return the requests of a login in order; the session of the last one is used. `code` is the one-time code."""
    form = _FORMS[login.type]
    fields = {
        form.name: login.name,
        "password": login.password if login.type in PLAINTEXT_PASSWORD_TYPES else password_hash(login.password),
    }
    if form.kind is not None:
        fields["loginType"] = form.kind
    if login.account is not None:
        fields["accountName"] = login.account
    body: dict[str, object] = {form.wrapper: fields}
    if code is not None:
        body["systemTags"] = [_CODE_TAG + code]
    first = LoginRequest(form.path, body)
    if login.project is None:
        return (first,)
    project = LoginRequest(
        "/iam2/projects/login", {"loginIAM2Project": {"projectName": login.project}}, needs_session=True
    )
    return (first, project)


def login_secrets(login: PasswordLogin) -> tuple[str, ...]:
    """Return the secrets of a request that an error response may quote."""
    return tuple(secret for secret in (password_hash(login.password), login.password) if secret)


def password_hash(password: str) -> str:
    """Lower-case hexadecimal SHA-512, unsalted: what the server compares.

    Surrogate escapes, which represent bytes that are not UTF-8, are hashed as those bytes.

    >>> password_hash("password")[:16]
    'b109f3bbbc244eb8'
    """
    return hashlib.sha512(password.encode(errors="surrogateescape")).hexdigest()
