"""Text of the failures: a label, and what the user can do. The only module that has these sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from cdptui.models.failure import Failure, FailureKind
from cdptui.render.text_wrap import cell_width, wrap_text

_MIN_DETAIL_CELLS: Final = 8
"""Details that are cut to less than this say nothing, and are left out."""


class _FailureText(Struct, frozen=True):
    label: str
    """For the header, beside the number of attempts."""
    advice: str
    """What to do; names a key by the id of its action."""


_TEXTS: Final = {
    FailureKind.UNREACHABLE: _FailureText("unreachable", "check the address and that the node is up"),
    FailureKind.TIMED_OUT: _FailureText("timed out", "the node is slow, or packets are dropped on the way"),
    FailureKind.TLS: _FailureText("TLS failed", "the port does not speak a supported version of TLS; try http://"),
    FailureKind.TLS_UNTRUSTED: _FailureText(
        "TLS not trusted", "pass the CA with --ca-file, or add it to this machine's trust store"
    ),
    FailureKind.TLS_SELF_SIGNED: _FailureText(
        "TLS self-signed", "verify it with the administrator, then pass it with --ca-file"
    ),
    FailureKind.TLS_EXPIRED: _FailureText("TLS expired", "renew the certificate, or correct this machine's clock"),
    FailureKind.TLS_WRONG_HOST: _FailureText(
        "TLS wrong host", "the certificate is for another host: use the name in it"
    ),
    FailureKind.TLS_CLIENT: _FailureText("certificate needed", "pass yours with --client-cert and --client-key"),
    FailureKind.PROXY: _FailureText(
        "refused by the proxy", "check {proxy_variable} and its password, or add the node to NO_PROXY"
    ),
    FailureKind.PROXY_DOWN: _FailureText("proxy unreachable", "check that the proxy is up, or change {proxy_variable}"),
    FailureKind.PROXY_NO_ROUTE: _FailureText("unreachable by the proxy", "check that the node is up"),
    FailureKind.PROXY_NO_NAME: _FailureText(
        "unknown to the proxy", "check the name of the node, or add it to NO_PROXY"
    ),
    FailureKind.HTTPS_REQUIRED: _FailureText("https required", "use {better_url}: start again with this URL"),
    FailureKind.INTERCEPTED: _FailureText(
        "blocked on the way", "it was a firewall or proxy, not the node: ask its administrator"
    ),
    FailureKind.ERROR_REPLACED: _FailureText(
        "error hidden by a proxy", "the node is up: let the proxy in front of it pass on its errors"
    ),
    FailureKind.NOT_A_NODE: _FailureText("not a management node", "check the URL: another service answers there"),
    FailureKind.LOGIN_REFUSED: _FailureText("login refused", "press {refresh} to type the password again"),
    FailureKind.LOGIN_REPLACED: _FailureText(
        "login failed", "the node is up: press {refresh} to type the password again"
    ),
    FailureKind.PASSWORD_MISSING: _FailureText("password needed", "press {refresh} to type it"),
    FailureKind.LOGIN_NEEDS_MORE: _FailureText(
        "login incomplete", "log in on the web console first, or pass a session in ZSTACK_SESSION_ID"
    ),
    FailureKind.LOGIN_UNKNOWN: _FailureText(
        "unknown login type", "the node does not offer this --login-type: start with another one"
    ),
    FailureKind.PROJECT_REFUSED: _FailureText(
        "project refused", "check --project and that the virtual ID belongs to it, then press {refresh}"
    ),
    FailureKind.SECOND_FACTOR: _FailureText("code needed", "press {refresh} to type the second-factor code"),
    FailureKind.SECOND_FACTOR_REFUSED: _FailureText("code refused", "press {refresh} and type the current code"),
    FailureKind.CAPTCHA: _FailureText("captcha required", "log in on the web console once, then press {refresh}"),
    FailureKind.LOCKED: _FailureText(
        "account locked", "too many failed logins: wait until the lock ends, then press {refresh}"
    ),
    FailureKind.NEW_PASSWORD: _FailureText(
        "password must change", "change the initial password on the web console, then start again"
    ),
    FailureKind.OLD_PASSWORD: _FailureText(
        "password expired", "change the password on the web console, then start again"
    ),
    FailureKind.ADDRESS_REFUSED: _FailureText(
        "address refused", "this machine may not log in: ask the administrator to allow it"
    ),
    FailureKind.TOO_MANY_SESSIONS: _FailureText(
        "too many sessions", "end sessions of this account, then press {refresh}; access keys need none"
    ),
    FailureKind.SESSION_INVALID: _FailureText(
        "session invalid", "start again with a new session ID, or press {refresh} to retry"
    ),
    FailureKind.SESSION_CONTENDED: _FailureText(
        "session ended twice",
        "after a restart press {refresh}; if another login ends it, use an access key",
    ),
    FailureKind.KEY_UNKNOWN: _FailureText(
        "access key unknown", "check its ID and that it is enabled on the node, then press {refresh}"
    ),
    FailureKind.KEY_SIGNATURE: _FailureText(
        "access key wrong", "the secret does not belong to the key: check both, then start again"
    ),
    FailureKind.KEY_UNSUPPORTED: _FailureText(
        "access keys unsupported", "the node has no access key module: use an account and its password"
    ),
    FailureKind.CLOCK_SKEW: _FailureText("clock mismatch", "set --server-zone to the node's zone, such as +08:00"),
    FailureKind.PERMISSION_DENIED: _FailureText(
        "no permission", "this account may not list CDP tasks; ask the administrator"
    ),
    FailureKind.CDP_UNAVAILABLE: _FailureText("CDP not available", "the node has no CDP module, or no licence for it"),
    FailureKind.NOT_READY: _FailureText("node is starting", "the management node is not ready yet"),
    FailureKind.SERVER_ERROR: _FailureText("server error", "the management node reports an internal error"),
    FailureKind.RATE_LIMITED: _FailureText(
        "rate limited", "the node asks for fewer requests: press {slower} for a longer interval"
    ),
    FailureKind.UNREADABLE: _FailureText("unreadable response", "the response does not have the format of this call"),
    FailureKind.ADDRESS: _FailureText("invalid URL", "correct the URL of the node or of the proxy, then start again"),
    FailureKind.MACHINE_LIMIT: _FailureText(
        "local resource limit",
        "end other programs, or raise ulimit -u, -v or -n and start again",
    ),
    FailureKind.CONFIGURATION: _FailureText(
        "cannot log in", "correct the configuration; the login is retried automatically"
    ),
    FailureKind.INTERNAL: _FailureText("internal error in cdptui", "the log file has the details"),
    FailureKind.INTERNAL_AGAIN: _FailureText(
        "repeated internal error", "every attempt fails; the log file has the details; press {refresh} to retry"
    ),
}

_ANY_PROXY_VARIABLE: Final = "HTTPS_PROXY"
_ANY_HTTPS_URL: Final = "https://"

_LABEL_ONLY: Final = "{label} → {advice}"
_WITH_DETAIL: Final = "{label}: {detail} → {advice}"
_WITH_URL: Final = "{label}, at {url} → {advice}"
_WITH_DETAIL_AND_URL: Final = "{label}: {detail}, at {url} → {advice}"
_WITHOUT_LABEL: Final = "{detail} → {advice}"
_CUT_WITHOUT_LABEL: Final = "{detail}… → {advice}"


def failure_label(failure: Failure) -> str:
    """Return two or three words for the header."""
    return _TEXTS[failure.kind].label


def failure_sentence(failure: Failure, keys: Mapping[str, str], *, with_url: bool = True) -> str:
    """Return one line: what happened, the server's own words, the URL, and what to do.

    `keys` are the names of the keys by the id of the action, which the advice mentions.

    >>> failure_sentence(Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1"), {})
    'unreachable: Connection refused, at http://10.0.0.5:8080/zstack/v1 → check the address and that the node is up'
    """
    text, detail = _TEXTS[failure.kind], failure_detail(failure)
    if failure.url and with_url:
        template = _WITH_DETAIL_AND_URL if detail else _WITH_URL
    else:
        template = _WITH_DETAIL if detail else _LABEL_ONLY
    return template.format(label=text.label, detail=detail, url=failure.url, advice=_advice(failure, keys))


def failure_lines(failure: Failure, width: int, max_lines: int, keys: Mapping[str, str]) -> list[str]:
    """Return the sentence in at most `max_lines` lines of `width` cells, below the header, which has the label already.

    The URL and the label give way before another line is used, and the advice before the cause is cut: the cause is
    worth more. In a single line, and when the text of the server is too long even alone, the advice stays.

    >>> failure = Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1")
    >>> failure_lines(failure, 40, 2, {})
    ['unreachable: Connection refused → check', 'the address and that the node is up']
    """
    detail, advice = failure_detail(failure), _advice(failure, keys)
    brief = _WITHOUT_LABEL.format(detail=detail, advice=advice) if detail else advice
    texts = (failure_sentence(failure, keys), failure_sentence(failure, keys, with_url=False), brief)
    # Of those with the same number of lines the first, which says most.
    shortest = min((wrap_text(text, width) for text in texts), key=len)
    if len(shortest) > max_lines > 1 and detail:
        shortest = wrap_text(detail, width)
    if len(shortest) <= max_lines:
        return shortest
    while detail and len(wrap_text(_CUT_WITHOUT_LABEL.format(detail=detail, advice=advice), width)) > max_lines:
        detail = detail[:-1]
    if cell_width(detail) >= _MIN_DETAIL_CELLS:
        return wrap_text(_CUT_WITHOUT_LABEL.format(detail=detail, advice=advice), width)
    return wrap_text(advice, width)[:max_lines]


def _advice(failure: Failure, keys: Mapping[str, str]) -> str:
    places = {
        "proxy_variable": failure.proxy_variable or _ANY_PROXY_VARIABLE,
        "better_url": failure.better_url or _ANY_HTTPS_URL,
    }
    return _TEXTS[failure.kind].advice.format_map({**keys, **places})


_FACT: Final = "{label}: {detail}, at {url}"
_FACT_WITHOUT_DETAIL: Final = "{label}, at {url}"


def failure_fact(failure: Failure) -> str:
    """Return what happened and where, without advice, which is about the keys of the monitor.

    >>> failure_fact(Failure(FailureKind.UNREACHABLE, "Connection refused", "http://10.0.0.5:8080/zstack/v1"))
    'unreachable: Connection refused, at http://10.0.0.5:8080/zstack/v1'
    """
    detail = failure_detail(failure)
    template = _FACT if detail else _FACT_WITHOUT_DETAIL
    return template.format(label=failure_label(failure), detail=detail, url=failure.url)


def failure_detail(failure: Failure) -> str:
    """Return the error code and the details of the server or the system; empty when there are none."""
    return f"{failure.code}: {failure.detail}" if failure.code and failure.detail else failure.detail or failure.code
