"""Builds the settings of a monitor from the effective configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

import click

from cdptui.cli.credentials import resolve_credentials
from cdptui.cli.effective_config import EffectiveConfig
from cdptui.cli.output_boundary import hide
from cdptui.config.errors import ConfigError
from cdptui.config.paths import recordings_folder
from cdptui.config.proxy import proxy_for
from cdptui.config.recording import RecordSettings, parse_limit, recording_file
from cdptui.config.settings import (
    MAX_INTERVAL_S,
    MAX_TIMEOUT_S,
    MIN_INTERVAL_S,
    MIN_TIMEOUT_S,
    MonitorSettings,
    validate_seconds,
)
from cdptui.config.url import node_url, normalize_url
from cdptui.models.auth import PROJECT_LOGIN_TYPES, LoginType
from cdptui.models.tls import TlsSettings

_PASSWORD_OPTIONS: Final = ("password_stdin", "password_file", "access_key_file")


def build_monitor_settings(
    effective_config: EffectiveConfig,
    *,
    prompt: Callable[[str], str] | None,
    before_prompt: Callable[[], None] = lambda: None,
) -> MonitorSettings:
    """Validate the settings and resolve the credentials.

    `prompt` asks the user for a missing secret, None when the user cannot be asked; `before_prompt` is called after all
    other settings are validated. Raises ConfigError and errors of click.
    """
    password_options = [name for name in _PASSWORD_OPTIONS if effective_config.cli_option(name)]
    if len(password_options) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in password_options[:2])
        message = f"{first} and {second} exclude each other"
        raise click.UsageError(message)
    interval_s, timeout_s = poll_seconds(effective_config)
    base_url = resolve_base_url(effective_config)
    zone_name = effective_config.value("server_zone")
    zone = None if zone_name is None else _timezone(zone_name)
    proxy = proxy_for(base_url)
    login_type = resolve_login_type(effective_config)
    before_prompt()
    auth = resolve_credentials(effective_config, login_type, base_url, prompt)
    # From here on they may be part of an error.
    hide(*auth.secrets)
    record = record_settings(effective_config, base_url, auth.display_name)
    return MonitorSettings(
        base_url=base_url,
        auth=auth,
        tls=_tls(effective_config, prompt) if base_url.startswith("https:") else TlsSettings(),
        proxy=proxy,
        server_zone=zone,
        interval_s=interval_s,
        timeout_s=timeout_s,
        record=record,
    )


def record_settings(effective_config: EffectiveConfig, base_url: str, account: str) -> RecordSettings | None:
    """Return where to record; None when nothing is recorded. Raises ConfigError."""
    limit_bytes = parse_limit(effective_config.value("record_limit"))
    if not effective_config.value("record"):
        return None
    file = recording_file(recordings_folder(), base_url, account)
    return RecordSettings(file, limit_bytes, node_url(base_url), account)


def poll_seconds(effective_config: EffectiveConfig) -> tuple[float, float]:
    """Return the interval and the time-out in seconds. Raises ConfigError."""
    return (
        validate_seconds("--interval", effective_config.value("interval"), MIN_INTERVAL_S, MAX_INTERVAL_S),
        validate_seconds("--timeout", effective_config.value("timeout"), MIN_TIMEOUT_S, MAX_TIMEOUT_S),
    )


def resolve_base_url(effective_config: EffectiveConfig) -> str:
    """Return the URL of the node. Raises ConfigError, and UsageError when none is given."""
    url = effective_config.value("url")
    if not url:
        raise click.UsageError("no management node given: use --url or set ZSTACK_API_URL; cdptui demo needs none")
    return normalize_url(url)


def resolve_login_type(effective_config: EffectiveConfig) -> LoginType:
    """Return the login type: the given one, or the one that the other options imply. Raises UsageError."""
    named, user, project = (effective_config.value(name) for name in ("login_type", "user", "project"))
    kind = LoginType(named or (LoginType.USER if user else LoginType.ACCOUNT))
    if kind is LoginType.USER and not user:
        raise click.UsageError("--login-type user needs --user NAME, a user of --account NAME")
    if user and kind is not LoginType.USER:
        message = f"--user is not used by --login-type {kind}: use --account NAME"
        raise click.UsageError(message)
    if project and kind not in PROJECT_LOGIN_TYPES:
        known = ", ".join(sorted(PROJECT_LOGIN_TYPES))
        message = f"--project needs a virtual ID: --login-type must be one of {known}"
        raise click.UsageError(message)
    return kind


def _tls(effective_config: EffectiveConfig, prompt: Callable[[str], str] | None) -> TlsSettings:
    from cdptui.config.tls import load_tls_settings

    def ask_passphrase(key: object) -> str:
        if prompt is None:
            message = f"the client key {key} has a passphrase: start with this profile to type it"
            raise ConfigError(message)
        return prompt(f"Passphrase of {key}")

    return load_tls_settings(
        ca_file=effective_config.value("ca_file"),
        is_insecure=effective_config.value("insecure"),
        client_cert=effective_config.value("client_cert"),
        client_key=effective_config.value("client_key"),
        ask_passphrase=ask_passphrase,
    )


def _timezone(name: str) -> tzinfo:
    from cdptui.models.timezones import parse_timezone

    try:
        return parse_timezone(name)
    except ValueError as error:
        raise ConfigError(str(error)) from error
