"""Resolve settings with their origin. Precedence: option, environment, profile, file, default.

An option counts only if it was given on the command line. Modules for files are imported only if there is a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct

from cdptui.config import environment
from cdptui.config.errors import ConfigError, InvalidConfigError
from cdptui.config.paths import SYSTEM_CONFIG, user_config
from cdptui.config.recording import DEFAULT_LIMIT
from cdptui.config.settings import DEFAULT_INTERVAL_S, DEFAULT_TIMEOUT_S

if TYPE_CHECKING:
    from cdptui.config.config_file import ConfigFile
    from cdptui.config.validation import ConfigProblem, KnownNames


class Source(StrEnum):
    """Sources of a value, highest precedence first."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    FILE = "file"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Origin of a value: an option, a variable, or a line of a file."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.where}".rstrip()


class ResolvedSetting(NamedTuple):
    """The effective value of a setting and its origin."""

    value: Any
    origin: Origin


class CredentialSource(NamedTuple):
    """The configured source of a credential."""

    kind: str
    """Its key in the file: `password_command`, `session_file`, …"""
    value: Any
    origin: Origin


class SettingDef(Struct, frozen=True):
    """Definition of a setting: its key in the file, option, variables and default."""

    name: str
    path: tuple[str, ...]
    """Path of the key in the file; for profile settings, in the table of the profile."""
    option: str = ""
    variables: tuple[str, ...] = ()
    default: Any = None
    is_path: bool = False
    """Whether it is a path, relative to the folder of the configuration file."""


CONNECTION: Final = (
    SettingDef("url", ("url",), "--url", environment.URL),
    SettingDef("account", ("account",), "--account", environment.ACCOUNT, "admin"),
    SettingDef("login_type", ("auth", "login_type"), "--login-type"),
    SettingDef("user", ("auth", "user"), "--user"),
    SettingDef("project", ("auth", "project"), "--project"),
    SettingDef("server_zone", ("server_zone",), "--server-zone", environment.SERVER_ZONE),
    SettingDef("ca_file", ("tls", "ca_file"), "--ca-file", is_path=True),
    SettingDef("insecure", ("tls", "insecure"), "--insecure", default=False),
    SettingDef("client_cert", ("tls", "client_cert"), "--client-cert", is_path=True),
    SettingDef("client_key", ("tls", "client_key"), "--client-key", is_path=True),
)
"""Settings of the connection to a node."""

POLLING_SETTINGS: Final = (
    SettingDef("interval", ("interval",), "--interval", default=DEFAULT_INTERVAL_S),
    SettingDef("timeout", ("timeout",), "--timeout", default=DEFAULT_TIMEOUT_S),
    SettingDef("view", ("view",)),
    SettingDef("accent", ("accent",)),
)
"""Other settings of a profile."""

UI_SETTINGS: Final = (
    SettingDef("theme", ("ui", "theme"), "--theme", default="dark"),
    SettingDef("columns", ("ui", "columns")),
    SettingDef("mouse", ("ui", "mouse"), "--no-mouse", default=True),
    SettingDef("ascii", ("ui", "ascii"), "--ascii", default=False),
    SettingDef("low_bandwidth", ("ui", "low_bandwidth"), "--low-bandwidth"),
    SettingDef("utc", ("ui", "utc"), "--utc", default=False),
)
RECORD_SETTINGS: Final = (
    SettingDef("record", ("record", "enabled"), "--no-record", default=True),
    SettingDef("record_limit", ("record", "limit"), "--record-limit", default=DEFAULT_LIMIT),
)
LOG: Final = (
    SettingDef("log_file", ("log", "file"), "--log-file", is_path=True),
    SettingDef("log_level", ("log", "level"), "--log-level", default="warning"),
)
PROFILE_SETTINGS: Final = (*CONNECTION, *POLLING_SETTINGS)
GLOBAL_SETTINGS: Final = (*UI_SETTINGS, *RECORD_SETTINGS, *LOG)


class Configuration:
    """The configuration files, highest precedence first, and their values."""

    def __init__(self, files: Sequence[ConfigFile] = ()) -> None:
        self.files = tuple(files)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of all profiles."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.content.profiles))

    @property
    def keys(self) -> dict[str, list[str]]:
        """The configured keys by action id."""
        return {
            action: keys.split() if isinstance(keys, str) else keys
            for file in reversed(self.files)
            for action, keys in file.content.keys.items()
        }

    def resolve(
        self, setting: SettingDef, typed: Mapping[str, Any], environ: Mapping[str, str] | None, profile: str | None
    ) -> ResolvedSetting:
        """Return the effective value. `typed` has options by setting name; `environ` None is that of the process."""
        if setting.name in typed:
            return ResolvedSetting(typed[setting.name], Origin(Source.OPTION, setting.option))
        known = (
            environment.find_url(environ)
            if setting.name == "url"
            else environment.find_variable(setting.variables, environ)
        )
        if known is not None:
            return ResolvedSetting(known[1], Origin(Source.ENVIRONMENT, known[0]))
        return self.from_files(setting, profile)

    def from_files(self, setting: SettingDef, profile: str | None) -> ResolvedSetting:
        """Return the value of the files, else the default."""
        for source, path, file in self._layers(setting, profile):
            value = _at(file.content, path)
            if value is not None:
                value = _absolute(value, file.path) if setting.is_path else value
                return ResolvedSetting(value, Origin(source, file.location(*path)))
        return ResolvedSetting(setting.default, Origin(Source.DEFAULT))

    def credential_source(self, profile: str | None) -> CredentialSource | None:
        """Return the credential source of the table with the highest precedence; tables are not merged."""
        for source, table in _profile_tables(profile):
            for file in self.files:
                auth = _at(file.content, (*table, "auth"))
                key = None if auth is None else auth.credential_key
                if key is not None:
                    value = getattr(auth, key)
                    value = _absolute(value, file.path) if key.endswith("_file") else value
                    return CredentialSource(key, value, Origin(source, file.location(*table, "auth", key)))
        return None

    def select_profile(
        self, typed: str | None, environ: Mapping[str, str] | None, *, is_node_given: bool
    ) -> ResolvedSetting:
        """Return the initial profile; None without profiles, or when a node was given without a profile.

        Raises ConfigError for an unknown name, and when there are several profiles and none was selected.
        """
        asked = ResolvedSetting(typed, Origin(Source.OPTION, "--profile"))
        if typed is None:
            known = environment.find_variable(environment.PROFILE, environ)
            asked = ResolvedSetting(known and known[1], Origin(Source.ENVIRONMENT, known[0] if known else ""))
        if asked.value is not None:
            self._require(asked.value)
            return asked
        if is_node_given:
            return ResolvedSetting(None, Origin(Source.DEFAULT, "a node was given"))
        for file in self.files:
            if file.content.default_profile is not None:
                return ResolvedSetting(
                    file.content.default_profile, Origin(Source.FILE, file.location("default_profile"))
                )
        if len(self.profiles) > 1 and self.from_files(CONNECTION[0], None).value is None:
            message = f"several profiles: use --profile NAME ({', '.join(self.profiles)}) or set default_profile"
            raise ConfigError(message)
        if len(self.profiles) == 1:
            return ResolvedSetting(self.profiles[0], Origin(Source.DEFAULT, "the only profile"))
        return ResolvedSetting(None, Origin(Source.DEFAULT))

    def problems(self) -> Iterator[tuple[ConfigFile, ConfigProblem]]:
        """Yield problems between tables or files that are valid separately."""
        from cdptui.config.validation import ConfigProblem, did_you_mean

        for file in self.files:
            name = file.content.default_profile
            if name is not None and name not in self.profiles and not self._is_rejected("profiles", name):
                text = f"default_profile: unknown profile '{name}'{did_you_mean(name, self.profiles)}"
                yield file, ConfigProblem(("default_profile",), text)
        for name in self.profiles:
            urls = (("profiles", name, "url"), ("defaults", "url"))
            if not any(
                _at(file.content, url) is not None or file.is_rejected(*url) for url in urls for file in self.files
            ):
                file = next(file for file in self.files if name in file.content.profiles)
                yield file, ConfigProblem(("profiles", name), f"profile '{name}' has no url")

    def _is_rejected(self, *path: str) -> bool:
        return any(file.is_rejected(*path) for file in self.files)

    def _require(self, profile: str) -> None:
        if profile in self.profiles:
            return
        from cdptui.config.validation import did_you_mean

        known = f"; available: {', '.join(self.profiles)}" if self.profiles else "; no profiles are configured"
        message = f"unknown profile '{profile}'{did_you_mean(profile, self.profiles) or known}"
        raise ConfigError(message)

    def _layers(self, setting: SettingDef, profile: str | None) -> Iterator[tuple[Source, tuple[str, ...], ConfigFile]]:
        tables = _profile_tables(profile) if setting in PROFILE_SETTINGS else ((Source.FILE, ()),)
        for source, table in tables:
            for file in self.files:
                yield source, (*table, *setting.path), file


def load_config(
    given: Path | None,
    load_names: Callable[[], KnownNames],
    environ: Mapping[str, str] | None = None,
    system: Path = SYSTEM_CONFIG,
) -> Configuration:
    """Read the user's file, or the one that was `given`, and the system's file. Raises InvalidConfigError.

    `load_names` returns names that other packages define; it is called only if a file uses any of them.
    """
    path, is_given = user_config_path(given, environ)
    present = [file for file, is_required in ((system, False), (path, is_given)) if is_required or _exists(file)]
    if not present:
        return Configuration()
    from cdptui.config.config_file import read_config_files
    from cdptui.config.validation import MAX_PROBLEMS

    files, problems = read_config_files(present, load_names)
    configuration = Configuration(files)
    # A file that could not be read may contain what seems to be missing.
    between = [] if problems else list(islice(configuration.problems(), MAX_PROBLEMS + 1))
    for file in reversed(files):
        problems += file.format_problems(problem for other, problem in between if other is file)
    if len(problems) > MAX_PROBLEMS:
        problems[MAX_PROBLEMS:] = [f"more than {MAX_PROBLEMS} problems; the rest is not listed"]
    if problems:
        raise InvalidConfigError(problems)
    return configuration


def user_config_path(given: Path | None, environ: Mapping[str, str] | None = None) -> tuple[Path, bool]:
    """Return the path of the user's file, and whether it was given explicitly and must exist."""
    if given is not None:
        return given, True
    named = environment.get(environment.CONFIG, environ)
    return (Path(named).expanduser(), True) if named is not None else (user_config(), False)


def _exists(path: Path) -> bool:
    """Return whether the path exists, also as a dangling link: reading it reports the problem."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return any(part.is_symlink() and not part.exists() for part in (path, *path.parents))
    except OSError:
        return True
    return True


def _profile_tables(profile: str | None) -> tuple[tuple[Source, tuple[str, ...]], ...]:
    defaults = (Source.FILE, ("defaults",))
    return (defaults,) if profile is None else ((Source.PROFILE, ("profiles", profile)), defaults)


def _at(content: object, path: Sequence[str]) -> Any:  # noqa: ANN401 - any value of the file
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else getattr(content, name)
        if content is None:
            return None
    return content


def _absolute(name: str, config: Path) -> Path:
    return config.parent / Path(name).expanduser()
