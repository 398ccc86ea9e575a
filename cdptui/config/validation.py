"""Validation of a configuration file: each key is checked against its type, and all problems are reported.

Messages never quote values of `auth`, which may be secrets that the user put there by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, islice
from types import UnionType
from typing import Any, Final, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields

from cdptui.config.errors import ConfigError
from cdptui.config.schema import CREDENTIAL_KEYS, ConfigSchema, ProfileTable
from cdptui.config.url import normalize_url

Path = tuple[str, ...]

_SECRETS: Final = frozenset({"password", "passwd", "secret", "token", "session", "session_id", "access_key_secret"})
_NO_SECRETS: Final = (
    "secrets do not belong in this file; use one of password_command, password_file, keyring, "
    "session_file, access_key_file in [{table}]"
)
_LONG_NUMBER: Final = 10**20
"""Python refuses to print numbers of more than 4,300 digits."""

MAX_PROBLEMS: Final = 100
"""Most problems that are listed."""

_PROFILE_NAME: Final = re.compile(r"[\w.-]{1,40}")


class KnownNames(NamedTuple):
    """Names that other packages define and the file may contain."""

    actions: Mapping[str, tuple[str, ...]]
    """The keys of each action, as returned by `canonical_key`."""
    canonical_key: Callable[[str], str | None]
    """Returns the canonical name of a key; None if there is no such key."""
    columns: tuple[str, ...]
    themes: tuple[str, ...]


class ConfigProblem(Struct, frozen=True):
    """A problem and the path of its key."""

    path: Path
    text: str


class ValidationResult(Struct, frozen=True):
    """The result of validating one file."""

    content: ConfigSchema
    """The valid part of the content."""
    rejected: frozenset[Path]
    problems: tuple[ConfigProblem, ...]


def validate(content: Mapping[str, Any], load_names: Callable[[], KnownNames]) -> ValidationResult:
    """Validate the content of one file; `load_names` is called only if the file uses such names.

    Unknown keys and values of a wrong type are reported and excluded from later checks.
    """
    problems = _first(_check_table(content, ConfigSchema, ()))
    if len(problems) > MAX_PROBLEMS:
        return ValidationResult(ConfigSchema(), frozenset((key,) for key in content), tuple(problems))
    rejected = frozenset(problem.path for problem in problems)
    file = msgspec.convert(_without(content, rejected, ()), ConfigSchema)
    more = _check_profiles(file, rejected)
    if file.keys or file.ui.theme is not None or file.ui.columns is not None:
        known = load_names()
        more = chain(more, _check_ui(file, known), _check_keys(file.keys, known, rejected))
    return ValidationResult(file, rejected, tuple(_first(chain(problems, more))))


def _first(problems: Iterable[ConfigProblem]) -> list[ConfigProblem]:
    """Return one more problem than is listed: comparing a MiB of unknown keys with known ones takes minutes."""
    return list(islice(problems, MAX_PROBLEMS + 1))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion for `word` as the end of a message; empty when no known name is similar."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _check_table(table: object, type_: type[Struct], path: Path) -> Iterator[ConfigProblem]:
    if not isinstance(table, Mapping):
        yield ConfigProblem(path, f"'{path[-1]}'{_place(path[:-1])} must be a table, not {_describe_type(table)}")
        return
    known = _field_types(type_)
    for key, value in table.items():
        here = (*path, key)
        if key not in known:
            yield ConfigProblem(here, _unknown(key, known, path))
        else:
            yield from _check_value(value, known[key], here)


@cache
def _field_types(type_: type[Struct]) -> Mapping[str, Any]:
    """Return the annotations of a table's keys; msgspec evaluates them again for each call, in 0.3 ms."""
    return {field.name: field.type for field in fields(type_)}


def _check_value(value: object, type_: Any, path: Path) -> Iterator[ConfigProblem]:  # noqa: ANN401 - any annotation
    if isinstance(type_, type) and issubclass(type_, Struct):
        yield from _check_table(value, type_, path)
    elif get_origin(type_) is dict:
        if not isinstance(value, Mapping):
            yield ConfigProblem(path, f"'{path[-1]}' must be a table, not {_describe_type(value)}")
            return
        for key, item in value.items():
            yield from _check_value(item, get_args(type_)[1], (*path, key))
    else:
        try:
            msgspec.convert(value, type_)
        except msgspec.ValidationError:
            yield ConfigProblem(
                path, f"'{path[-1]}'{_place(path[:-1])} must be {_description(type_)}, not {_quote(value, path)}"
            )


def _without(table: Mapping[str, Any], rejected: frozenset[Path], path: Path) -> dict[str, Any]:
    return {
        key: _without(value, rejected, (*path, key)) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if (*path, key) not in rejected
    }


def _check_profiles(file: ConfigSchema, rejected: frozenset[Path]) -> Iterator[ConfigProblem]:
    places: list[tuple[Path, ProfileTable]] = [(("defaults",), file.defaults)]
    for name, profile in file.profiles.items():
        places.append((("profiles", name), profile))
        if not _PROFILE_NAME.fullmatch(name):
            text = f"a profile name has at most 40 letters, digits, '.', '_' and '-'; not {name!r}"
            yield ConfigProblem(("profiles", name), text)
    for place, profile in places:
        ways = [way for way in CREDENTIAL_KEYS if getattr(profile.auth, way)]
        if len(ways) > 1:
            text = f"'{ways[0]}' and '{ways[1]}'{_place((*place, 'auth'))} exclude each other"
            yield ConfigProblem((*place, "auth", ways[1]), text)
        command = profile.auth.password_command or "none"
        # Not a pattern in the schema, because msgspec 0.22 crashes on patterns that are used often.
        if not (command if isinstance(command, str) else command[0]).strip():
            text = f"'password_command'{_place((*place, 'auth'))} does not name a program"
            yield ConfigProblem((*place, "auth", "password_command"), text)
        tls = (*place, "tls")
        if profile.tls.client_key and not profile.tls.client_cert and (*tls, "client_cert") not in rejected:
            yield ConfigProblem((*tls, "client_key"), f"'client_key'{_place(tls)} needs a 'client_cert'")
        try:
            normalize_url(profile.url or "localhost")
        except ConfigError as error:
            yield ConfigProblem((*place, "url"), f"'url'{_place(place)}: {error}")


def _check_ui(file: ConfigSchema, names: KnownNames) -> Iterator[ConfigProblem]:
    theme = file.ui.theme
    if theme is not None and theme not in names.themes:
        text = f"unknown theme '{theme}', available: {', '.join(names.themes)}{did_you_mean(theme, names.themes)}"
        yield ConfigProblem(("ui", "theme"), text)
    for column in file.ui.columns or ():
        if column not in names.columns:
            text = f"unknown column '{column}'{did_you_mean(column, names.columns) or '; o in the program lists them'}"
            yield ConfigProblem(("ui", "columns"), text)


def _check_keys(
    keys: Mapping[str, str | list[str]], names: KnownNames, rejected: frozenset[Path]
) -> Iterator[ConfigProblem]:
    owners: dict[str, dict[str, None]] = {}
    """The actions of each key, in order; a key may be named a thousand times for one action."""
    for action, own in names.actions.items():
        for key in own if action not in keys and ("keys", action) not in rejected else ():
            owners.setdefault(key, {})[action] = None
    for action, value in keys.items():
        path = ("keys", action)
        if action not in names.actions:
            yield ConfigProblem(path, f"unknown action '{action}'{did_you_mean(action, names.actions)}")
            continue
        own_keys = split_keys(value)
        if not own_keys:
            yield ConfigProblem(path, f"'{action}' in [keys] needs a key")
        for name in own_keys:
            canonical = names.canonical_key(name)
            if canonical is None:
                yield ConfigProblem(path, f"'{action}' in [keys]: unknown key '{name}'")
                continue
            for owner in owners.get(canonical, ()):
                # Some actions share a default key: one works in the list, the other in the pane.
                is_default = owner not in keys and canonical in names.actions[action]
                if owner != action and not is_default:
                    yield ConfigProblem(path, f"key '{name}' is assigned to both '{owner}' and '{action}'")
            owners.setdefault(canonical, {})[action] = None


def split_keys(value: str | list[str]) -> list[str]:
    """Return the key names in a value of [keys]."""
    return value.split() if isinstance(value, str) else [name.strip() for name in value if name.strip()]


def _unknown(key: str, known: Mapping[str, Any], path: Path) -> str:
    if key in _SECRETS:
        table = ".".join((*(path or ("profiles", "NAME")), *(("auth",) if path[-1:] != ("auth",) else ())))
        return f"'{key}'{_place(path)} is not allowed: {_NO_SECRETS.format(table=table)}"
    for name, type_ in known.items():
        if isinstance(type_, type) and issubclass(type_, Struct) and key in type_.__struct_fields__:
            return f"unknown key '{key}'{_place(path)}; it belongs in [{'.'.join((*path, name))}]"
    return f"unknown key '{key}'{_place(path)}{did_you_mean(key, known)}"


def _place(path: Path) -> str:
    return f" in [{'.'.join(path)}]" if path else ""


def _description(type_: Any) -> str:  # noqa: ANN401 - any annotation
    """Return the description of an annotation, or the first one of its parts."""
    for meta in getattr(type_, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    if isinstance(type_, UnionType) or hasattr(type_, "__args__"):
        return next((words for part in get_args(type_) if (words := _description(part))), "")
    return ""


def _quote(value: object, path: Path) -> str:
    if not value or isinstance(value, bool) or "auth" in path:
        return _describe_type(value)
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LONG_NUMBER):
        return f"{value}"
    return _describe_type(value)


def _describe_type(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case "":
            return "empty text"
        case str():
            return "text"
        case int() | float():
            return "a number" if value else "0"
        case []:
            return "an empty list"
        case list():
            return "this list"
        case Mapping():
            return "a table"
        case _:
            return "a date"
