"""The targets of the app: the initial node, and the profiles that the user can switch to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
from msgspec import structs

from cdptui.cli.credentials import configured_credential, login_name
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.monitor_settings import build_monitor_settings, resolve_base_url
from cdptui.cli.output_boundary import redact, screen_text
from cdptui.clock import Clock
from cdptui.config.errors import ConfigError
from cdptui.config.settings import MonitorSettings, transport_security
from cdptui.config.url import node_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.sanitize import sanitize
from cdptui.tui.target import Target

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection


def initial_target(
    settings: MonitorSettings, display: DisplaySettings, clock: Clock, effective_config: EffectiveConfig | None
) -> Target:
    """Return the target of the initial node, whose settings are complete."""
    typed = _TypedPassword()

    async def connect() -> NodeConnection:
        return await _connect(settings, typed, display, clock)

    return Target(
        connect,
        screen_text(node_url(settings.base_url)),
        screen_text(settings.auth.display_name),
        settings.interval_s,
        label=settings.label,
        profile=sanitize((effective_config.credential_profile if effective_config is not None else None) or ""),
        accent=(effective_config.value("accent") if effective_config is not None else None) or "",
        secrecy=settings.secrecy,
        view=effective_config.value("view") if effective_config is not None else None,
        redact=redact,
        zone=display.zone,
    )


def profile_targets(
    first: Target, display: DisplaySettings, clock: Clock, effective_config: EffectiveConfig
) -> tuple[Target, ...]:
    """Return the targets of all profiles in the order of the files, including the initial one."""
    return tuple(
        first
        if name == effective_config.credential_profile
        else _target_of_profile(effective_config.for_profile(name), display, clock)
        for name in effective_config.configuration.profiles
    )


def profile_hint(effective_config: EffectiveConfig | None) -> str:
    """Return how to add profiles, shown when there is no other one."""
    if effective_config is None:
        return "the demo has one node"
    file = effective_config.user_config_file
    if file is None:
        return "cdptui config init writes a file for profiles"
    from cdptui.config.paths import display_path

    return f"add one to {sanitize(display_path(file))}"


def _target_of_profile(effective_config: EffectiveConfig, display: DisplaySettings, clock: Clock) -> Target:
    typed = _TypedPassword()

    async def connect() -> NodeConnection:
        # A password command may be slow and a keyring may prompt: keys must be handled meanwhile.
        settings = await asyncio.to_thread(_settings, effective_config)
        return await _connect(settings, typed, display, clock)

    base_url = resolve_base_url(effective_config)
    return Target(
        connect,
        screen_text(node_url(base_url)),
        screen_text(login_name(effective_config, configured_credential(effective_config))),
        effective_config.value("interval"),
        profile=sanitize(effective_config.profile or ""),
        accent=effective_config.value("accent") or "",
        secrecy=transport_security(base_url, is_verified=not effective_config.value("insecure")),
        view=effective_config.value("view"),
        redact=redact,
        zone=display.zone,
    )


def _settings(effective_config: EffectiveConfig) -> MonitorSettings:
    try:
        return build_monitor_settings(effective_config, prompt=None)
    except click.UsageError as error:
        raise ConfigError(error.message) from error


class _TypedPassword:
    """The password that the user typed for a target, for the next time it is opened."""

    def __init__(self) -> None:
        self._password: str | None = None

    def remember(self, password: str) -> None:
        self._password = password

    def override(self, settings: MonitorSettings) -> MonitorSettings:
        auth = settings.auth
        if self._password is None or not isinstance(auth, PasswordLogin):
            return settings
        return structs.replace(settings, auth=structs.replace(auth, password=self._password, missing_reason=None))


async def _connect(
    settings: MonitorSettings, typed: _TypedPassword, display: DisplaySettings, clock: Clock
) -> NodeConnection:
    # Imported late: the first frame needs neither the log nor the connection.
    from cdptui.monitor.connection import connect

    display.log.configure(settings.secrets)
    return await connect(typed.override(settings), clock, display.log.redact, typed.remember)
