"""Failures in words: what is wrong, and what to do about it. The only place where these sentences stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from cdptui.models.failure import Failure, FailureKind


class _Words(NamedTuple):
    short: str
    """For the header, beside the count of tries."""
    advice: str


_WORDS: Final = {
    FailureKind.UNREACHABLE: _Words("unreachable", "check the address and that the node is up"),
    FailureKind.TIMED_OUT: _Words("timed out", "the node is slow or something drops packets"),
    FailureKind.TLS: _Words("TLS refused", "the certificate is not trusted, or the port speaks no TLS"),
    FailureKind.NOT_A_NODE: _Words("not a management node", "check the URL: something else answers there"),
    FailureKind.LOGIN_REFUSED: _Words("login refused", "press r to type the password again"),
    FailureKind.LOGIN_NEEDS_MORE: _Words(
        "login needs more", "log in on the web console first, or give a session in ZSTACK_SESSION_ID"
    ),
    FailureKind.TOO_MANY_SESSIONS: _Words("too many sessions", "close some of the account's sessions, then press r"),
    FailureKind.SESSION_INVALID: _Words(
        "session invalid", "start again with a new session id, or press r to try again"
    ),
    FailureKind.SESSION_CONTENDED: _Words(
        "session taken over", "another login of this account ends ours; press r to take it back"
    ),
    FailureKind.PERMISSION_DENIED: _Words(
        "no permission", "this account may not list CDP tasks; ask the administrator"
    ),
    FailureKind.CDP_UNAVAILABLE: _Words("no CDP here", "this node has no CDP module, or no licence for it"),
    FailureKind.NOT_READY: _Words("node is starting", "the management node is not ready yet"),
    FailureKind.SERVER_ERROR: _Words("server error", "the management node reports a fault of its own"),
    FailureKind.RATE_LIMITED: _Words("rate limited", "the node asks for fewer requests; a longer interval helps (+)"),
    FailureKind.UNREADABLE: _Words("unreadable answer", "what came back is not what this call answers"),
    FailureKind.INTERNAL: _Words("fault in cdptui", "the log file has the details"),
}


def short_cause(failure: Failure) -> str:
    """Two or three words for the header."""
    return _WORDS[failure.kind].short


def sentence(failure: Failure, *, with_url: bool = True) -> str:
    """One line: what happened, in whose words, where, and what to do.

    >>> sentence(Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1"))
    'unreachable: Connection refused, at http://10.0.0.5:8080/zstack/v1 → check the address and that the node is up'
    """
    words = _WORDS[failure.kind]
    said = f"{failure.code}: {failure.detail}" if failure.code and failure.detail else failure.detail or failure.code
    where = f", at {failure.url}" if failure.url and with_url else ""
    return f"{words.short}{f': {said}' if said else ''}{where} → {words.advice}"


def fitting_sentence(failure: Failure, width: int, measure: Callable[[str], int]) -> str:
    """The sentence for a line of `width` cells: what to do matters more than the URL and than all that was said."""
    for text in (sentence(failure), sentence(failure, with_url=False)):
        if measure(text) <= width:
            return text
    advice = f"… → {_WORDS[failure.kind].advice}"
    said = sentence(failure, with_url=False).partition(" → ")[0]
    while said and measure(said) + measure(advice) > width:
        said = said[:-1]
    return said + advice
