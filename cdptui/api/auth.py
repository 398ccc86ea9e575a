"""How we prove who we are: an account with its password, or a session that somebody else opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountLogin:
    """A login by account. Holds the hash that goes over the wire, never the password; never shown."""

    account: str
    password_hash: str = field(repr=False)

    @classmethod
    def with_password(cls, account: str, password: str) -> AccountLogin:
        """Build it from the plain password; the server compares lower-case hexadecimal SHA-512, unsalted.

        Bytes that were no UTF-8 where it was typed are hashed as they were.
        """
        return cls(account, hashlib.sha512(password.encode(errors="surrogateescape")).hexdigest())

    def body(self) -> dict[str, dict[str, str]]:
        """The body of PUT /accounts/login. The wrapper is `logInByAccount`; the older `logIn` loses the parameters."""
        return {"logInByAccount": {"accountName": self.account, "password": self.password_hash}}


@dataclass(frozen=True, slots=True)
class GivenSession:
    """A session id from outside: used as it is, never renewed, never logged out."""

    session_id: str = field(repr=False)


Auth = AccountLogin | GivenSession
