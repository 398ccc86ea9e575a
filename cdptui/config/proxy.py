"""The HTTP proxy for a node, from the environment.

Names and rules are those of curl with two differences: `HTTP_PROXY` in upper case is used too, and connections to this
machine never use a proxy, which could not reach it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cdptui.config.errors import ConfigError
from cdptui.config.url import is_host_name, is_ipv6_host, is_loopback
from cdptui.models.proxy import Proxy

_SENDABLE: Final = r"[^\s\x00-\x1f\x7f-\xa0\ud800-\udfff\\]+"
_SCHEMES: Final = ("http", "https", "socks5", "socks5h")


def proxy_for(base_url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy for `base_url`; None for a direct connection. Raises ConfigError for an invalid URL.

    >>> proxy_for("https://cloud.example.com/zstack/v1", {"HTTPS_PROXY": "proxy:3128"})
    Proxy('http://proxy:3128 (HTTPS_PROXY)')
    >>> proxy_for("https://10.0.0.5/zstack/v1", {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": "10.0.0.0/8"}) is None
    True
    """
    values = os.environ if environ is None else environ
    node = urlsplit(base_url)
    host = node.hostname or ""
    if is_loopback(host) or _bypasses_proxy(node, _get_any_case(values, "no_proxy")[1]):
        return None
    for name in (f"{node.scheme}_proxy", "all_proxy"):
        variable, value = _get_any_case(values, name)
        if value:
            return Proxy(_validated_url(variable, value), variable)
    return None


def _get_any_case(values: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the name and value of a variable in lower or upper case."""
    for variable in (name, name.upper()):
        if variable in values:
            return variable, values[variable].strip()
    return name, ""


def _validated_url(variable: str, value: str) -> str:
    url = value if "://" in value else f"http://{value}"
    # The value is never quoted, because the URL of a proxy may contain a password.
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_host = is_ipv6_host(host) if "[" in parts.netloc else is_host_name(host)
        is_usable = is_host and parts.port != 0 and re.fullmatch(_SENDABLE, url) is not None
    except ValueError:
        is_usable = False
    if not is_usable:
        message = f"{variable} is not a proxy URL such as http://proxy.example.com:3128"
        raise ConfigError(message)
    if parts.scheme not in _SCHEMES:
        message = f"{variable}: the scheme of a proxy must be one of {', '.join(_SCHEMES)}"
        raise ConfigError(message)
    return url


def _bypasses_proxy(node: SplitResult, listed: str) -> bool:
    return any(_matches_no_proxy(entry, node) for entry in listed.replace(",", " ").split())


def _matches_no_proxy(entry: str, node: SplitResult) -> bool:
    """Return whether an entry of NO_PROXY matches the node: `*`, a domain, an address, or a network."""
    if entry == "*":
        return True
    host = (node.hostname or "").rstrip(".").lower()
    name, port = _without_port(entry.lower())
    if port is not None and port != (node.port or (443 if node.scheme == "https" else 80)):
        return False
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = name.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ipaddress.ip_network(name.strip("[]"), strict=False)
    except ValueError:
        return False


def _without_port(entry: str) -> tuple[str, int | None]:
    name, colon, port = entry.rpartition(":")
    # An IPv6 address contains colons.
    is_port = bool(colon) and port.isdecimal() and (":" not in name or name.endswith("]"))
    return (name, int(port)) if is_port else (entry, None)
