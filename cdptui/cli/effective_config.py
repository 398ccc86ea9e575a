"""What counts for this run: the options that were typed, the environment, a profile, and the files below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

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
from collections.abc import Sequence

from msgspec import Struct

from cdptui.cli.logging_setup import LogSettings


def known_names() -> KnownNames:
    """All of them; only for those who have a file to check."""
    from cdptui.config.validation import KnownNames  # noqa: PLC0415 - see above
    from cdptui.render.columns import COLUMNS  # noqa: PLC0415
    from cdptui.tui.keymap import KEYS, normalize_key  # noqa: PLC0415
    from cdptui.tui.themes import THEMES  # noqa: PLC0415

    return KnownNames(
        actions={key.id: tuple(key.keys.split(",")) for key in KEYS},
        canonical_key=normalize_key,
        columns=tuple(column.key for column in COLUMNS),
        themes=tuple(theme.name for theme in THEMES),
    )


SETTINGS: Final = {item.name: item for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS)}
_URL: Final = SETTINGS["url"]
_OTHERWISE_CALLED: Final = {"timeout_s": "timeout", "is_ascii": "ascii"}


def command_line_options(context: click.Context) -> dict[str, Any]:
    """The options that are on the command line itself, by the name of what they set; the last one wins."""
    typed = command_line_options(context.parent) if context.parent is not None else {}
    typed |= {
        _OTHERWISE_CALLED.get(name, name): value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "no_mouse" in typed:
        typed["mouse"] = not typed.pop("no_mouse")
    return typed


@dataclass(frozen=True)
class EffectiveConfig:
    """Everything that can be chosen, for one profile or none."""

    configuration: Configuration
    typed: Mapping[str, Any]
    profile: str | None = None
    environ: Mapping[str, str] | None = None
    """None is the environment of the process."""

    @classmethod
    def from_context(cls, context: click.Context) -> EffectiveConfig:
        """What counts without any profile. Raises ConfigError."""
        typed = command_line_options(context)
        return cls(load_config(typed.get("config"), known_names), typed)

    def with_initial_profile(self) -> EffectiveConfig:
        """The same with the profile to begin with. Raises ConfigError."""
        return replace(self, profile=self.initial_profile.value)

    @property
    def initial_profile(self) -> ResolvedSetting:
        """The profile to begin with. Raises ConfigError."""
        is_node_given = "url" in self.typed or environment.find_url(self.environ) is not None
        return self.configuration.select_profile(self.typed.get("profile"), self.environ, is_node_given=is_node_given)

    def for_profile(self, profile: str) -> EffectiveConfig:
        """What counts for a profile that is chosen later: what was said about the first node is not said about it."""
        names = {item.name for item in CONNECTION} | {"password_stdin", "password_file", "access_key_file", "profile"}
        typed = {name: value for name, value in self.typed.items() if name not in names}
        return EffectiveConfig(self.configuration, typed, profile, environ={})

    @cached_property
    def url_override(self) -> str:
        """Who asks for another node than the profile's own; empty when nobody does."""
        url, origin = self.configuration.resolve(_URL, self.typed, self.environ, self.profile)
        if self.profile is None or origin.source not in {Source.OPTION, Source.ENVIRONMENT}:
            return ""
        return "" if _is_same_node(url, self.configuration.from_files(_URL, self.profile).value) else origin.where

    @property
    def credential_profile(self) -> str | None:
        """The profile, if the node is its own: its name and its password are not for another one's tasks."""
        return None if self.url_override else self.profile

    def resolve(self, name: str) -> ResolvedSetting:
        """What counts, and where it comes from."""
        return self.configuration.resolve(SETTINGS[name], self.typed, self.environ, self._profile_for(name))

    def value(self, name: str) -> Any:  # noqa: ANN401 - of whatever type the item has
        """What counts."""
        return self.resolve(name).value

    def file_value(self, name: str) -> Any:  # noqa: ANN401 - of whatever type the item has
        """What the files say, or the default."""
        return self.configuration.from_files(SETTINGS[name], self._profile_for(name)).value

    def _profile_for(self, name: str) -> str | None:
        return self.credential_profile if SETTINGS[name] in CONNECTION or name == "accent" else self.profile

    def cli_option(self, name: str) -> Any:  # noqa: ANN401 - of whatever type the option has
        """An option that no file and no variable stands for; None when it was not typed."""
        return self.typed.get(name)

    @property
    def user_config_file(self) -> Path | None:
        """The person's own configuration, not the machine's; None where there is none."""
        path, _ = user_config_path(self.typed.get("config"), self.environ)
        return path if any(file.path == path for file in self.configuration.files) else None

    @property
    def log_file(self) -> Path | None:
        """Where to log; None is the default place."""
        chosen: Path | None = self.value("log_file")
        return chosen


def _is_same_node(one: str, other: str) -> bool:
    try:
        return normalize_url(one) == normalize_url(other)
    except ConfigError:
        return False


class DisplaySettings(Struct, frozen=True):
    """What was chosen about looks, keys and the log."""

    theme: str
    log: LogSettings
    low_bandwidth: bool | None = None
    """Spare the line to the terminal; None when it turns out to be slow."""
    is_ascii: bool = False
    """Draw with plain characters, whatever the locale says."""
    has_mouse: bool = True
    keys: Mapping[str, Sequence[str]] = {}
    """Other keys for actions, by the action's id."""
    columns: Sequence[str] | None = None
    """The columns of the list; None are the usual ones."""

    @classmethod
    def of(cls, choices: EffectiveConfig) -> DisplaySettings:
        """As the options, the environment and the files say."""
        level = "debug" if choices.cli_option("debug") else choices.value("log_level")
        return cls(
            theme=choices.value("theme"),
            log=LogSettings(choices.log_file, level),
            low_bandwidth=choices.value("low_bandwidth"),
            is_ascii=choices.value("ascii"),
            has_mouse=choices.value("mouse"),
            keys=choices.configuration.keys,
            columns=choices.value("columns"),
        )
