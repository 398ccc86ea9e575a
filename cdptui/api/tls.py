"""TLS: trusted CAs, client certificate, and the errors of failed handshakes."""

from __future__ import annotations

import ssl
from typing import Final

from cdptui.api.errors import (
    TlsClientRefused,
    TlsExpired,
    TlsFailed,
    TlsSelfSigned,
    TlsUntrusted,
    TlsWrongHost,
)
from cdptui.models.sanitize import sanitize
from cdptui.models.tls import TlsSettings

_BY_VERIFY_CODE: Final[dict[int, type[TlsFailed]]] = {
    9: TlsExpired,
    10: TlsExpired,
    18: TlsSelfSigned,
    62: TlsWrongHost,
    64: TlsWrongHost,
}
"""Errors by OpenSSL's X509_V_ERR number; all others mean that no trusted CA signed the certificate."""

_CLIENT_CERT_ALERTS: Final = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "ALERT_UNKNOWN_CA")
"""Alerts of a server that requires a client certificate, or another one."""


def create_ssl_context(tls: TlsSettings) -> ssl.SSLContext:
    """Create the SSL context. Takes about 35 ms. Raises OSError; ssl.SSLError is a subclass."""
    context = _new_context(tls)
    if tls.client_certificate is not None:
        # Without a passphrase OpenSSL would prompt for one on the terminal.
        context.load_cert_chain(tls.client_certificate, tls.client_key, password=tls.key_passphrase or "")
    return context


def _new_context(tls: TlsSettings) -> ssl.SSLContext:
    if tls.is_verified and tls.ca_path is None:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not tls.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_path is not None:
        is_folder = tls.ca_path.is_dir()
        context.load_verify_locations(**{"capath" if is_folder else "cafile": str(tls.ca_path)})
    return context


def map_tls_error(error: ssl.SSLError, url: str) -> TlsFailed:
    """Return the error of a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", None)
        message = getattr(error, "verify_message", None) or str(error)
        kind = _BY_VERIFY_CODE.get(code, TlsUntrusted) if isinstance(code, int) else TlsUntrusted
        return kind(sanitize(message, 200), url=url)
    reason = getattr(error, "reason", None) or ""
    kind = TlsClientRefused if any(alert in reason for alert in _CLIENT_CERT_ALERTS) else TlsFailed
    return kind(sanitize(reason.lower().replace("_", " ") or str(error), 200), url=url)
