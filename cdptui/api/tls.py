"""TLS: whom we trust, what we show, and what went wrong in a handshake."""

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
"""OpenSSL's X509_V_ERR numbers; all others mean that nobody whom we trust vouches for it."""

_CLIENT_CERT_ALERTS: Final = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "ALERT_UNKNOWN_CA")
"""Alerts by which a server says that it wants another certificate of ours."""


def create_ssl_context(tls: TlsSettings) -> ssl.SSLContext:
    """What a connection is made with. Takes about 35 ms. Raises OSError, of which ssl.SSLError is one."""
    context = _trusting(tls)
    if tls.client_certificate is not None:
        # Without any passphrase OpenSSL itself would ask for one, on the terminal that we draw on.
        context.load_cert_chain(tls.client_certificate, tls.client_key, password=tls.key_passphrase or "")
    return context


def _trusting(tls: TlsSettings) -> ssl.SSLContext:
    if tls.is_verified and tls.ca_path is None:
        import truststore  # noqa: PLC0415 - plain HTTP asks for no certificates

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
    """The error that a failed handshake is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", None)
        said = getattr(error, "verify_message", None) or str(error)
        kind = _BY_VERIFY_CODE.get(code, TlsUntrusted) if isinstance(code, int) else TlsUntrusted
        return kind(sanitize(said, 200), url=url)
    reason = getattr(error, "reason", None) or ""
    kind = TlsClientRefused if any(alert in reason for alert in _CLIENT_CERT_ALERTS) else TlsFailed
    return kind(sanitize(reason.lower().replace("_", " ") or str(error), 200), url=url)
