"""Whether the way to a node goes through a proxy, as the environment says it.

The names and the rules are curl's, with two differences: `HTTP_PROXY` counts in upper case as well, and this machine
itself is never behind a proxy, since no proxy elsewhere could find it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cdptui.config.errors import ConfigError
from cdptui.config.url import is_host_name, is_ipv6_host, is_loopback

_SENDABLE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\xa0\ud800-\udfff\\]+")
_SCHEMES: Final = ("http", "https", "socks5", "socks5h")


def proxy_for(base_url: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The URL of the proxy on the way to `base_url`; None to go straight. Raises ConfigError for one that is no URL.

    >>> proxy_for("https://cloud.example.com/zstack/v1", {"HTTPS_PROXY": "proxy:3128"})
    'http://proxy:3128'
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
            return _validated_url(variable, value)
    return None


def _get_any_case(values: Mapping[str, str], name: str) -> tuple[str, str]:
    """A variable in lower case or in upper, the name that counts and its value."""
    for variable in (name, name.upper()):
        if variable in values:
            return variable, values[variable].strip()
    return name, ""


def _validated_url(variable: str, value: str) -> str:
    url = value if "://" in value else f"http://{value}"
    # What is wrong is never quoted: a proxy's URL may hold a password.
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_host = is_ipv6_host(host) if "[" in parts.netloc else is_host_name(host)
        is_usable = is_host and parts.port != 0 and _SENDABLE.fullmatch(url) is not None
    except ValueError:
        is_usable = False
    if not is_usable:
        message = f"{variable} is not the URL of a proxy, such as http://proxy.example.com:3128"
        raise ConfigError(message)
    if parts.scheme not in _SCHEMES:
        message = f"{variable}: the scheme of a proxy is one of {', '.join(_SCHEMES)}"
        raise ConfigError(message)
    return url


def _bypasses_proxy(node: SplitResult, listed: str) -> bool:
    return any(_matches_no_proxy(entry, node) for entry in listed.replace(",", " ").split())


def _matches_no_proxy(entry: str, node: SplitResult) -> bool:
    """Whether an entry of NO_PROXY means the node: `*`, a name and all under it, an address, or a network."""
    if entry == "*":
        return True
    host = (node.hostname or "").rstrip(".").lower()
    name, port = _without_port(entry.lower())
    if port is not None and port != (node.port or (443 if node.scheme == "https" else 80)):
        return False
    import ipaddress  # noqa: PLC0415 - only where NO_PROXY is set

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
    # An address of IPv6 has colons of its own.
    is_port = bool(colon) and port.isdecimal() and (":" not in name or name.endswith("]"))
    return (name, int(port)) if is_port else (entry, None)
