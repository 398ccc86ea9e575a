from __future__ import annotations

import pytest

from cdptui.config.environment import find_url
from cdptui.config.url import normalize_url


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("10.0.0.5", None, "http://10.0.0.5:8080/zstack/v1"),
        ("10.0.0.5", "80", "http://10.0.0.5:80/zstack/v1"),
        ("::1", None, "http://[::1]:8080/zstack/v1"),
        ("::1", "80", "http://[::1]:80/zstack/v1"),
        ("[::1]", "80", "http://[::1]:80/zstack/v1"),
        ("::ffff:10.0.0.5", "80", "http://[::ffff:10.0.0.5]:80/zstack/v1"),
        ("fe80::1%eth0", None, "http://[fe80::1%25eth0]:8080/zstack/v1"),
        ("fe80::1%255", "80", "http://[fe80::1%25255]:80/zstack/v1"),
    ],
)
def test_host_and_port_variables_become_the_url(host: str, port: str | None, expected: str) -> None:
    environ = {"ZSTACK_HOST": host} if port is None else {"ZSTACK_HOST": host, "ZSTACK_PORT": port}
    found = find_url(environ)
    assert found is not None
    name, address = found
    assert (name, normalize_url(address)) == ("ZSTACK_HOST", expected)
