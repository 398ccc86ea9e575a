"""Failures in words: what is wrong, and what to do about it. The only place where these sentences stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from cdptui.models.failure import Failure, FailureKind
from cdptui.render.key_names import KEY_NAMES

_ARROW: Final = " → "
_LEAST_SAID: Final = 8


class _Words(Struct, frozen=True):
    short: str
    """For the header, beside the count of tries."""
    advice: str
    """What to do; a key stands in it by the id of its action."""


_WORDS: Final = {
    FailureKind.UNREACHABLE: _Words("unreachable", "check the address and that the node is up"),
    FailureKind.TIMED_OUT: _Words("timed out", "the node is slow or something drops packets"),
    FailureKind.TLS: _Words("TLS failed", "the port speaks no TLS, or none that is spoken here; try http://"),
    FailureKind.TLS_UNTRUSTED: _Words(
        "TLS not trusted", "give its authority with --ca-file, or have this machine trust it"
    ),
    FailureKind.TLS_SELF_SIGNED: _Words(
        "TLS self-signed", "compare it with the administrator's, then give it with --ca-file"
    ),
    FailureKind.TLS_EXPIRED: _Words("TLS expired", "the certificate must be renewed, or this machine's clock is wrong"),
    FailureKind.TLS_WRONG_HOST: _Words("TLS wrong host", "it is another host's: use the name that stands in it"),
    FailureKind.TLS_CLIENT: _Words("TLS wants a certificate", "give yours with --client-cert and --client-key"),
    FailureKind.PROXY: _Words("proxy refuses", "check HTTPS_PROXY and its password, or name the node in NO_PROXY"),
    FailureKind.NOT_A_NODE: _Words("not a management node", "check the URL: something else answers there"),
    FailureKind.LOGIN_REFUSED: _Words("login refused", "press {refresh} to type the password again"),
    FailureKind.PASSWORD_MISSING: _Words("password needed", "press {refresh} to type it"),
    FailureKind.LOGIN_NEEDS_MORE: _Words(
        "login needs more", "log in on the web console first, or give a session in ZSTACK_SESSION_ID"
    ),
    FailureKind.LOGIN_UNKNOWN: _Words("no such login", "this node has none of that --login-type: start with another"),
    FailureKind.PROJECT_REFUSED: _Words(
        "project refused", "check --project, and that this virtual ID belongs to it; then press {refresh}"
    ),
    FailureKind.SECOND_FACTOR: _Words("code needed", "press {refresh} to type the code of the second factor"),
    FailureKind.SECOND_FACTOR_REFUSED: _Words("code refused", "press {refresh}, and type the code that is shown now"),
    FailureKind.CAPTCHA: _Words("captcha wanted", "log in on the web console once, then press {refresh}"),
    FailureKind.LOCKED: _Words("account locked", "too many failed: wait until the lock ends, then press {refresh}"),
    FailureKind.NEW_PASSWORD: _Words(
        "password must change", "change the first one on the web console, then start again"
    ),
    FailureKind.OLD_PASSWORD: _Words("password too old", "change it on the web console, then start again"),
    FailureKind.ADDRESS_REFUSED: _Words(
        "address refused", "this machine may not log in: ask the administrator to allow it"
    ),
    FailureKind.TOO_MANY_SESSIONS: _Words(
        "too many sessions", "end some of this account, then press {refresh}; an access key needs none"
    ),
    FailureKind.SESSION_INVALID: _Words(
        "session invalid", "start again with a new session id, or press {refresh} to try again"
    ),
    FailureKind.SESSION_CONTENDED: _Words(
        "session taken over",
        "another login ends ours: use an access key, or press {refresh} to take it back",
    ),
    FailureKind.KEY_UNKNOWN: _Words(
        "access key unknown", "check its id and that it is enabled on the node, then press {refresh}"
    ),
    FailureKind.KEY_SIGNATURE: _Words("access key wrong", "the secret is another key's: check both, and start again"),
    FailureKind.KEY_UNSUPPORTED: _Words(
        "no access keys here", "this node has no module for them: use an account and its password"
    ),
    FailureKind.CLOCK_SKEW: _Words("wrong time", "set --server-zone to the node's, such as +08:00"),
    FailureKind.PERMISSION_DENIED: _Words(
        "no permission", "this account may not list CDP tasks; ask the administrator"
    ),
    FailureKind.CDP_UNAVAILABLE: _Words("no CDP here", "this node has no CDP module, or no licence for it"),
    FailureKind.NOT_READY: _Words("node is starting", "the management node is not ready yet"),
    FailureKind.SERVER_ERROR: _Words("server error", "the management node reports a fault of its own"),
    FailureKind.RATE_LIMITED: _Words(
        "rate limited", "the node asks for fewer requests; a longer interval helps ({slower})"
    ),
    FailureKind.UNREADABLE: _Words("unreadable answer", "what came back is not what this call answers"),
    FailureKind.ADDRESS: _Words("URL not usable", "correct the URL of the node or of the proxy, and start again"),
    FailureKind.MACHINE_LIMIT: _Words(
        "limit of this machine",
        "end other programs, or raise ulimit -u, -v or -n and start again",
    ),
    FailureKind.CONFIGURATION: _Words("cannot log in", "correct the configuration: it is tried again by itself"),
    FailureKind.INTERNAL: _Words("fault in cdptui", "the log file has the details"),
    FailureKind.INTERNAL_AGAIN: _Words(
        "repeated fault in cdptui", "it happens each time, the log file has the details; press {refresh} to try again"
    ),
}


def failure_label(failure: Failure) -> str:
    """Two or three words for the header."""
    return _WORDS[failure.kind].short


def failure_sentence(failure: Failure, *, with_url: bool = True, keys: Mapping[str, str] = KEY_NAMES) -> str:
    """One line: what happened, in whose words, where, and what to do.

    >>> failure_sentence(Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1"))
    'unreachable: Connection refused, at http://10.0.0.5:8080/zstack/v1 → check the address and that the node is up'
    """
    words, said = _WORDS[failure.kind], _detail(failure)
    where = f", at {failure.url}" if failure.url and with_url else ""
    return f"{words.short}{f': {said}' if said else ''}{where}{_ARROW}{words.advice.format_map(keys)}"


def fit_failure_sentence(
    failure: Failure, width: int, measure: Callable[[str], int], keys: Mapping[str, str] = KEY_NAMES
) -> str:
    """The sentence for a line of `width` cells, which the header's short cause stands over.

    What to do matters more than the URL, than what the header says already, and than all that was said.
    """
    said, advice = _detail(failure), _WORDS[failure.kind].advice.format_map(keys)
    brief = f"{said}{_ARROW}{advice}" if said else advice
    for text in (failure_sentence(failure, keys=keys), failure_sentence(failure, with_url=False, keys=keys), brief):
        if measure(text) <= width:
            return text
    while said and measure(f"{said}…{_ARROW}{advice}") > width:
        said = said[:-1]
    # A few letters of it tell nothing.
    return f"{said}…{_ARROW}{advice}" if measure(said) >= _LEAST_SAID else advice


def _detail(failure: Failure) -> str:
    return f"{failure.code}: {failure.detail}" if failure.code and failure.detail else failure.detail or failure.code
