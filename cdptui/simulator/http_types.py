"""HTTP requests, responses and error responses of the simulator.

ErrorResponse
├── PlainTextError     400, 403, 404 …: plain text, written by the REST layer
└── ApiErrorResponse   503: a business error, JSON `{"error": {…}}`
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cdptui.simulator.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose body was read. Header names are in lower case."""

    method: str
    path: str
    """Decoded, with the context: `/zstack/v1/cdp-task`."""
    query: str
    """As received, still percent-encoded."""
    params: dict[str, list[str]]
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    client: str = ""
    """Address of the client; empty if unknown."""

    @property
    def api_path(self) -> str:
        """The path without the context: `/v1/cdp-task`. Access keys sign this path."""
        return self.path.removeprefix("/zstack")

    def first(self, name: str) -> str | None:
        """Return the first value of a query parameter; None if it is missing."""
        values = self.params.get(name)
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Response:
    """Status, body, and the few headers that the server sets explicitly; Content-Type is not one of them."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    job_uuid: str | None = None
    """Of the job that a 202 accepted."""


class ErrorResponse(Exception):
    """An error response."""


class PlainTextError(ErrorResponse):
    """An error of the REST layer, in plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class ApiErrorResponse(ErrorResponse):
    """An error of an API: always 503 with an error code, even for an invalid session."""

    def __init__(self, error: ErrorCode) -> None:
        super().__init__(error.code)
        self.error = error
