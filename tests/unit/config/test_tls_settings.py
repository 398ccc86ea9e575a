from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from cdptui.config.errors import ConfigError
from cdptui.config.settings import MonitorSettings
from cdptui.config.tls import load_tls_settings
from cdptui.models.auth import SessionToken
from cdptui.models.tls import TlsSettings, TransportSecurity
from tests.unit.api.test_tls import encrypted


def checked(environ: dict[str, str] | None = None, **asked: Any) -> TlsSettings:
    given: dict[str, Any] = {
        "ca_file": None,
        "is_insecure": False,
        "client_cert": None,
        "client_key": None,
        "ask_passphrase": lambda _: pytest.fail("asked for a passphrase"),
    }
    return load_tls_settings(**{**given, **asked}, environ=environ or {})


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def client(tmp_path: Path) -> tuple[Path, Path]:
    issued = trustme.CA().issue_cert("operator@example.com")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    key.write_bytes(issued.private_key_pem.bytes())
    key.chmod(0o600)
    return certificate, key


def test_without_a_word_the_system_is_trusted() -> None:
    assert checked() == TlsSettings()


def test_an_option_wins_over_the_variables_of_openssl(ca_file: Path, tmp_path: Path) -> None:
    environ = {"SSL_CERT_FILE": str(ca_file), "SSL_CERT_DIR": str(tmp_path)}
    assert checked(environ).ca_path == ca_file
    assert checked({"SSL_CERT_DIR": str(tmp_path)}).ca_path == tmp_path
    assert checked({"SSL_CERT_FILE": ""}).ca_path is None
    assert checked({"SSL_CERT_FILE": "/nowhere"}, ca_file=ca_file).ca_path == ca_file
    assert checked({"SSL_CERT_FILE": "/nowhere"}, is_insecure=True) == TlsSettings(is_verified=False)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"ca_file": Path("/nowhere/ca.pem")}, "there is no folder /nowhere"),
        ({"ca_file": Path(__file__)}, "contains no certificate"),
        ({"ca_file": Path(__file__), "is_insecure": True}, "exclude each other"),
        ({"client_key": Path(__file__)}, "--client-cert"),
        ({"client_cert": Path("/nowhere/client.pem")}, "there is no folder /nowhere"),
    ],
)
def test_files_that_cannot_serve_are_refused_with_the_reason(asked: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        checked(**asked)


def test_invalid_ca_file_from_the_environment_is_rejected() -> None:
    with pytest.raises(ConfigError, match="/nowhere"):
        checked({"SSL_CERT_FILE": "/nowhere"})


def test_client_certificate_and_key_are_accepted(client: tuple[Path, Path]) -> None:
    certificate, key = client
    assert checked(client_cert=certificate, client_key=key) == TlsSettings(
        client_certificate=certificate, client_key=key
    )


def test_client_key_readable_by_others_is_rejected(client: tuple[Path, Path]) -> None:
    certificate, key = client
    key.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        checked(client_cert=certificate, client_key=key)


def test_another_certificates_key_is_refused(client: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_bytes(trustme.CA().issue_cert("a@example.com").private_key_pem.bytes())
    other.chmod(0o600)
    with pytest.raises(ConfigError, match="does not belong to the certificate"):
        checked(client_cert=client[0], client_key=other)


@pytest.mark.parametrize(("typed", "is_right"), [("right", True), ("wrong", False), ("", False)])
def test_encrypted_key_prompts_for_its_passphrase(client: tuple[Path, Path], typed: str, is_right: bool) -> None:
    certificate, key = client
    key.write_bytes(encrypted(key.read_bytes(), b"right"))
    if is_right:
        tls = checked(client_cert=certificate, client_key=key, ask_passphrase=lambda _: typed)
        assert tls.key_passphrase == "right"
    else:
        with pytest.raises(ConfigError, match="passphrase"):
            checked(client_cert=certificate, client_key=key, ask_passphrase=lambda _: typed)


@pytest.mark.parametrize(
    ("url", "is_verified", "expected"),
    [
        ("https://cloud.example.com/zstack/v1", True, TransportSecurity.SECURE),
        ("https://cloud.example.com/zstack/v1", False, TransportSecurity.UNVERIFIED),
        ("https://127.0.0.1:8443/zstack/v1", False, TransportSecurity.UNVERIFIED),
        ("http://127.0.0.1:8080/zstack/v1", True, TransportSecurity.SECURE),
        ("http://localhost:8080/zstack/v1", False, TransportSecurity.SECURE),
        ("http://10.0.0.5:8080/zstack/v1", True, TransportSecurity.PLAINTEXT),
        ("http://10.0.0.5:8080/zstack/v1", False, TransportSecurity.PLAINTEXT),
    ],
)
def test_who_could_listen_is_known(url: str, is_verified: bool, expected: TransportSecurity) -> None:
    settings = MonitorSettings(
        base_url=url, auth=SessionToken(session_id="x"), tls=TlsSettings(is_verified=is_verified)
    )
    assert settings.secrecy is expected
