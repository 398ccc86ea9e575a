from __future__ import annotations

import string
from ipaddress import IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.config.errors import ConfigError
from cdptui.config.url import is_loopback, node_url, normalize_url

hosts = st.one_of(
    st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,5})?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"),
)
ports = st.none() | st.integers(1, 65535)
paths = st.sampled_from(["", "/", "/zstack", "/zstack/", "/zstack/v1", "/zstack/v1/", "/proxy", "/proxy/zstack/v1/"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("10.0.0.5", "http://10.0.0.5:8080/zstack/v1", id="a bare host"),
        pytest.param("10.0.0.5:9000", "http://10.0.0.5:9000/zstack/v1", id="with a port"),
        pytest.param("node/zstack", "http://node:8080/zstack/v1", id="without a scheme, with the context"),
        pytest.param("  http://node:8080/zstack/v1/  ", "http://node:8080/zstack/v1", id="complete, with blanks"),
        pytest.param("https://cloud.example.com", "https://cloud.example.com/zstack/v1", id="https has its own port"),
        pytest.param("HTTPS://Cloud.Example.COM/zstack", "https://cloud.example.com/zstack/v1", id="capitals"),
        pytest.param("https://proxy/a/b", "https://proxy/a/b/zstack/v1", id="behind a prefix"),
        pytest.param("https://proxy/a/zstack/v1", "https://proxy/a/zstack/v1", id="behind a prefix, complete"),
        pytest.param("[::1]", "http://[::1]:8080/zstack/v1", id="IPv6"),
        pytest.param("http://[fe80::1]:80", "http://[fe80::1]:80/zstack/v1", id="IPv6 with a port"),
        pytest.param("::1", "http://[::1]:8080/zstack/v1", id="IPv6 without brackets"),
        pytest.param("::1/zstack", "http://[::1]:8080/zstack/v1", id="IPv6 without brackets, with the context"),
        pytest.param("https://2001:db8::5", "https://[2001:db8::5]/zstack/v1", id="IPv6 without brackets, a scheme"),
        pytest.param("0:0:0:0:0:0:0:1", "http://[::1]:8080/zstack/v1", id="IPv6 in full"),
        pytest.param("2001:DB8::A", "http://[2001:db8::a]:8080/zstack/v1", id="IPv6 in capitals"),
        pytest.param("::ffff:10.0.0.5", "http://[::ffff:10.0.0.5]:8080/zstack/v1", id="IPv4 within IPv6"),
        pytest.param("[::ffff:a00:5]:80", "http://[::ffff:10.0.0.5]:80/zstack/v1", id="IPv4 within IPv6, in hex"),
        pytest.param("fe80::1%eth0", "http://[fe80::1%25eth0]:8080/zstack/v1", id="a zone"),
        pytest.param("fe80::1%2", "http://[fe80::1%252]:8080/zstack/v1", id="a zone by its number"),
        pytest.param("fe80::1%255", "http://[fe80::1%25255]:8080/zstack/v1", id="a zone whose number looks escaped"),
        pytest.param("[fe80::1%eth0]:80", "http://[fe80::1%25eth0]:80/zstack/v1", id="a zone in brackets"),
        pytest.param("http://[fe80::1%25eth0]:80", "http://[fe80::1%25eth0]:80/zstack/v1", id="an escaped zone"),
        pytest.param("FE80::1%Br-Lan.10", "http://[fe80::1%25Br-Lan.10]:8080/zstack/v1", id="a zone keeps its case"),
    ],
)
def test_url_forms_are_accepted(address: str, expected: str) -> None:
    assert normalize_url(address) == expected


@settings(max_examples=100)
@given(st.sampled_from(["", "http://", "https://", "HTTP://"]), hosts, ports, paths)
def test_normalized_url_is_unchanged(scheme: str, host: str, port: int | None, path: str) -> None:
    once = normalize_url(f"{scheme}{host}{'' if port is None else f':{port}'}{path}")
    assert normalize_url(once) == once
    assert once.endswith("/zstack/v1")
    assert once.count("/zstack") == 1


@settings(max_examples=100)
@given(st.sampled_from(["", "http://", "https://"]), hosts, ports)
def test_the_api_path_makes_no_difference(scheme: str, host: str, port: int | None) -> None:
    node = f"{scheme}{host}{'' if port is None else f':{port}'}"
    assert (
        len({normalize_url(node + path) for path in ("", "/", "/zstack", "/zstack/", "/zstack/v1", "/zstack/v1/")}) == 1
    )


@settings(max_examples=150)
@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused_in_one_line(text: str) -> None:
    said = ""
    try:
        base = normalize_url(text)
    except ConfigError as error:
        said = str(error)
    else:
        assert base.startswith(("http://", "https://"))
        assert normalize_url(base) == base
    assert len(said.splitlines()) <= 1


@settings(max_examples=150)
@given(
    st.sampled_from(["", "http://", "https://", "ftp://", "//", "http:/", "http:"]),
    st.text(st.sampled_from(string.ascii_letters + ":/?#[]@\\%&= ℀é"), max_size=4),
    st.text(st.sampled_from(string.digits + ":/?#[]@\\%&= ℀é"), max_size=4),
    st.sampled_from(["host", "h℀st", "host:99999", "[::1", "", "host/zstack", "host?x"]),
)
@example("http://", "admin", "", "h℀st")
@example("", "admin", "80/", "host")
@example("", "admin:", "80/", "host")
def test_url_with_credentials_is_rejected_without_quoting_them(scheme: str, user: str, salt: str, host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalize_url(f"{scheme}{user}:{salt}secret@{host}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("ftp://node", "must be http or https"),
        ("http://", "host is missing"),
        ("http:///zstack", "host is missing"),
        ("http://node:0", "port"),
        ("http://node:65536", "port"),
        ("http://node:port", "port"),
        ("node:80a", "port"),
        ("http://node/zstack?x=1", "query"),
        ("http://node/#top", "fragment"),
        ("http://[::1", "IPv6"),
        ("http://no de", "host"),
        ("http://<script>", "host"),
        ("-\x1b", "host"),
    ],
)
def test_invalid_url_is_rejected_with_a_reason(address: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalize_url(address)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("base", "node"),
    [
        ("http://10.0.0.5:8080/zstack/v1", "http://10.0.0.5:8080"),
        ("https://proxy/a/zstack/v1", "https://proxy/a"),
    ],
)
def test_people_call_the_node_without_the_path(base: str, node: str) -> None:
    assert node_url(base) == node


@pytest.mark.parametrize(
    "address",
    [
        *(
            "[::1",
            "::1]",
            "[::1]x",
            "[::1]:x",
            "[10.0.0.5]",
            "[v1.x]",
            "[]",
            "[:::]",
            "::1::",
            "[fe80::1%]",
            "fe80::1%",
        ),
        *("[fe80::1%a b]", "[fe80::1%a/b]", "fe80::1%eth0:8080", "[fe80::1%25\x1b[31m]", "10.0.0.5%eth0", "1:2:3"),
    ],
)
def test_invalid_ipv6_address_is_rejected_in_one_line(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalize_url(address)
    assert str(caught.value).isprintable()


@settings(max_examples=100)
@given(st.ip_addresses(v=6), st.none() | st.from_regex(r"[A-Za-z0-9._~-]{1,15}", fullmatch=True))
def test_an_ipv6_address_means_the_same_with_and_without_brackets(ip: IPv6Address, zone: str | None) -> None:
    address = f"{ip}" if zone is None else f"{ip}%{zone}"
    escaped = address.replace("%", "%25")
    assert normalize_url(f"[{escaped}]") == normalize_url(normalize_url(f"[{escaped}]"))
    if zone is None or not zone.startswith("25"):
        assert normalize_url(address) == normalize_url(f"[{escaped}]") == normalize_url(f"[{escaped}]:8080")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("::1", True),
        ("::1%25lo", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.5", False),
        ("fe80::1%25lo", False),
        ("127.0.0.1", True),
        ("::", False),
    ],
)
def test_loopback_addresses_are_detected(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
