"""Tell a page that a proxy shows in place of the node's error from an outage.

The node reports every business error as 503, a refused login and an ended session too. Some proxies replace 503 by a
page of their own (nginx: `proxy_intercept_errors`), which looks as if the node were down. Whether a session is valid is
always answered with 200, without a login, and so passes such a proxy.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from cdptui.api.decode import UNREADABLE
from cdptui.api.errors import ApiError, NotAManagementNode, Unreachable
from cdptui.api.http import HttpClient
from cdptui.models.redaction import MASK

NO_SESSION: Final = "0" * 32
"""The ID of no session."""


class _Validity(Struct):
    valid: bool


def may_replace_error(error: ApiError) -> bool:
    """Return whether an error may be a page in place of the node's answer: 503, or 200 as some proxies are set up."""
    return (isinstance(error, Unreachable) and error.code == "HTTP 503") or (
        isinstance(error, NotAManagementNode) and error.code == "HTTP 200"
    )


async def session_is_valid(http: HttpClient, token: str) -> bool | None:
    """Return whether the node has a session; None when the node does not answer."""
    try:
        answer = await http.send(
            "GET",
            f"/accounts/sessions/{token}/valid",
            shown_path=f"/accounts/sessions/{MASK}/valid",
            secrets=[token],
        )
        return msgspec.json.decode(answer.body, type=_Validity).valid
    except (ApiError, *UNREADABLE):
        return None


def replaced(error: ApiError, kind: type[ApiError]) -> ApiError:
    """Return an error of that kind for a page that a proxy shows although the node answers."""
    found = kind("a page of a proxy in place of the node's answer", url=error.url, code=error.code)
    found.proxy_variable = error.proxy_variable
    return found
