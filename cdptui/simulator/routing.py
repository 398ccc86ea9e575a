"""Route paths and methods to APIs, with the peculiarities of `RestServer`.

For a path of exactly one API the method is not checked. For a path of several APIs the method decides, and for PUT the
key in the body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import overload

import msgspec

from cdptui.simulator.http_types import PlainTextError, Request, Response

Body = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an API with its parameters."""

    request: Request
    variables: dict[str, str]
    """From the path."""
    body: Body
    """The whole JSON body."""
    parameters: Body
    """The value of the API's key in the body."""

    @overload
    def integer(self, name: str, default: int) -> int: ...

    @overload
    def integer(self, name: str, default: None) -> int | None: ...

    def integer(self, name: str, default: int | None) -> int | None:
        """Return a query parameter that is a whole number. Raises PlainTextError 400 for another text."""
        text = self.request.first(name)
        if text is None:
            return default
        if not text.strip().isdigit():
            raise PlainTextError(400, f"Invalid value[{text}] for the field[{name}], it must be an integer")
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One API message of the node."""

    name: str
    """Java class, such as `org.zstack.header.storage.cdp.APIQueryCdpTaskMsg`."""
    method: str
    paths: tuple[str, ...]
    """Under `/v1`; `{name}` is one segment."""
    handle: Callable[[Call], Response] = field(repr=False)
    body_key: str = "params"
    """The key of the parameters in the body; for PUT the action that picks the API."""
    is_public: bool = False
    """Needs no session."""
    parameters: frozenset[str] = frozenset()
    """Supported query parameters; others are ignored."""

    @property
    def message(self) -> str:
        """The name without its package: `APIQueryCdpTaskMsg`."""
        return self.name.rpartition(".")[2]


class Router:
    """All APIs of the node, by path."""

    def __init__(self, apis: list[Route]) -> None:
        self.apis = apis
        self._exact: dict[str, list[Route]] = {}
        self._patterns: dict[tuple[str, ...], list[Route]] = {}
        for api in apis:
            for path in api.paths:
                if "{" in path:
                    pattern = tuple("{}" if part.startswith("{") else part for part in path.split("/"))
                    self._patterns.setdefault(pattern, []).append(api)
                else:
                    self._exact.setdefault(path, []).append(api)

    def find(self, request: Request) -> tuple[Route, Call]:
        """Return the API of a request. Raises PlainTextError 400, 404, 405 or 500, as the REST layer does."""
        path = request.api_path.removeprefix("/v1") if request.api_path.startswith("/v1/") else ""
        apis = self._exact.get(path) or self._by_pattern(path)
        if not apis:
            raise PlainTextError(404, f"no api mapping to {request.api_path}")
        body = _parse_body(request)
        api = apis[0] if len(apis) == 1 else _pick(apis, request, body)
        parameters = body.get(api.body_key)
        return api, Call(
            request=request,
            variables=_variables(api, path),
            body=body,
            parameters=parameters if isinstance(parameters, dict) else {},
        )

    def _by_pattern(self, path: str) -> list[Route] | None:
        parts = path.split("/")
        if "" in parts[1:]:
            return None
        fitting = [
            pattern
            for pattern in self._patterns
            if len(pattern) == len(parts) and all(a in ("{}", b) for a, b in zip(pattern, parts, strict=True))
        ]
        # The most specific pattern wins: the one whose first variable is furthest to the right.
        best = max(fitting, key=lambda pattern: [part != "{}" for part in pattern], default=None)
        return None if best is None else self._patterns[best]


def _pick(apis: list[Route], request: Request, body: Body) -> Route:
    method = request.method
    if method not in ("GET", "POST", "PUT", "DELETE"):
        raise PlainTextError(405, f"The method[{method}] is not allowed for the path[{request.path}]")
    if method == "PUT":
        found = next((api for api in apis if api.method == "PUT" and api.body_key in body), None)
        if found is None:
            raise PlainTextError(400, f"the body doesn't contain action mapping to the URL[{request.api_path}]")
        return found
    found = next((api for api in apis if api.method == method), None)
    if found is None:
        kind = {"GET": "query", "POST": "creational", "DELETE": "delete"}[method]
        raise PlainTextError(500, f"No {kind} API found for the path[{request.path}]")
    return found


def _variables(api: Route, path: str) -> dict[str, str]:
    parts = path.split("/")
    for pattern in api.paths:
        names = pattern.split("/")
        if len(names) != len(parts):
            continue
        pairs = list(zip(names, parts, strict=True))
        if all(name == part or name.startswith("{") for name, part in pairs):
            return {name[1:-1]: part for name, part in pairs if name.startswith("{")}
    return {}


def _parse_body(request: Request) -> Body:
    if not request.body.strip():
        return {}
    try:
        return msgspec.json.decode(request.body, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise PlainTextError(500, f"com.google.gson.JsonSyntaxException: {error}") from error
