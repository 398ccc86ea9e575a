"""What the app can be connected to: the node of the start, and the profiles that one can go to from there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
from msgspec import structs

from cdptui.cli.asked import base_url_of, settings_of
from cdptui.cli.choices import Choices
from cdptui.cli.display import Display
from cdptui.cli.output_boundary import redact, screen_text
from cdptui.cli.proofs import who_in_words, written_proof
from cdptui.clock import Clock
from cdptui.config.errors import ConfigError
from cdptui.config.settings import MonitorSettings, transport_security
from cdptui.config.url import node_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.sanitize import sanitize
from cdptui.tui.target import Target

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection


def target_of(settings: MonitorSettings, display: Display, clock: Clock, choices: Choices | None) -> Target:
    """The node of the start, to which everything is known."""
    typed = _Typed()

    async def connect() -> NodeConnection:
        return await _open(settings, typed, display, clock)

    return Target(
        connect,
        screen_text(node_url(settings.base_url)),
        screen_text(settings.auth.display_name),
        settings.interval_s,
        profile=sanitize((choices.identity if choices is not None else None) or ""),
        accent=(choices.value("accent") if choices is not None else None) or "",
        secrecy=settings.secrecy,
        view=choices.value("view") if choices is not None else None,
        redact=redact,
    )


def other_targets(first: Target, display: Display, clock: Clock, choices: Choices) -> tuple[Target, ...]:
    """All profiles in the order of the files, the one of the start among them."""
    return tuple(
        first if name == choices.identity else _target_of_profile(choices.of_profile(name), display, clock)
        for name in choices.configuration.profiles
    )


def where_profiles_stand(choices: Choices | None) -> str:
    """For whoever looks for more profiles than there are."""
    if choices is None:
        return "the demo is one node"
    file = choices.own_file
    if file is None:
        return "cdptui config init writes a file for them"
    from cdptui.config.config_file import display_path  # noqa: PLC0415 - loaded already, where there is a file

    return f"add one to {sanitize(display_path(file))}"


def _target_of_profile(choices: Choices, display: Display, clock: Clock) -> Target:
    typed = _Typed()

    async def connect() -> NodeConnection:
        # A command may take its time, and a keyring may ask: keys go on meanwhile.
        settings = await asyncio.to_thread(_settings, choices)
        return await _open(settings, typed, display, clock)

    base_url = base_url_of(choices)
    return Target(
        connect,
        screen_text(node_url(base_url)),
        screen_text(who_in_words(choices, written_proof(choices))),
        choices.value("interval"),
        profile=sanitize(choices.profile or ""),
        accent=choices.value("accent") or "",
        secrecy=transport_security(base_url, is_verified=not choices.value("insecure")),
        view=choices.value("view"),
        redact=redact,
    )


def _settings(choices: Choices) -> MonitorSettings:
    try:
        return settings_of(choices, ask=None)
    except click.UsageError as error:
        raise ConfigError(error.message) from error


class _Typed:
    """The password that somebody typed for a target, for the next visit: the one before it was refused, or missing."""

    def __init__(self) -> None:
        self._password: str | None = None

    def keep(self, password: str) -> None:
        self._password = password

    def instead_of_given(self, settings: MonitorSettings) -> MonitorSettings:
        auth = settings.auth
        if self._password is None or not isinstance(auth, PasswordLogin):
            return settings
        return structs.replace(settings, auth=structs.replace(auth, password=self._password, missing_reason=None))


async def _open(settings: MonitorSettings, typed: _Typed, display: Display, clock: Clock) -> NodeConnection:
    # There is nothing to log or to watch before the first frame, and it is not to wait for that.
    from cdptui.monitor.connection import connect  # noqa: PLC0415

    display.log.start(settings.secrets)
    return await connect(typed.instead_of_given(settings), clock, display.log.hide, typed.keep)
