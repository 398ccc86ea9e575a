"""The effective configuration: command line, environment, profile and files, in this order of precedence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource
from msgspec import Struct, structs

from cdptui.cli.logging_setup import LogSettings
from cdptui.config import environment
from cdptui.config.errors import ConfigError
from cdptui.config.loader import (
    CONNECTION,
    GLOBAL_SETTINGS,
    PROFILE_SETTINGS,
    Configuration,
    ResolvedSetting,
    Source,
    load_config,
    user_config_path,
)
from cdptui.config.url import normalize_url

if TYPE_CHECKING:
    from cdptui.config.validation import KnownNames


def known_names() -> KnownNames:
    """Return all names that a configuration file may use. Imports much, so it is called only when there is a file."""
    from cdptui.config.validation import KnownNames
    from cdptui.render.columns import COLUMNS
    from cdptui.tui.keymap import KEYS, normalize_key
    from cdptui.tui.themes import THEMES

    return KnownNames(
        actions={key.id: tuple(key.keys.split(",")) for key in KEYS},
        canonical_key=normalize_key,
        columns=tuple(column.key for column in COLUMNS),
        themes=tuple(theme.name for theme in THEMES),
    )


SETTINGS: Final = {item.name: item for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS)}
_URL: Final = SETTINGS["url"]
_PARAMETER_SETTINGS: Final = {"timeout_s": "timeout", "is_ascii": "ascii"}


def command_line_options(context: click.Context) -> dict[str, Any]:
    """Return the options that were typed on the command line, by the name of their setting; the last one wins."""
    typed = command_line_options(context.parent) if context.parent is not None else {}
    typed |= {
        _PARAMETER_SETTINGS.get(name, name): value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    for name in ("mouse", "record"):
        if f"no_{name}" in typed:
            typed[name] = not typed.pop(f"no_{name}")
    return typed


class EffectiveConfig(Struct, frozen=True, dict=True):
    """All settings, for one profile or none."""

    configuration: Configuration
    typed: Mapping[str, Any]
    profile: str | None = None
    environ: Mapping[str, str] | None = None
    """None for the environment of the process."""

    @classmethod
    def from_context(cls, context: click.Context) -> EffectiveConfig:
        """Return the settings without a profile. Raises ConfigError."""
        typed = command_line_options(context)
        return cls(load_config(typed.get("config"), known_names), typed)

    def with_initial_profile(self) -> EffectiveConfig:
        """Return the settings with the initial profile. Raises ConfigError."""
        return structs.replace(self, profile=self.initial_profile.value)

    @property
    def initial_profile(self) -> ResolvedSetting:
        """The initial profile. Raises ConfigError."""
        is_node_given = "url" in self.typed or environment.find_url(self.environ) is not None
        return self.configuration.select_profile(self.typed.get("profile"), self.environ, is_node_given=is_node_given)

    def for_profile(self, profile: str) -> EffectiveConfig:
        """Return the settings for another profile.

        Command-line and environment values that name a node or a credential apply to the initial profile only.
        """
        names = {item.name for item in CONNECTION} | {"password_stdin", "password_file", "access_key_file", "profile"}
        typed = {name: value for name, value in self.typed.items() if name not in names}
        return EffectiveConfig(self.configuration, typed, profile, environ={})

    @cached_property
    def url_override(self) -> str:
        """The option or variable that names another node than that of the profile; empty when none does."""
        url, origin = self.configuration.resolve(_URL, self.typed, self.environ, self.profile)
        if self.profile is None or origin.source not in {Source.OPTION, Source.ENVIRONMENT}:
            return ""
        return "" if _is_same_node(url, self.configuration.from_files(_URL, self.profile).value) else origin.where

    @property
    def credential_profile(self) -> str | None:
        """The profile if its own node is used; None otherwise, as its credentials must not be sent to another node."""
        return None if self.url_override else self.profile

    def resolve(self, name: str) -> ResolvedSetting:
        """Return a setting and its origin."""
        return self.configuration.resolve(SETTINGS[name], self.typed, self.environ, self._profile_for(name))

    def value(self, name: str) -> Any:  # noqa: ANN401 - the type depends on the setting
        """Return the value of a setting."""
        return self.resolve(name).value

    def file_value(self, name: str) -> Any:  # noqa: ANN401 - the type depends on the setting
        """Return the value of the files, or the default."""
        return self.configuration.from_files(SETTINGS[name], self._profile_for(name)).value

    def _profile_for(self, name: str) -> str | None:
        return self.credential_profile if SETTINGS[name] in CONNECTION or name == "accent" else self.profile

    def cli_option(self, name: str) -> Any:  # noqa: ANN401 - the type depends on the option
        """Return an option that has no setting in files or environment; None when it was not typed."""
        return self.typed.get(name)

    @property
    def user_config_file(self) -> Path | None:
        """The user's configuration file, not that of the system; None when it does not exist."""
        path, _ = user_config_path(self.typed.get("config"), self.environ)
        return path if any(file.path == path for file in self.configuration.files) else None

    @property
    def log_file(self) -> Path | None:
        """Path of the log file; None for the default one."""
        path: Path | None = self.value("log_file")
        return path


def _is_same_node(one: str, other: str) -> bool:
    try:
        return normalize_url(one) == normalize_url(other)
    except ConfigError:
        return False


class DisplaySettings(Struct, frozen=True):
    """Settings of theme, output, keys and log."""

    theme: str
    log: LogSettings
    low_bandwidth: bool | None = None
    """Write less to the terminal; None to do so when the connection is slow."""
    is_ascii: bool = False
    """Use ASCII characters, regardless of the locale."""
    has_mouse: bool = True
    keys: Mapping[str, Sequence[str]] = {}
    """Keys of actions with other keys than the default, by the id of the action."""
    columns: Sequence[str] | None = None
    """Keys of the columns of the list; None for the default columns."""
    zone: tzinfo | None = None
    """The zone in which times are shown; None for that of this machine, which `TZ` sets."""

    @classmethod
    def of(cls, effective_config: EffectiveConfig) -> DisplaySettings:
        """Return the display settings of a configuration."""
        level = "debug" if effective_config.cli_option("debug") else effective_config.value("log_level")
        return cls(
            theme=effective_config.value("theme"),
            log=LogSettings(effective_config.log_file, level),
            low_bandwidth=effective_config.value("low_bandwidth"),
            is_ascii=effective_config.value("ascii"),
            has_mouse=effective_config.value("mouse"),
            keys=effective_config.configuration.keys,
            columns=effective_config.value("columns"),
            zone=UTC if effective_config.value("utc") else None,
        )
