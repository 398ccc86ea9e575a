"""Which value counts, and where it comes from: option, environment, profile, file, default, in this order.

An option wins only if it was typed. Nothing is imported for files that are not there.
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
from cdptui.config.settings import DEFAULT_INTERVAL_S, DEFAULT_TIMEOUT_S

if TYPE_CHECKING:
    from cdptui.config.config_file import ConfigFile
    from cdptui.config.validation import ConfigProblem, KnownNames


class Source(StrEnum):
    """Where a value can come from, the strongest first."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    FILE = "file"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Where a value comes from: an option, a variable, a line of a file."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.where}".rstrip()


class ResolvedSetting(NamedTuple):
    """A value that won, and where it comes from."""

    value: Any
    origin: Origin


class CredentialSource(NamedTuple):
    """Where what proves who one is can be found."""

    kind: str
    """The key in the file: `password_command`, `session_file`, …"""
    value: Any
    origin: Origin


class SettingDef(Struct, frozen=True):
    """Something that can be set, and all the places where."""

    name: str
    path: tuple[str, ...]
    """In the file; for what a profile holds, in its table."""
    option: str = ""
    variables: tuple[str, ...] = ()
    default: Any = None
    is_path: bool = False
    """A file; a relative one is meant from the folder of the configuration."""


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
"""What belongs to one node."""

POLLING_SETTINGS: Final = (
    SettingDef("interval", ("interval",), "--interval", default=DEFAULT_INTERVAL_S),
    SettingDef("timeout", ("timeout",), "--timeout", default=DEFAULT_TIMEOUT_S),
    SettingDef("view", ("view",)),
    SettingDef("accent", ("accent",)),
)
"""What a profile can hold besides."""

UI_SETTINGS: Final = (
    SettingDef("theme", ("ui", "theme"), "--theme", default="dark"),
    SettingDef("columns", ("ui", "columns")),
    SettingDef("mouse", ("ui", "mouse"), "--no-mouse", default=True),
    SettingDef("ascii", ("ui", "ascii"), "--ascii", default=False),
    SettingDef("low_bandwidth", ("ui", "low_bandwidth"), "--low-bandwidth"),
)
LOG: Final = (
    SettingDef("log_file", ("log", "file"), "--log-file", is_path=True),
    SettingDef("log_level", ("log", "level"), "--log-level", default="warning"),
)
PROFILE_SETTINGS: Final = (*CONNECTION, *POLLING_SETTINGS)
GLOBAL_SETTINGS: Final = (*UI_SETTINGS, *LOG)


class Configuration:
    """The files, the strongest first, and what they say about anything."""

    def __init__(self, files: Sequence[ConfigFile] = ()) -> None:
        self.files = tuple(files)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of all profiles."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.content.profiles))

    @property
    def keys(self) -> dict[str, list[str]]:
        """The keys that actions were given, by the action's id."""
        return {
            action: keys.split() if isinstance(keys, str) else keys
            for file in reversed(self.files)
            for action, keys in file.content.keys.items()
        }

    def resolve(
        self, item: SettingDef, typed: Mapping[str, Any], environ: Mapping[str, str] | None, profile: str | None
    ) -> ResolvedSetting:
        """What counts for `item`; `typed` holds options by the item's name, `environ` None is the process's own."""
        if item.name in typed:
            return ResolvedSetting(typed[item.name], Origin(Source.OPTION, item.option))
        known = (
            environment.find_url(environ) if item.name == "url" else environment.find_variable(item.variables, environ)
        )
        if known is not None:
            return ResolvedSetting(known[1], Origin(Source.ENVIRONMENT, known[0]))
        return self.from_files(item, profile)

    def from_files(self, item: SettingDef, profile: str | None) -> ResolvedSetting:
        """What the files say about `item`, else its default."""
        for source, path, file in self._layers(item, profile):
            value = _at(file.content, path)
            if value is not None:
                value = _absolute(value, file.path) if item.is_path else value
                return ResolvedSetting(value, Origin(source, file.location(*path)))
        return ResolvedSetting(item.default, Origin(Source.DEFAULT))

    def credential_source(self, profile: str | None) -> CredentialSource | None:
        """Where the strongest table that says so has what proves who one is; ways of several are not mixed."""
        for source, table in _profile_tables(profile):
            for file in self.files:
                auth = _at(file.content, (*table, "auth"))
                way = None if auth is None else auth.credential_key
                if way is not None:
                    value = getattr(auth, way)
                    value = _absolute(value, file.path) if way.endswith("_file") else value
                    return CredentialSource(way, value, Origin(source, file.location(*table, "auth", way)))
        return None

    def select_profile(
        self, typed: str | None, environ: Mapping[str, str] | None, *, is_node_given: bool
    ) -> ResolvedSetting:
        """The profile to begin with; None when there is none, or when a node was named without one.

        Raises ConfigError for a name that no profile has, and when there are several and nothing says which.
        """
        asked = ResolvedSetting(typed, Origin(Source.OPTION, "--profile"))
        if typed is None:
            known = environment.find_variable(environment.PROFILE, environ)
            asked = ResolvedSetting(known and known[1], Origin(Source.ENVIRONMENT, known[0] if known else ""))
        if asked.value is not None:
            self._require(asked.value)
            return asked
        if is_node_given:
            return ResolvedSetting(None, Origin(Source.DEFAULT, "another node was named"))
        for file in self.files:
            if file.content.default_profile is not None:
                return ResolvedSetting(
                    file.content.default_profile, Origin(Source.FILE, file.location("default_profile"))
                )
        if len(self.profiles) > 1 and self.from_files(CONNECTION[0], None).value is None:
            message = f"which profile? Give --profile NAME, one of {', '.join(self.profiles)}; or set default_profile"
            raise ConfigError(message)
        if len(self.profiles) == 1:
            return ResolvedSetting(self.profiles[0], Origin(Source.DEFAULT, "the only one"))
        return ResolvedSetting(None, Origin(Source.DEFAULT))

    def problems(self) -> Iterator[tuple[ConfigFile, ConfigProblem]]:
        """What is wrong between tables and files, each of which is right by itself."""
        from cdptui.config.validation import ConfigProblem, did_you_mean  # noqa: PLC0415 - only where there are files

        for file in self.files:
            name = file.content.default_profile
            if name is not None and name not in self.profiles and not self._leaves_out("profiles", name):
                text = f"default_profile: there is no profile '{name}'{did_you_mean(name, self.profiles)}"
                yield file, ConfigProblem(("default_profile",), text)
        for name in self.profiles:
            urls = (("profiles", name, "url"), ("defaults", "url"))
            if not any(
                _at(file.content, url) is not None or file.is_rejected(*url) for url in urls for file in self.files
            ):
                file = next(file for file in self.files if name in file.content.profiles)
                yield file, ConfigProblem(("profiles", name), f"the profile '{name}' has no url")

    def _leaves_out(self, *path: str) -> bool:
        return any(file.is_rejected(*path) for file in self.files)

    def _require(self, profile: str) -> None:
        if profile in self.profiles:
            return
        from cdptui.config.validation import did_you_mean  # noqa: PLC0415 - only when something is wrong

        known = f"; there are {', '.join(self.profiles)}" if self.profiles else "; there are none"
        message = f"there is no profile '{profile}'{did_you_mean(profile, self.profiles) or known}"
        raise ConfigError(message)

    def _layers(self, item: SettingDef, profile: str | None) -> Iterator[tuple[Source, tuple[str, ...], ConfigFile]]:
        tables = _profile_tables(profile) if item in PROFILE_SETTINGS else ((Source.FILE, ()),)
        for source, table in tables:
            for file in self.files:
                yield source, (*table, *item.path), file


def load_config(
    given: Path | None,
    words: Callable[[], KnownNames],
    environ: Mapping[str, str] | None = None,
    system: Path = SYSTEM_CONFIG,
) -> Configuration:
    """Read the user's file (or the one that was `given`) and the machine's below it. Raises BadConfig.

    `words` tells the words of other rooms; it is called only when a file has any of them.
    """
    path, is_given = user_config_path(given, environ)
    present = [file for file, is_required in ((system, False), (path, is_given)) if is_required or _is_there(file)]
    if not present:
        return Configuration()
    from cdptui.config.config_file import read_config_files  # noqa: PLC0415 - costs 30 ms: nothing for those who have no file
    from cdptui.config.validation import MAX_PROBLEMS  # noqa: PLC0415 - as the next

    files, problems = read_config_files(present, words)
    configuration = Configuration(files)
    # A file that could not be read may hold what seems to be missing.
    between = [] if problems else list(islice(configuration.problems(), MAX_PROBLEMS + 1))
    for file in reversed(files):
        problems += file.format_problems(problem for other, problem in between if other is file)
    if len(problems) > MAX_PROBLEMS:
        problems[MAX_PROBLEMS:] = [f"there are more than {MAX_PROBLEMS} problems; the others are not listed"]
    if problems:
        raise InvalidConfigError(problems)
    return configuration


def user_config_path(given: Path | None, environ: Mapping[str, str] | None = None) -> tuple[Path, bool]:
    """The user's file, and whether somebody named it: then it must be there."""
    if given is not None:
        return given, True
    named = environment.get(environment.CONFIG, environ)
    return (Path(named).expanduser(), True) if named is not None else (user_config(), False)


def _is_there(path: Path) -> bool:
    """Whether there is a file, or a link to one: reading it finds what is wrong with it."""
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


def _at(content: object, path: Sequence[str]) -> Any:  # noqa: ANN401 - whatever stands there
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else getattr(content, name)
        if content is None:
            return None
    return content


def _absolute(name: str, config: Path) -> Path:
    return config.parent / Path(name).expanduser()
