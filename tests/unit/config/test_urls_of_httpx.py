"""URLs that are accepted have the same meaning for httpx."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdptui.config.errors import ConfigError
from cdptui.config.proxy import proxy_for
from cdptui.config.url import normalize_url

LABELS = st.text(alphabet="aZ09-_云ßé.%\\ \t\x1b\x9b\u202e'\"<>{}|^~!$&*+,;=()", max_size=12)
HOSTS = st.one_of(
    LABELS,
    st.lists(st.integers(0, 400).map(str), min_size=1, max_size=5).map(".".join),
    st.from_regex(r"xn--[a-z0-9-]{0,12}", fullmatch=True),
    st.sampled_from(
        ("[::1]", "[fe80::1%25eth0]", "[::ffff:1.2.3.4]", "[::g]", "0x7f.1", "１.1.1.1", "a" * 64, "a." * 130)
    ),
)
PORTS = st.one_of(st.just(""), st.integers(-1, 70_000).map(lambda port: f":{port}"), st.sampled_from((":", ":x", ":٣")))
PATHS = st.text(alphabet="/azstackv1%2F \x7f?#é\\", max_size=12)
SCHEMES = st.sampled_from(("", "http://", "https://", "HTTP://", "socks5://", "socks5h://", "ftp://"))
USERS = st.one_of(st.just(""), st.text(alphabet="u:p%40@é ", max_size=8).map(lambda text: f"{text}@"))


def without_zone(url: str) -> str:
    host, percent, rest = url.partition("%25")
    return f"{host}]{rest.partition(']')[2]}" if percent and "[" in host and "]" not in host else url


@given(SCHEMES, HOSTS, PORTS, PATHS)
@example("", "ß", "", "")
def test_accepted_node_url_means_the_same_to_the_http_library(scheme: str, host: str, port: str, path: str) -> None:
    try:
        url = without_zone(normalize_url(f"{scheme}{host}{port}{path}"))
    except ConfigError:
        return
    ours, theirs = urlsplit(url), httpx.URL(url)
    assert theirs.port in {ours.port, None}
    name = ours.hostname or ""
    assert theirs.raw_host.decode() == (name if name.isascii() else idna.encode(name).decode())
    assert theirs.path.rstrip("/").endswith("/zstack/v1")


@given(SCHEMES, USERS, HOSTS, PORTS)
def test_accepted_proxy_is_accepted_by_the_http_library(scheme: str, user: str, host: str, port: str) -> None:
    try:
        found = proxy_for("http://10.0.0.5:8080/zstack/v1", {"HTTP_PROXY": f"{scheme}{user}{host}{port}"})
    except ConfigError:
        return
    if found is not None:
        proxy = httpx.Proxy(without_zone(found.url))
        assert proxy.url.port in {urlsplit(found.url).port, None}
        assert proxy.url.host


@pytest.mark.parametrize(
    "value",
    ["http://10.0.0.300:3128", "http://a..b:1", "http://-a:1", "http://a b:1", "http://xn--a:1", "http://[::x]:1"],
)
def test_proxy_that_the_http_library_would_refuse_is_refused_with_its_variable(value: str) -> None:
    with pytest.raises(ConfigError, match="HTTP_PROXY is not a proxy URL"):
        proxy_for("http://10.0.0.5:8080/zstack/v1", {"HTTP_PROXY": value})


@pytest.mark.parametrize(
    "url", ["10.0.0.300", "http://1.2.3", "http://01.2.3.4", "a..b", "http://xn--a/", "h/\x1b[31m"]
)
def test_node_url_that_the_http_library_would_refuse_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="invalid URL"):
        normalize_url(url)
