"""Error codes: the vendor's codes with their fixed English descriptions, and how each server generation writes them."""

from __future__ import annotations

from dataclasses import dataclass

from cdptui.simulator.java_json import encode_plain
from cdptui.simulator.settings import Dialect

DESCRIPTIONS = {
    "ID.1000": "Unable to authenticate a user",
    "ID.1001": "The session is invalid, either wrong session id or the session has been expired",
    "ID.1002": "The user doesn't have permission to perform the operation",
    "ID.1005": "The user must change the initial password",
    "ID.1006": "The number of concurrent sessions exceeds the maximum",
    "ID.2000": "Two factor authentication secret is missing",
    "ID.2001": "The user has to login by addition authentication",
    "ID.2002": "Wrong two factor authentication code",
    "LICENSE.1000": "The license has expired",
    "LICENSE.1001": "The license is not permitted for the operation",
    "LOGIN_CONTROL.1000": "Password has expired",
    "LOGIN_CONTROL.1002": "The user is locked",
    "LOGIN_CONTROL.1003": "Wrong captcha",
    "LOGIN_CONTROL.1004": "Login is refused",
    "LOGIN_CONTROL.1005": "Missing captcha",
    "PORTAL.1000": "No service is configured for the API",
    "PORTAL.1002": "The management node is not ready",
    "SYS.1000": "An internal error happened in system",
    "SYS.1001": "A message or a operation timeout",
    "SYS.1003": "Unable to find a resource",
    "SYS.1006": "An operation failed",
    "SYS.1007": "One or more API argument is invalid",
    "SYS.1010": "The management node is not ready",
    "SYS.1012": "The management node is unavailable",
}

_GLOBAL_CODES = {"ID.1000": "ORG_ZSTACK_IDENTITY_10006", "ID.1001": "ORG_ZSTACK_IDENTITY_10019"}
_MAX_DETAILS = 4096


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A text in the server's two languages."""

    chinese: str
    english: str

    def within(self, *, english: bool) -> str:
        """Return the text in a language."""
        return self.english if english else self.chinese


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An API error before serialisation. Details of type `str` are the same in every language."""

    code: str
    details: LocalizedText | str
    elaboration: LocalizedText | str | None = None
    location: str | None = None
    cost: str | None = "1ms"
    cause: ErrorCode | None = None
    global_code: str | None = None
    opaque: dict[str, object] | None = None
    """Machine-readable data. Older servers put it into `details` as JSON text."""


def fields(error: ErrorCode, dialect: Dialect, *, english: bool) -> dict[str, object]:
    """Return the error object in the field order of its Java class, without nulls but with newer primitives."""
    details = _text(error.details, english=english)[:_MAX_DETAILS]
    if error.opaque is not None and not dialect.newer_errors:
        details = encode_plain(error.opaque).decode()
    values: dict[str, object | None] = {
        "code": error.code,
        "description": DESCRIPTIONS.get(error.code, "An operation failed"),
        "details": details,
    }
    if dialect.newer_errors:
        values["opaque"] = error.opaque
        values["globalErrorCode"] = error.global_code or _GLOBAL_CODES.get(error.code)
        values["message"] = details
        values["localizedMessage"] = details
        values["retryable"] = False
        values["httpStatus"] = 0
    else:
        values["elaboration"] = None if error.elaboration is None else _text(error.elaboration, english=english)
        values["location"] = error.location
        values["cost"] = error.cost
    if error.cause is not None:
        values["cause"] = fields(error.cause, dialect, english=english)
    return {name: value for name, value in values.items() if value is not None}


def body(error: ErrorCode, dialect: Dialect, *, accept_language: str) -> bytes:
    """Return the body of the 503. Only newer servers evaluate Accept-Language."""
    return encode_plain({"error": fields(error, dialect, english=is_english(dialect, accept_language))})


def is_english(dialect: Dialect, accept_language: str) -> bool:
    """Return whether texts for this Accept-Language are in English."""
    if dialect.newer_errors and accept_language:
        return accept_language.lower().startswith("en")
    return dialect.locale == "en_US"


def wrong_credentials() -> ErrorCode:
    """Return the error of a login with an unknown account or wrong password."""
    text = LocalizedText("错误信息: 错误的帐号或密码", "wrong account name or password")
    return ErrorCode(
        "ID.1000", text, LocalizedText(f"{text.chinese}\n", f"Error message: {text.english}\n"), cost="2ms"
    )


def second_factor(name: str) -> ErrorCode:
    """Return the error of a correct login that also needs a code."""
    opaque: dict[str, object] = {"authentications": ["googleAuth"], "credentials": name}
    return ErrorCode("ID.2001", DESCRIPTIONS["ID.2001"], opaque=opaque)


def locked(seconds: int) -> ErrorCode:
    """Return the error of a login after too many failures."""
    text = LocalizedText(
        f"用户已被锁定, 请在 {seconds} 秒后重试", f"The user is locked, try again after {seconds} seconds"
    )
    return ErrorCode("LOGIN_CONTROL.1002", text)


def session_expired() -> ErrorCode:
    """Return the error of an ended session; its details are English even on a Chinese server."""
    elaboration = LocalizedText(
        "错误信息: session 已过期，或者提供了不正确的 session id。\n",
        "Error message: the session has expired or the session id is wrong.\n",
    )
    return ErrorCode("ID.1001", "Session expired", elaboration, cost="3ms")


def unknown_session() -> ErrorCode:
    """Return the error of an unknown session id."""
    error = session_expired()
    return ErrorCode("ID.1001", error.details, error.elaboration, cost="3ms", global_code="ORG_ZSTACK_IDENTITY_10018")


def too_many_sessions(limit: int) -> ErrorCode:
    """Return the error of a login beyond `session.maxConcurrent`."""
    return ErrorCode(
        "ID.1006",
        LocalizedText(
            f"登录会话数量超过了最大限制: {limit}",
            f"Login sessions hit limit of max allowed concurrent login sessions: {limit}",
        ),
    )


def denied(api: str) -> ErrorCode:
    """Return the usual permission error of a normal account: the generic operation error, not ID.1002."""
    text = f"operation[API:{api}] is denied by default, please contact admin to correct it"
    return ErrorCode("SYS.1006", text, cost="4ms")


def internal(text: str) -> ErrorCode:
    """Return an internal error with its Java exception name."""
    return ErrorCode("SYS.1000", text, cost=None)


def invalid_argument(text: str) -> ErrorCode:
    """Return the error of an invalid API argument."""
    return ErrorCode("SYS.1007", text)


def not_found(kind: str, uuid: str) -> ErrorCode:
    """Return the error of a missing resource."""
    return ErrorCode("SYS.1003", LocalizedText(f"无法找到资源 {kind}[uuid:{uuid}]", f"cannot find {kind}[uuid:{uuid}]"))


def operation_failed(
    details: LocalizedText | str, *, location: str | None = None, cause: ErrorCode | None = None
) -> ErrorCode:
    """Return the error of a failed operation."""
    return ErrorCode("SYS.1006", details, location=location, cost="12ms", cause=cause)


def storage_not_connected(uuid: str) -> ErrorCode:
    """Return the error of a disconnected backup storage."""
    return operation_failed(f"Backup storage[uuid: {uuid}] is not connected")


_LOGIN_DETAILS: dict[str, LocalizedText | str] = {
    "LOGIN_CONTROL.1005": ("Missing verify code. Get verify code through captcha related API: GetLoginCaptcha"),
    "SYS.1001": "message timeout, org.zstack.header.message.MessageTimeout",
}


def error_for_code(code: str, details: str | None = None) -> ErrorCode:
    """Return any error by code, with the server's known text or `details`."""
    if details is not None:
        return ErrorCode(code, details)
    known = {
        "ID.1000": wrong_credentials(),
        "ID.1001": session_expired(),
        "ID.2001": second_factor("admin"),
        "LOGIN_CONTROL.1002": locked(583),
        "SYS.1006": operation_failed("operation failed"),
    }
    return known.get(code) or ErrorCode(code, _LOGIN_DETAILS.get(code, DESCRIPTIONS.get(code, "operation failed")))


def _text(text: LocalizedText | str, *, english: bool) -> str:
    return text if isinstance(text, str) else text.within(english=english)
