from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
import truststore

from cdptui.api import errors as e
from cdptui.api.tls import create_ssl_context, map_tls_error
from cdptui.models.tls import TlsSettings

URL = "https://cloud/zstack/v1/cdp-task"


def unverified(code: int, words: str) -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {words} (_ssl.c:1006)")
    error.verify_code, error.verify_message = code, words
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (unverified(9, "certificate is not yet valid"), e.TlsExpired, "certificate is not yet valid"),
        (unverified(10, "certificate has expired"), e.TlsExpired, "certificate has expired"),
        (unverified(18, "self-signed certificate"), e.TlsSelfSigned, "self-signed certificate"),
        (unverified(19, "self-signed certificate in certificate chain"), e.TlsUntrusted, "chain"),
        (unverified(20, "unable to get local issuer certificate"), e.TlsUntrusted, "local issuer"),
        (unverified(62, "Hostname mismatch"), e.TlsWrongHost, "Hostname mismatch"),
        (unverified(64, "IP address mismatch"), e.TlsWrongHost, "IP address mismatch"),
        (alert("WRONG_VERSION_NUMBER"), e.TlsFailed, "wrong version number"),
        (alert("TLSV13_ALERT_CERTIFICATE_REQUIRED"), e.TlsClientRefused, "certificate required"),
        (alert("TLSV1_ALERT_UNKNOWN_CA"), e.TlsClientRefused, "unknown ca"),
        (ssl.SSLError("something"), e.TlsFailed, "something"),
    ],
)
def test_failed_handshake_becomes_the_matching_error(error: ssl.SSLError, kind: type[e.TlsFailed], text: str) -> None:
    failure = map_tls_error(error, URL)
    assert type(failure) is kind
    assert text in failure.detail
    assert "_ssl.c" not in failure.detail


def test_system_certificates_are_trusted_by_default() -> None:
    context = create_ssl_context(TlsSettings())
    assert isinstance(context, truststore.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_ca_path_replaces_the_system_certificates(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    context = create_ssl_context(TlsSettings(ca_path=path))
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert create_ssl_context(TlsSettings(ca_path=tmp_path)).verify_mode is ssl.CERT_REQUIRED


def test_insecure_mode_accepts_any_certificate() -> None:
    context = create_ssl_context(TlsSettings(is_verified=False))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_encrypted_client_key_never_prompts_for_its_passphrase(tmp_path: Path, passphrase: str | None) -> None:
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    issued = trustme.CA().issue_cert("client@example.com")
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    key.write_bytes(encrypted(issued.private_key_pem.bytes(), b"right"))
    settings = TlsSettings(client_certificate=certificate, client_key=key, key_passphrase=passphrase)
    with pytest.raises(ssl.SSLError):
        create_ssl_context(settings)
    create_ssl_context(TlsSettings(client_certificate=certificate, client_key=key, key_passphrase="right"))


def encrypted(pem: bytes, passphrase: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key(pem, password=None)
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(passphrase))
