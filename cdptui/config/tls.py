"""TLS settings, validated at startup, so that errors are reported in the shell."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import read_input_file
from cdptui.models.tls import TlsSettings

CA_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_MAX_BYTES: Final = 8 << 20
"""The largest certificate file; the CA bundle of browsers has a quarter of a MiB."""

_PEM: Final = b"-----BEGIN "
_ENCRYPTED: Final = b"ENCRYPTED"


def load_tls_settings(
    *,
    ca_file: Path | None,
    is_insecure: bool,
    client_cert: Path | None,
    client_key: Path | None,
    ask_passphrase: Callable[[Path], str],
    environ: Mapping[str, str] | None = None,
) -> TlsSettings:
    """Return validated TLS settings. Raises ConfigError for unusable files.

    `ask_passphrase` is called for an encrypted key. Without `ca_file`, the CAs come from OpenSSL's variables.
    """
    if is_insecure and ca_file is not None:
        raise ConfigError("--insecure and --ca-file exclude each other")
    if client_key is not None and client_cert is None:
        raise ConfigError("--client-key requires --client-cert")
    ca_path = ca_file if ca_file is not None or is_insecure else _ca_path_from_environment(environ)
    passphrase = None
    if client_cert is not None:
        key = client_key or client_cert
        if _is_encrypted(_read_private_key(key)):
            passphrase = ask_passphrase(key)
    tls = TlsSettings(
        ca_path=ca_path,
        is_verified=not is_insecure,
        client_certificate=client_cert,
        client_key=client_key,
        key_passphrase=passphrase,
    )
    _validate_files(tls)
    return tls


def _ca_path_from_environment(environ: Mapping[str, str] | None) -> Path | None:
    values = os.environ if environ is None else environ
    return next((Path(values[name]) for name in CA_VARIABLES if values.get(name)), None)


def _read_private_key(key: Path) -> bytes:
    """Return the content of a key file that only its owner can read."""
    file = read_input_file(key, "client key", max_bytes=_MAX_BYTES)
    if file.permissions & 0o077:
        message = f"the client key {key} can be read by others: chmod 600 {key}"
        raise ConfigError(message)
    return _require_pem(file.content, "client key", key)


def _require_pem(content: bytes, what: str, path: Path) -> bytes:
    """Return `content` if it is PEM. OpenSSL's errors do not say which of two files is invalid."""
    if _PEM not in content:
        message = f"cannot use the {what} {path}: it is not a PEM file"
        raise ConfigError(message)
    return content


def _is_encrypted(pem: bytes) -> bool:
    return _ENCRYPTED in pem


def _validate_files(tls: TlsSettings) -> None:
    """Load the files once, as for a connection."""
    if tls.ca_path is None and tls.client_certificate is None:
        return
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.ca_path is not None and not _is_folder(tls.ca_path):
        # OpenSSL would block on a FIFO and read a device endlessly.
        read_input_file(tls.ca_path, "CA certificates", max_bytes=_MAX_BYTES)
        try:
            context.load_verify_locations(cafile=str(tls.ca_path))
        except OSError as error:
            why = "it contains no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
            message = f"cannot use the certificates in {tls.ca_path}: {why}"
            raise ConfigError(message) from error
    if tls.client_certificate is not None:
        certificate = read_input_file(tls.client_certificate, "client certificate", max_bytes=_MAX_BYTES)
        _require_pem(certificate.content, "client certificate", tls.client_certificate)
        try:
            context.load_cert_chain(tls.client_certificate, tls.client_key, password=tls.key_passphrase or "")
        except OSError as error:
            is_encrypted = tls.key_passphrase is not None
            is_ssl_error = isinstance(error, ssl.SSLError)
            why = _cert_error_text(error, is_encrypted=is_encrypted) if is_ssl_error else error.strerror or str(error)
            message = f"cannot use the client certificate {tls.client_certificate}: {why}"
            raise ConfigError(message) from error


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        # Reading it will report the reason.
        return False


def _cert_error_text(error: Exception, *, is_encrypted: bool) -> str:
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate"
    return "the passphrase of its key is wrong" if is_encrypted else "it or its key is not a PEM file"
