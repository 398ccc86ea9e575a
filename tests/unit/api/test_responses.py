from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api import errors as e
from cdptui.api.responses import check_response
from cdptui.models.failure import FailureKind
from tests.unit.api.test_decode import any_json
from tests.unit.api.wire import SESSION_EXPIRED, encoded, error

URL = "http://10.0.0.5:8080/zstack/v1/cdp-task"

DENIED = (
    "operation[API:org.zstack.header.storage.cdp.APIQueryCdpTaskMsg] is denied by default, "
    "please contact admin to correct it"
)
NO_OPERATOR = (
    "Invalid query parameter. The 'name' in the parameter[q] doesn't contain any query operator. "
    "Valid query operators are [[!=, >=, <=, !?=, !~=, ~=, ?=, =, >, <, is null, not null]]"
)
NOT_CONNECTED = "Backup storage[uuid: b1c5a2f04f0e4c6f9d2f1f0a3f6e7d21] is not connected"
DISCONNECTED = error(
    "SYS.1006",
    "failed to enable the task",
    location="start-cdp-task-on-host",
    cause={"code": "SYS.1006", "description": "An operation failed", "details": NOT_CONNECTED},
)
SESSION_EXPIRED_NEWER = error(
    "ID.1001",
    "Session expired",
    globalErrorCode="ORG_ZSTACK_IDENTITY_10019",
    message="Session expired",
    localizedMessage="Session expired",
    retryable=False,
    httpStatus=0,
)
NO_FIELD = (
    "org.zstack.header.exception.CloudRuntimeException: inventory class[class "
    "org.zstack.header.storage.cdp.CdpTaskInventory] not having field[foo]"
)
CAPTCHA = "Missing verify code. Get verify code through captcha related API: GetLoginCaptcha"
SECOND_FACTOR = '{"authentications":["googleAuth"],"credentials":"admin"}'
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
TITLE = "a web page, “502 Bad Gateway”"
HAPROXY = b"<html><body><h1>503 Service</h1>\nNo server is available.\n</body></html>"
DOWN = "a proxy reports that the node does not respond"
FOR = "a proxy answers for the node"
FIREWALL = b'{"message":"Request blocked","id":"8f2b1c"}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "detail", "code"),
    [
        pytest.param(
            503,
            error("ID.1000", "错误信息: 错误的帐号或密码"),
            e.LoginRefused,
            "错误信息: 错误的帐号或密码",
            "ID.1000",
            id="11.11",
        ),
        pytest.param(503, error("ID.2001", SECOND_FACTOR), e.SecondFactorNeeded, "googleAuth", "ID.2001", id="11.12"),
        pytest.param(
            503, error("LOGIN_CONTROL.1005", CAPTCHA), e.CaptchaNeeded, CAPTCHA, "LOGIN_CONTROL.1005", id="11.13"
        ),
        pytest.param(503, SESSION_EXPIRED, e.SessionInvalid, "Session expired", "ID.1001", id="11.14"),
        pytest.param(503, SESSION_EXPIRED_NEWER, e.SessionInvalid, "Session expired", "ID.1001", id="11.15"),
        pytest.param(503, error("SYS.1006", DENIED), e.PermissionDenied, DENIED, "SYS.1006", id="11.16"),
        pytest.param(
            503, error("ID.1002", "is admin only"), e.PermissionDenied, "is admin only", "ID.1002", id="11.17"
        ),
        pytest.param(503, error("SYS.1000", NO_FIELD), e.ServerError, NO_FIELD, "SYS.1000", id="11.18"),
        pytest.param(503, error("SYS.1001", "message timeout"), e.TimedOut, "message timeout", "SYS.1001", id="11.19"),
        pytest.param(503, DISCONNECTED, e.ServerError, NOT_CONNECTED, "SYS.1006", id="11.20"),
        pytest.param(503, error("LICENSE.1001", "no"), e.CdpUnavailable, "no", "LICENSE.1001", id="11.21"),
        pytest.param(
            400,
            b"missing header 'Authorization'",
            e.ServerError,
            "missing header 'Authorization'",
            "HTTP 400",
            id="11.22",
        ),
        pytest.param(
            400,
            b"Authorization type must be 'OAuth'",
            e.AccessKeysUnsupported,
            "Authorization type must be 'OAuth'",
            "HTTP 400",
            id="11.23",
        ),
        pytest.param(
            400,
            b"Invalid query parameter. 'limit' must be an integer",
            e.ServerError,
            "Invalid query parameter. 'limit' must be an integer",
            "HTTP 400",
            id="11.24",
        ),
        pytest.param(400, NO_OPERATOR.encode(), e.ServerError, NO_OPERATOR, "HTTP 400", id="11.25"),
        pytest.param(
            404,
            b"no api mapping to /v1/cdp-task",
            e.CdpUnavailable,
            "no api mapping to /v1/cdp-task",
            "HTTP 404",
            id="11.26",
        ),
        pytest.param(403, b"requestTimeTooSkewed", e.ClockSkewed, "requestTimeTooSkewed", "HTTP 403", id="11.27"),
        pytest.param(
            403, b"wrong accessKey signature", e.KeySignatureWrong, "wrong accessKey signature", "HTTP 403", id="11.28"
        ),
        pytest.param(429, b"Rate limit exceeded", e.RateLimited, "Rate limit exceeded", "HTTP 429", id="11.29"),
        pytest.param(
            500,
            b"java.lang.NullPointerException",
            e.ServerError,
            "java.lang.NullPointerException",
            "HTTP 500",
            id="500 with text",
        ),
        pytest.param(500, b"", e.ServerError, "no details", "HTTP 500", id="500 with an empty body"),
        pytest.param(502, PAGE, e.Unreachable, f"{FOR}: {TITLE}", "HTTP 502", id="502 of a proxy"),
        pytest.param(504, PAGE, e.Unreachable, f"{FOR}: {TITLE}", "HTTP 504", id="504 of a proxy"),
        pytest.param(503, PAGE, e.Unreachable, f"{FOR}: {TITLE}", "HTTP 503", id="503 of a proxy"),
        pytest.param(503, HAPROXY, e.Unreachable, f"{FOR}: a web page, “503 Service”", "HTTP 503", id="HAProxy"),
        pytest.param(503, b"upstream gone", e.Unreachable, f"{FOR}: upstream gone", "HTTP 503", id="503 of Envoy"),
        pytest.param(503, b"", e.Unreachable, DOWN, "HTTP 503", id="503 with an empty body"),
        pytest.param(503, b'{"error":{"code":503}}', e.Unreachable, None, "HTTP 503", id="503 with a proxy's error"),
        pytest.param(503, b'{"message":"no upstream"}', e.Unreachable, None, "HTTP 503", id="503 with JSON of a proxy"),
        pytest.param(503, b'{"error":', e.Unreachable, None, "HTTP 503", id="503 truncated"),
        pytest.param(404, PAGE, e.NotAManagementNode, None, "HTTP 404", id="404 of another web server"),
        pytest.param(403, PAGE, e.Intercepted, TITLE, "HTTP 403", id="403 page of a firewall"),
        pytest.param(403, b"Blocked by policy 17", e.Intercepted, "Blocked by policy 17", "HTTP 403", id="403 text"),
        pytest.param(403, FIREWALL, e.Intercepted, FIREWALL.decode(), "HTTP 403", id="403 JSON of a firewall"),
        pytest.param(
            403, b'{"error":{"code":403}}', e.Intercepted, '{"error":{"code":403}}', "HTTP 403", id="403 code"
        ),
        pytest.param(403, b"", e.Intercepted, "no details", "HTTP 403", id="403 with an empty body"),
        pytest.param(403, error("ID.1001", "over"), e.SessionInvalid, "over", "ID.1001", id="403 of a newer node"),
        pytest.param(429, PAGE, e.RateLimited, TITLE, "HTTP 429", id="429 page"),
        pytest.param(401, b"", e.NotAManagementNode, None, "HTTP 401", id="401, which ZStack never uses"),
        pytest.param(200, PAGE, e.NotAManagementNode, None, "HTTP 200", id="200 of a captive portal"),
        pytest.param(200, b"", e.NotAManagementNode, None, "HTTP 200", id="200 with an empty body"),
        pytest.param(200, b"OK", e.UnreadableAnswer, None, "HTTP 200", id="200 with text"),
        pytest.param(200, b"[]", e.UnreadableAnswer, None, "HTTP 200", id="200 with a list"),
        pytest.param(202, b"{}", e.UnreadableAnswer, None, "HTTP 202", id="202 to a query"),
        pytest.param(200, SESSION_EXPIRED, e.SessionInvalid, "Session expired", "ID.1001", id="error with status 200"),
    ],
)
def test_bad_response_raises_the_matching_error(
    status: int, body: bytes, kind: type[e.ApiError], detail: str | None, code: str
) -> None:
    with pytest.raises(e.ApiError) as caught:
        check_response(status, body, url=URL)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.url) == (code, URL)
    assert caught.value.detail == detail if detail is not None else caught.value.detail


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ID.1005", e.PasswordMustChange),
        ("ID.1006", e.TooManySessions),
        ("ID.2000", e.InteractiveLoginRequired),
        ("ID.2001", e.SecondFactorNeeded),
        ("ID.2002", e.SecondFactorRefused),
        ("ID.2003", e.InteractiveLoginRequired),
        ("LOGIN_CONTROL.1000", e.PasswordExpired),
        ("LOGIN_CONTROL.1001", e.InteractiveLoginRequired),
        ("LOGIN_CONTROL.1002", e.AccountLocked),
        ("LOGIN_CONTROL.1003", e.CaptchaNeeded),
        ("LOGIN_CONTROL.1004", e.AddressRefused),
        ("LOGIN_CONTROL.1005", e.CaptchaNeeded),
        ("SYS.1003", e.ServerError),
        ("SYS.1006", e.ServerError),
        ("SYS.1007", e.ServerError),
        ("SYS.1009", e.ServerError),
        ("SYS.1010", e.NotReady),
        ("SYS.1012", e.NotReady),
        ("SYS.1016", e.ServerError),
        ("PORTAL.1000", e.CdpUnavailable),
        ("PORTAL.1002", e.NotReady),
        *((f"LICENSE.{number}", e.CdpUnavailable) for number in (1000, 1001, 1003, 1005)),
        ("SOMETHING.9999", e.ServerError),
    ],
)
def test_error_code_selects_the_error_type(code: str, kind: type[e.ApiError]) -> None:
    with pytest.raises(e.ApiError) as caught:
        check_response(503, error(code, "text"), url=URL)
    assert type(caught.value) is kind
    assert caught.value.as_failure().kind is kind.kind


@pytest.mark.parametrize("number", [10018, 10019, 10020])
@pytest.mark.parametrize("name", ["code", "globalErrorCode"])
def test_invalid_session_is_recognised_by_each_of_its_codes(number: int, name: str) -> None:
    text = {"code": "SYS.1000", "details": "会话已过期", name: f"ORG_ZSTACK_IDENTITY_{number}"}
    with pytest.raises(e.SessionInvalid):
        check_response(503, encoded({"error": text}), url=URL)


@pytest.mark.parametrize(
    "details", ["operation[API:x] is denied by default", "操作被拒绝", "没有权限", "the operation Is Denied by policy"]
)
def test_denied_permission_is_recognised_by_its_text(details: str) -> None:
    with pytest.raises(e.PermissionDenied):
        check_response(503, error("SYS.1006", details), url=URL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param({"details": "d", "localizedMessage": "l", "i18nDetails": "i"}, "l", id="localizedMessage first"),
        pytest.param({"details": "d", "i18nDetails": "i"}, "i", id="i18nDetails second"),
        pytest.param({"details": "d", "elaboration": "e", "description": "s"}, "d", id="details third"),
        pytest.param({"elaboration": "e", "description": "s"}, "e", id="elaboration fourth"),
        pytest.param({"description": "s"}, "s", id="description fifth"),
        pytest.param({}, "X.1", id="code last"),
        pytest.param(
            {"details": "d", "causes": [{"code": "Y.1", "details": "deep"}]}, "deep", id="first of several causes"
        ),
        pytest.param({"details": "d", "causes": []}, "d", id="no causes"),
        pytest.param(
            {"details": "d", "cause": {"code": "Y.1", "cause": {"code": "Z.1", "details": "deepest"}}},
            "deepest",
            id="deepest cause",
        ),
        pytest.param({"details": "a\x1b[31mb\nc"}, "a␛[31mb␊c", id="sanitized"),
    ],
)
def test_message_is_the_most_useful_text_of_the_error(text: dict[str, object], expected: str) -> None:
    with pytest.raises(e.ServerError) as caught:
        check_response(503, encoded({"error": {"code": "X.1", **text}}), url=URL)
    assert caught.value.detail == expected


def test_redirect_is_not_a_management_node_and_names_its_target() -> None:
    with pytest.raises(e.NotAManagementNode, match=r"redirects to https://sso\.example\.com/"):
        check_response(302, b"", url=URL, location="https://sso.example.com/")


def test_web_page_is_described_by_its_title() -> None:
    with pytest.raises(e.NotAManagementNode, match="Welcome to nginx!"):
        check_response(200, b"<!DOCTYPE html><html><head><title>Welcome to\n nginx!</title>", url=URL)


@pytest.mark.parametrize(
    "body",
    [
        b'{"inventories":[]}',
        b' {"inventories":[]}',
        b'{"inventories":[{"name":"error"}]}',
        b'{"success":true,"error":null,"inventories":[]}',
        b'{"error":{}',
        b"{",
    ],
)
def test_good_response_is_returned_unchanged(body: bytes) -> None:
    assert check_response(200, body, url=URL) == body


@settings(max_examples=150)
@given(
    st.sampled_from([200, 202, 301, 400, 401, 403, 404, 405, 429, 500, 502, 503, 504]),
    st.one_of(
        st.binary(max_size=50),
        any_json.map(lambda value: json.dumps({"error": value}).encode()),
        st.dictionaries(
            st.sampled_from(["code", "details", "cause", "causes", "opaque", "description"]), any_json, max_size=4
        ).map(lambda value: json.dumps({"error": value}).encode()),
    ),
)
def test_any_response_gives_a_body_or_an_api_error(status: int, body: bytes) -> None:
    if status == 200 and body.lstrip()[:1] == b"{":
        with suppress(e.ApiError):
            assert check_response(status, body, url=URL) == body
        return
    with pytest.raises(e.ApiError) as caught:
        check_response(status, body, url=URL)
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 400


def test_deeply_nested_error_response_raises_an_api_error() -> None:
    with pytest.raises(e.ApiError):
        check_response(503, b'{"error":' + b'{"cause":' * 100_000, url=URL)


def test_error_details_of_an_unexpected_type_do_not_hide_the_code() -> None:
    with pytest.raises(e.SessionInvalid):
        check_response(503, encoded({"error": {"code": "ID.1001", "details": {"text": "expired"}}}), url=URL)


def test_error_message_has_kind_detail_and_url() -> None:
    failure = e.Unreachable("Connection refused", url=URL).as_failure()
    assert (failure.kind, failure.detail, failure.url) == (FailureKind.UNREACHABLE, "Connection refused", URL)
    assert str(e.Unreachable("Connection refused", url=URL)) == f"unreachable: Connection refused ({URL})"


def test_every_failure_kind_of_a_node_has_an_error_class() -> None:
    def below(kind: type[e.ApiError]) -> set[type[e.ApiError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    internal = {FailureKind.INTERNAL, FailureKind.INTERNAL_AGAIN, FailureKind.CONFIGURATION}
    assert {kind.kind for kind in below(e.ApiError)} == set(FailureKind) - internal


@pytest.mark.parametrize(
    ("url", "status", "body", "location", "better_url"),
    [
        (URL, 301, "", "https://10.0.0.5/zstack/v1/cdp-task", "https://10.0.0.5"),
        (URL, 308, "", "https://10.0.0.5:8443/zstack/v1/cdp-task", "https://10.0.0.5:8443"),
        ("http://cloud.example/a/zstack/v1/x", 302, "", "https://u@Cloud.example/login", "https://Cloud.example/a"),
        (URL, 400, "<title>400 The plain HTTP request was sent to HTTPS port</title>", "", "https://10.0.0.5:8080"),
        (URL, 400, "Client sent an HTTP request to an HTTPS server.", "", "https://10.0.0.5:8080"),
        (URL, 400, "Reason: You're speaking plain HTTP to an SSL-enabled server port.", "", "https://10.0.0.5:8080"),
        (URL, 400, "Bad Request\nThis combination of host and port requires TLS.", "", "https://10.0.0.5:8080"),
        (URL, 302, "", "https://sso.example/login", None),
        (URL, 302, "", "http://10.0.0.5:8080/login", None),
        (URL, 302, "", "https://[", None),
        (URL.replace("http:", "https:"), 302, "", "https://10.0.0.5/login", None),
    ],
)
def test_server_that_requires_https_is_recognised(
    url: str, status: int, body: str, location: str, better_url: str | None
) -> None:
    with pytest.raises(e.NotAManagementNode) as caught:
        check_response(status, body.encode(), url=url, location=location)
    assert type(caught.value) is (e.NotAManagementNode if better_url is None else e.HttpsRequired)
    assert caught.value.as_failure().better_url == (better_url or "")


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (403, "requestTimeTooSkewed", e.ClockSkewed),
        (403, "the accessKey[AbC] is not existed or disabled", e.KeyRefused),
        (403, "wrong accessKey signature", e.KeySignatureWrong),
        (400, "unable to find RestAuthenticationBackend[type: ZStack]", e.AccessKeysUnsupported),
        (400, "Authorization type must be 'OAuth'", e.AccessKeysUnsupported),
        (400, "<html><title>400 No required SSL certificate was sent</title></html>", e.TlsClientRefused),
        (400, "<html><title>400 The SSL certificate error</title></html>", e.TlsClientRefused),
        (407, "", e.ProxyRefused),
        (407, "<html><title>Proxy wants a password</title></html>", e.ProxyRefused),
        (400, "missing header 'Authorization'", e.ServerError),
        (403, "blocked", e.Intercepted),
    ],
)
def test_refusal_without_a_code_is_recognised_by_its_text(status: int, text: str, kind: type[e.ApiError]) -> None:
    with pytest.raises(e.ApiError) as caught:
        check_response(status, text.encode(), url=URL)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "text",
    [
        pytest.param({"details": '{"authentications":["googleAuth"],"credentials":"admin"}'}, id="older"),
        pytest.param(
            {"details": "more", "opaque": {"authentications": ["googleAuth"], "credentials": "admin"}}, id="newer"
        ),
    ],
)
def test_detail_names_the_required_second_factor(text: dict[str, object]) -> None:
    with pytest.raises(e.SecondFactorNeeded) as caught:
        check_response(503, encoded({"error": {"code": "ID.2001", "description": "…", **text}}), url=URL)
    assert caught.value.detail == "googleAuth"
