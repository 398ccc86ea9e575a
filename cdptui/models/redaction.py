"""Redaction: masks known secrets, and what has the form of a credential, in text."""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from urllib.parse import quote, unquote

MASK: Final = "***"
"""Shown in place of a secret, in every log line, message and screen."""

_MIN_LENGTH: Final = 4
"""A shorter secret is not masked: masking every `a` would reveal it, and make text unreadable."""

_USERINFO: Final = r"(?<=://)\S*@"
"""User and password of a URL, up to the last @, as a password may contain one."""


class Redactor:
    """Masks known secrets, and user and password in any URL.

    >>> redactor = Redactor()
    >>> redactor.add("hunter2")
    >>> redactor.redact("'hunter2' at http://admin:x@10.0.0.5")
    "'***' at http://***@10.0.0.5"
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, *secrets: str) -> None:
        """Mask `secrets` from now on, as they are, percent-encoded, and as they appear in a `repr`."""
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _MIN_LENGTH}
        if not forms <= self._secrets:
            self._secrets |= forms
            # Longest first, as one secret may be the beginning of another.
            self._pattern = re.compile("|".join(map(re.escape, sorted(self._secrets, key=len, reverse=True))))

    def redact(self, text: str) -> str:
        """Return `text` without any secret."""
        text = re.sub(_USERINFO, f"{MASK}@", text) if "://" in text else text
        return text if self._pattern is None else self._pattern.sub(MASK, text)


@cache
def _credential_pattern() -> re.Pattern[str]:
    """Compile the pattern at its first use, which takes 1.5 ms; the first frame does not need it."""
    return re.compile(
        r"(OAuth\s+|ZStack\s+[^\s:]+:|Basic\s+|sessions/|JSESSIONID=|twofatoken::|\"password\":\s*\")[^\s\"',;)]+"
        r"|\b[0-9a-f]{128}\b"
    )


def mask_credentials(text: str) -> str:
    """Mask credentials that are recognised by their form, although their values are not known.

    These are sessions, signatures, cookies, one-time codes, passwords in a login request, and SHA-512 hashes.

    >>> mask_credentials("Authorization: OAuth 5f2c9a, DELETE /accounts/sessions/5f2c9a")
    'Authorization: OAuth ***, DELETE /accounts/sessions/***'
    """
    return _credential_pattern().sub(lambda match: f"{match[1] or ''}{MASK}", text)


def url_secrets(url: str) -> tuple[str, ...]:
    """Return the password of a URL, and user and password together, each as written and decoded; empty without an @.

    >>> url_secrets("http://admin:p%40ss@10.0.0.5"), url_secrets("http://10.0.0.5")
    (('p%40ss', 'p@ss', 'admin:p%40ss', 'admin:p@ss'), ())
    """
    userinfo, at, _ = url.rpartition("@")
    if not at:
        return ()
    userinfo = userinfo.rpartition("://")[2]
    password = userinfo.partition(":")[2]
    return (password, unquote(password), userinfo, unquote(userinfo))


def _forms(secret: str) -> set[str]:
    if not secret:
        return set()
    encodable = secret.encode(errors="replace").decode()
    return {secret, quote(encodable, safe=""), repr(secret)[1:-1]}
