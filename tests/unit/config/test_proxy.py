from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.config.errors import ConfigError
from cdptui.config.proxy import proxy_for
from cdptui.models.proxy import Proxy

CLOUD = "https://cloud.example.com/zstack/v1"
NODE = "http://10.0.0.5:8080/zstack/v1"
PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        (CLOUD, {}, None),
        (CLOUD, {"HTTPS_PROXY": PROXY}, PROXY),
        (CLOUD, {"https_proxy": PROXY}, PROXY),
        (CLOUD, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        (CLOUD, {"https_proxy": "", "HTTPS_PROXY": PROXY}, None),
        (CLOUD, {"HTTP_PROXY": PROXY}, None),
        (NODE, {"HTTPS_PROXY": PROXY}, None),
        (NODE, {"HTTP_PROXY": PROXY}, PROXY),
        (NODE, {"ALL_PROXY": "socks5h://proxy:1080"}, "socks5h://proxy:1080"),
        (CLOUD, {"ALL_PROXY": "socks5://proxy", "HTTPS_PROXY": PROXY}, PROXY),
        (CLOUD, {"HTTPS_PROXY": "proxy:3128"}, PROXY),
        (CLOUD, {"HTTPS_PROXY": "http://user:secret@proxy:3128"}, "http://user:secret@proxy:3128"),
    ],
)
def test_the_proxy_is_that_of_the_scheme_else_the_one_for_all(
    url: str, environ: dict[str, str], expected: str | None
) -> None:
    proxy = proxy_for(url, environ)
    assert (None if proxy is None else proxy.url) == expected


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "[::1]", "node.localhost"])
def test_loopback_never_uses_a_proxy(host: str) -> None:
    assert proxy_for(f"http://{host}:8080/zstack/v1", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}) is None


@pytest.mark.parametrize(
    ("url", "listed", "is_straight"),
    [
        (CLOUD, "*", True),
        (CLOUD, "example.com", True),
        (CLOUD, ".example.com", True),
        (CLOUD, "*.example.com", True),
        (CLOUD, "other.com, CLOUD.example.com", True),
        (CLOUD, "other.com example.com", True),
        (CLOUD, "ample.com", False),
        (CLOUD, "cloud.example.com:443", True),
        (CLOUD, "cloud.example.com:8443", False),
        (CLOUD, "", False),
        (CLOUD, ",,", False),
        (NODE, "10.0.0.5", True),
        (NODE, "10.0.0.5:8080", True),
        (NODE, "10.0.0.5:80", False),
        (NODE, "10.0.0.0/8", True),
        (NODE, "10.0.0.0/24,192.168.0.0/16", True),
        (NODE, "10.1.0.0/16", False),
        (NODE, "0.0.5", False),
        (NODE, "not/an/address", False),
        ("http://[fd00::5]:8080/zstack/v1", "fd00::/8", True),
        ("http://[fd00::5]:8080/zstack/v1", "fd00::5", True),
        ("http://[fd00::5]:8080/zstack/v1", "[fd00::5]:8080", True),
        ("http://[fd00::5]:8080/zstack/v1", "10.0.0.0/8", False),
    ],
)
def test_no_proxy_entries_bypass_the_proxy(url: str, listed: str, is_straight: bool) -> None:
    found = proxy_for(url, {"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY, "NO_PROXY": listed})
    assert (found is None) == is_straight


@pytest.mark.parametrize(
    ("url", "environ", "variable"),
    [
        (CLOUD, {"HTTPS_PROXY": PROXY, "ALL_PROXY": "http://other:1"}, "HTTPS_PROXY"),
        (CLOUD, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, "https_proxy"),
        (NODE, {"HTTPS_PROXY": "http://other:1", "HTTP_PROXY": PROXY}, "HTTP_PROXY"),
        (NODE, {"HTTPS_PROXY": "http://other:1", "ALL_PROXY": PROXY}, "ALL_PROXY"),
        (NODE, {"all_proxy": PROXY}, "all_proxy"),
    ],
)
def test_variable_that_counted_is_known(url: str, environ: dict[str, str], variable: str) -> None:
    assert proxy_for(url, environ) == Proxy(PROXY, variable)


@pytest.mark.parametrize("value", ["http://", "://x", "http://u:secret@:1", "ftp://u:secret@proxy", "http://h:port"])
def test_invalid_proxy_url_is_rejected_without_quoting_it(value: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        proxy_for(CLOUD, {"HTTPS_PROXY": value})
    assert "secret" not in str(caught.value)


@given(value=st.text(max_size=60), listed=st.text(max_size=60))
def test_any_proxy_variable_is_a_url_or_a_config_error(value: str, listed: str) -> None:
    for url in (CLOUD, NODE, "http://[fd00::5]:8080/zstack/v1"):
        with suppress(ConfigError):
            proxy_for(url, {"ALL_PROXY": value, "NO_PROXY": listed})
