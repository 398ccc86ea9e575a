"""Parse and normalise the URL of a management node."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cdptui.config.errors import ConfigError

DEFAULT_PORT: Final = 8080
"""The port on which the management node serves plain HTTP; https is served by a proxy."""

_API: Final = "/zstack/v1"

# Patterns are compiled when they are first used, which re remembers: most URLs need few of them.
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*://"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_LOOPBACK: Final = r"127(?:\.\d{1,3}){3}"
_BARE_IPV6: Final = (
    r"(?P<scheme>(?:https?://)?)(?P<address>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:%(?P<zone>[^/?#\[\]:]*))?(?=[/?#]|\Z)"
)
_BRACKETED: Final = r"\[[^\[\]]*\](?::\d*)?"
_ZONE: Final = r"[A-Za-z0-9._~-]{1,64}"
_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_MAX_HOST: Final = 253
_PATH: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:/-]|%[0-9A-Fa-f]{2})*"


def normalize_url(address: str) -> str:
    """Return the base URL of the API for an address with or without scheme, port, `/zstack` or `/zstack/v1`.

    An IPv6 address without a port needs no brackets. Its zone is written as in RFC 6874: `%25eth0`. Raises
    ConfigError.

    >>> normalize_url("10.0.0.5")
    'http://10.0.0.5:8080/zstack/v1'
    >>> normalize_url("fe80::1%eth0")
    'http://[fe80::1%25eth0]:8080/zstack/v1'
    >>> normalize_url("https://cloud.example.com/zstack/")
    'https://cloud.example.com/zstack/v1'
    """
    text = address.strip()
    if not text:
        raise ConfigError("the URL is empty")
    if "@" in text:
        # Checked before any message quotes the URL: the text before an @ may be a password.
        raise ConfigError("a URL must not contain credentials; use --account and a password prompt, file or pipe")
    text = bracketed(text)
    has_scheme = re.match(_SCHEME, text) is not None
    parts = _split(text if has_scheme else f"http://{text}", address)
    if parts.scheme not in {"http", "https"}:
        raise _invalid_url(address, "the scheme must be http or https")
    if parts.query or parts.fragment:
        raise _invalid_url(address, "a query or fragment is not allowed")
    is_ipv6 = "[" in parts.netloc
    if parts.netloc.count(":") > 1 and not (is_ipv6 and re.fullmatch(_BRACKETED, parts.netloc)):
        raise _invalid_url(address, "write an IPv6 address with a port as [::1]:8080")
    host, port = parts.hostname or "", _port(parts, address)
    if is_ipv6:
        host = _ipv6_host(host, address)
    elif not is_host_name(host):
        raise _invalid_url(address, f"{host!r} is not a host name or IPv4 address" if host else "the host is missing")
    if not re.fullmatch(_PATH, parts.path):
        raise _invalid_url(address, "the path contains invalid characters")
    if port is None and not has_scheme:
        port = DEFAULT_PORT
    netloc = host + (f":{port}" if port is not None else "")
    return f"{parts.scheme}://{netloc}{_api_path(parts.path)}"


def node_url(base_url: str) -> str:
    """Return the URL of the node without the path of the API.

    >>> node_url("http://10.0.0.5:8080/zstack/v1")
    'http://10.0.0.5:8080'
    """
    return base_url.removesuffix(_API)


def is_host_name(host: str) -> bool:
    """Return whether `host` is a name or IPv4 address that httpx accepts and interprets in the same way.

    >>> is_host_name("10.0.0.5"), is_host_name("10.0.0.300"), is_host_name("node_1.example.com"), is_host_name("a b")
    (True, False, True, False)
    >>> is_host_name("云.example.com"), is_host_name("a..b")
    (True, False)
    """
    name = host.removesuffix(".")
    if not name.isascii() or "xn--" in name.lower():
        import idna

        try:
            name = idna.encode(name.lower()).decode()
            idna.decode(name)
        except idna.IDNAError:
            return False
    labels = name.split(".")
    if len(name) > _MAX_HOST or not all(re.fullmatch(_LABEL, label) for label in labels):
        return False
    # A name that ends in a number is an IPv4 address in an old notation, or invalid.
    return not labels[-1].isdecimal() or bool(re.fullmatch(_IPV4, host, re.ASCII))


def is_loopback(host: str) -> bool:
    """Return whether a host as written is this machine.

    >>> is_loopback("127.8.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("10.0.0.5")
    (True, True, True, False)
    """
    name = host.rstrip(".").lower()
    if ":" in name:
        # An IPv4-mapped address is treated as the IPv4 address; a zone is ignored.
        name = name.partition("%")[0].removeprefix("::ffff:")
    return name in {"localhost", "::1"} or name.endswith(".localhost") or bool(re.fullmatch(_LOOPBACK, name))


def bracketed(text: str) -> str:
    """Return an address with brackets around an IPv6 address without brackets.

    >>> bracketed("::1/zstack"), bracketed("fe80::1%2"), bracketed("[::1]:80"), bracketed("10.0.0.5:80")
    ('[::1]/zstack', '[fe80::1%252]', '[::1]:80', '10.0.0.5:80')
    """
    match = re.match(_BARE_IPV6, text)
    if match is None:
        return text
    zone = match["zone"]
    # A number is an interface index; before a name, %25 may be an escaped percent sign.
    separator = "" if zone is None else "%25" if zone.isdecimal() else "%"
    host = f"{match['address']}{separator}{zone or ''}"
    return text if _ipv6(host) is None else f"{match['scheme']}[{host}]{text[match.end() :]}"


def api_url(node: str) -> str:
    """Return the base URL of the API of a node.

    >>> api_url("http://10.0.0.5:8080")
    'http://10.0.0.5:8080/zstack/v1'
    """
    return node + _API


def _split(url: str, address: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _invalid_url(address, str(error)) from error


def _ipv6_host(host: str, address: str) -> str:
    """Return an IPv6 address for a URL: compressed, in brackets, with its zone."""
    compressed = _ipv6(host)
    if compressed is None:
        raise _invalid_url(address, f"{host!r} is not an IPv6 address")
    return f"[{compressed}]"


def is_ipv6_host(host: str) -> bool:
    """Return whether `host` is an IPv6 address, with or without a zone.

    >>> is_ipv6_host("::1"), is_ipv6_host("fe80::1%25eth0"), is_ipv6_host("::x")
    (True, True, False)
    """
    return _ipv6(host) is not None


def _ipv6(host: str) -> str | None:
    """Return a compressed IPv6 address with its zone escaped; None if `host` is not an IPv6 address."""
    import ipaddress

    text, percent, zone = host.partition("%")
    # The percent sign of a zone is escaped in URLs only.
    zone = zone.removeprefix("25") or zone
    if percent and not re.fullmatch(_ZONE, zone):
        return None
    try:
        parsed = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped
    short = parsed.compressed if mapped is None else f"::ffff:{mapped}"
    return f"{short}%25{zone}" if percent else short


def _port(parts: SplitResult, address: str) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise _invalid_url(address, "the port must be a number from 1 to 65535") from error
    if port == 0:
        raise _invalid_url(address, "the port must be a number from 1 to 65535")
    return port


def _api_path(path: str) -> str:
    path = path.rstrip("/")
    if path.endswith(_API):
        return path
    return path + ("/v1" if path.endswith("/zstack") else _API)


def _invalid_url(address: str, reason: str) -> ConfigError:
    return ConfigError(f"invalid URL {address!r}: {reason}")
