"""Environment variables, with all names that the vendor's clients use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from cdptui.config.url import bracketed

URL: Final = ("ZSTACK_API_URL",)
HOST: Final = ("ZSTACK_HOST",)
PORT: Final = ("ZSTACK_PORT",)
ACCOUNT: Final = ("ZSTACK_ACCOUNT", "ZSTACK_ACCOUNT_NAME")
PASSWORD: Final = ("ZSTACK_PASSWORD", "ZSTACK_ACCOUNT_PASSWORD")
SESSION: Final = ("ZSTACK_SESSION_ID",)
KEY_ID: Final = ("ZSTACK_ACCESS_KEY_ID",)
KEY_SECRET: Final = ("ZSTACK_ACCESS_KEY_SECRET",)
SERVER_ZONE: Final = ("ZSTACK_SERVER_ZONE",)
CONFIG: Final = ("CDPTUI_CONFIG",)
PROFILE: Final = ("CDPTUI_PROFILE",)


def get(names: tuple[str, ...], environ: Mapping[str, str] | None = None) -> str | None:
    """Return the value of the first of `names` that is set and not empty."""
    variable = find_variable(names, environ)
    return None if variable is None else variable[1]


def find_variable(names: tuple[str, ...], environ: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return name and value of the first of `names` that is set and not empty."""
    values = os.environ if environ is None else environ
    return next(((name, values[name]) for name in names if values.get(name)), None)


def find_url(environ: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return the variable that names the node, and the node's URL or host and port."""
    url = find_variable(URL, environ)
    if url is not None:
        return url
    host, port = find_variable(HOST, environ), get(PORT, environ)
    if host is None:
        return None
    name, value = host
    return name, bracketed(value) if port is None else f"{bracketed(value)}:{port}"
