"""A node behind TLS: trusted and rejected certificates, and messages."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from cdptui.api.errors import TlsFailed
from cdptui.api.http import HttpClient, Timeouts
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.failure import FailureKind
from cdptui.models.proxy import Proxy
from cdptui.models.tls import TlsSettings
from cdptui.monitor.connection import connect
from cdptui.monitor.update import Update
from cdptui.render.failure_messages import failure_sentence
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import FakeClock
from tests.wire.canned import VENDOR_PAGE, canned
from tests.wire.tls_front import Certificates, refusing_handshakes, tls_in_front_of

Shown = Callable[[Certificates], ssl.SSLContext]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with canned(VENDOR_PAGE.read_bytes()) as server:
        yield server.url


async def update_of(url: str, tls: TlsSettings) -> Update:
    settings = MonitorSettings(
        base_url=normalize_url(url), auth=PasswordLogin(name="admin", password="password"), tls=tls, timeout_s=5.0
    )
    link = await connect(settings, SystemClock())
    try:
        async with aclosing(link.monitor.updates()) as updates:
            return await anext(updates)
    finally:
        await link.aclose()


async def test_configured_ca_is_trusted(certificates: Certificates, plain: str) -> None:
    with tls_in_front_of(plain, certificates.server()) as url:
        update = await update_of(url, TlsSettings(ca_path=certificates.ca_file))
    assert update.failure is None
    assert [row.task.name for row in update.rows] == ["My Task"]


@pytest.mark.parametrize(
    ("shown", "trusts", "kind", "text", "advice"),
    [
        pytest.param(
            Certificates.server,
            False,
            FailureKind.TLS_UNTRUSTED,
            "issuer certificate",
            "--ca-file",
            id="unknown CA",
        ),
        pytest.param(
            Certificates.self_signed, False, FailureKind.TLS_SELF_SIGNED, "self-signed", "--ca-file", id="self-signed"
        ),
        pytest.param(
            lambda made: made.server(is_expired=True),
            True,
            FailureKind.TLS_EXPIRED,
            "expired",
            "renew the certificate",
            id="expired",
        ),
        pytest.param(
            lambda made: made.server(host="cloud.example.com"),
            True,
            FailureKind.TLS_WRONG_HOST,
            "mismatch",
            "for another host",
            id="other host",
        ),
    ],
)
async def test_rejected_certificate_is_reported_with_its_reason(
    certificates: Certificates, plain: str, shown: Shown, trusts: bool, kind: FailureKind, text: str, advice: str
) -> None:
    with tls_in_front_of(plain, shown(certificates)) as url:
        update = await update_of(url, TlsSettings(ca_path=certificates.ca_file if trusts else None))
    assert update.failure is not None
    assert update.failure.kind is kind
    what, _, todo = failure_sentence(update.failure, DEFAULT_KEYMAP.labels).partition(" → ")
    assert text in what
    assert advice in todo


async def test_required_client_certificate_is_reported(certificates: Certificates) -> None:
    with refusing_handshakes(certificates.requiring_client_certificate()) as url:
        update = await update_of(url, TlsSettings(ca_path=certificates.ca_file))
    assert update.failure is not None
    assert update.failure.kind is FailureKind.TLS_CLIENT
    assert "certificate required" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)
    assert "--client-cert" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)


@pytest.mark.parametrize("shown", [Certificates.self_signed, lambda made: made.server(is_expired=True)])
async def test_insecure_mode_accepts_any_certificate(certificates: Certificates, plain: str, shown: Shown) -> None:
    with tls_in_front_of(plain, shown(certificates)) as url:
        update = await update_of(url, TlsSettings(is_verified=False))
    assert update.failure is None


async def test_client_certificate_is_sent_when_required(certificates: Certificates, plain: str) -> None:
    certificate, key = certificates.client()
    tls = TlsSettings(ca_path=certificates.ca_file, client_certificate=certificate, client_key=key)
    with tls_in_front_of(plain, certificates.requiring_client_certificate()) as url:
        update = await update_of(url, tls)
    assert update.failure is None


async def test_https_to_an_http_port_is_reported(plain: str) -> None:
    update = await update_of(plain.replace("http:", "https:"), TlsSettings())
    assert update.failure is not None
    assert update.failure.kind is FailureKind.TLS
    assert "try http://" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)


async def test_http_to_a_tls_port_is_reported(certificates: Certificates, plain: str, tmp_path: Path) -> None:
    with tls_in_front_of(plain, certificates.server()) as url:
        update = await update_of(url.replace("https:", "http:"), TlsSettings())
    assert update.failure is not None
    assert update.failure.kind in {FailureKind.UNREACHABLE, FailureKind.NOT_A_NODE}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_certificate_of_the_proxy_is_told_from_that_of_the_node(
    scheme: str, certificates: Certificates, plain: str
) -> None:
    with tls_in_front_of(plain, certificates.self_signed()) as url:
        proxy = Proxy(url, "HTTPS_PROXY")
        async with HttpClient(f"{scheme}://node.example/zstack/v1", Timeouts.of(5.0), FakeClock(), proxy=proxy) as http:
            with pytest.raises(TlsFailed) as caught:
                await http.send("GET", "/cdp-task")
    assert caught.value.detail.startswith(f"{url} (HTTPS_PROXY): ")
