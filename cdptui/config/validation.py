"""Everything that is wrong in a configuration, not only the first thing: each key by itself against its type.

Values of `auth` are never repeated in a message: somebody may have written a secret there.
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
    "no secret stands in this file: say where it is, with one of password_command, password_file, keyring, "
    "session_file, access_key_file in [{table}]"
)
_LONG_NUMBER: Final = 10**20
"""Python refuses to print numbers of more than 4,300 digits."""

MAX_PROBLEMS: Final = 100
"""How many problems are listed."""

_PROFILE_NAME: Final = re.compile(r"[\w.-]{1,40}")


class KnownNames(NamedTuple):
    """The words of other rooms that may stand in the file."""

    actions: Mapping[str, tuple[str, ...]]
    """The keys of each action, as `canonical_key` gives them."""
    canonical_key: Callable[[str], str | None]
    """The one name of a key; None for what is no key."""
    columns: tuple[str, ...]
    themes: tuple[str, ...]


class ConfigProblem(Struct, frozen=True):
    """Something wrong, and where."""

    path: Path
    text: str


class ValidationResult(Struct, frozen=True):
    """What was found in the content of one file."""

    content: ConfigSchema
    """What is of the right type; all else is left out."""
    rejected: frozenset[Path]
    problems: tuple[ConfigProblem, ...]


def validate(content: Mapping[str, Any], words: Callable[[], KnownNames]) -> ValidationResult:
    """Check the content of one file; `words` are asked for only if it has any of them.

    What is of a wrong type, or unknown, is told as that and passed over by all later checks: none of them would know
    what was meant by it.
    """
    problems = _first(_in_table(content, ConfigSchema, ()))
    if len(problems) > MAX_PROBLEMS:
        return ValidationResult(ConfigSchema(), frozenset((key,) for key in content), tuple(problems))
    left_out = frozenset(problem.path for problem in problems)
    file = msgspec.convert(_without(content, left_out, ()), ConfigSchema)
    more = _in_profiles(file, left_out)
    if file.keys or file.ui.theme is not None or file.ui.columns is not None:
        known = words()
        more = chain(more, _in_looks(file, known), _in_keys(file.keys, known, left_out))
    return ValidationResult(file, left_out, tuple(_first(chain(problems, more))))


def _first(problems: Iterable[ConfigProblem]) -> list[ConfigProblem]:
    """Return one more problem than is listed: to compare a MiB of unknown keys with the known ones takes minutes."""
    return list(islice(problems, MAX_PROBLEMS + 1))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What `word` may have been meant to be, as the end of a message; empty when nothing is like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - only when something is wrong

    close = get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _in_table(table: object, type_: type[Struct], path: Path) -> Iterator[ConfigProblem]:
    if not isinstance(table, Mapping):
        yield ConfigProblem(path, f"'{path[-1]}'{_place(path[:-1])} must be a table, not {_describe_type(table)}")
        return
    known = _field_types(type_)
    for key, value in table.items():
        here = (*path, key)
        if key not in known:
            yield ConfigProblem(here, _unknown(key, known, path))
        else:
            yield from _in_value(value, known[key], here)


@cache
def _field_types(type_: type[Struct]) -> Mapping[str, Any]:
    """Return the annotations of a table's keys; msgspec evaluates them again for each call, in 0.3 ms."""
    return {field.name: field.type for field in fields(type_)}


def _in_value(value: object, type_: Any, path: Path) -> Iterator[ConfigProblem]:  # noqa: ANN401 - any annotation
    if isinstance(type_, type) and issubclass(type_, Struct):
        yield from _in_table(value, type_, path)
    elif get_origin(type_) is dict:
        if not isinstance(value, Mapping):
            yield ConfigProblem(path, f"'{path[-1]}' must be a table, not {_describe_type(value)}")
            return
        for key, item in value.items():
            yield from _in_value(item, get_args(type_)[1], (*path, key))
    else:
        try:
            msgspec.convert(value, type_)
        except msgspec.ValidationError:
            yield ConfigProblem(
                path, f"'{path[-1]}'{_place(path[:-1])} must be {_description(type_)}, not {_quote(value, path)}"
            )


def _without(table: Mapping[str, Any], left_out: frozenset[Path], path: Path) -> dict[str, Any]:
    return {
        key: _without(value, left_out, (*path, key)) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if (*path, key) not in left_out
    }


def _in_profiles(file: ConfigSchema, left_out: frozenset[Path]) -> Iterator[ConfigProblem]:
    places: list[tuple[Path, ProfileTable]] = [(("defaults",), file.defaults)]
    for name, profile in file.profiles.items():
        places.append((("profiles", name), profile))
        if not _PROFILE_NAME.fullmatch(name):
            text = f"the name of a profile is made of letters, digits, '.', '_' and '-', at most 40; not {name!r}"
            yield ConfigProblem(("profiles", name), text)
    for place, profile in places:
        ways = [way for way in CREDENTIAL_KEYS if getattr(profile.auth, way)]
        if len(ways) > 1:
            text = f"'{ways[0]}' and '{ways[1]}'{_place((*place, 'auth'))} exclude each other"
            yield ConfigProblem((*place, "auth", ways[1]), text)
        command = profile.auth.password_command or "none"
        # A pattern in the schema would say it too, and msgspec 0.22 crashes on one that is used often.
        if not (command if isinstance(command, str) else command[0]).strip():
            text = f"'password_command'{_place((*place, 'auth'))} names no program"
            yield ConfigProblem((*place, "auth", "password_command"), text)
        tls = (*place, "tls")
        if profile.tls.client_key and not profile.tls.client_cert and (*tls, "client_cert") not in left_out:
            yield ConfigProblem((*tls, "client_key"), f"'client_key'{_place(tls)} needs a 'client_cert'")
        try:
            normalize_url(profile.url or "localhost")
        except ConfigError as error:
            yield ConfigProblem((*place, "url"), f"'url'{_place(place)}: {error}")


def _in_looks(file: ConfigSchema, words: KnownNames) -> Iterator[ConfigProblem]:
    theme = file.ui.theme
    if theme is not None and theme not in words.themes:
        text = f"there is no theme '{theme}', only {', '.join(words.themes)}{did_you_mean(theme, words.themes)}"
        yield ConfigProblem(("ui", "theme"), text)
    for column in file.ui.columns or ():
        if column not in words.columns:
            text = f"there is no column '{column}'{did_you_mean(column, words.columns) or '; o lists them'}"
            yield ConfigProblem(("ui", "columns"), text)


def _in_keys(
    keys: Mapping[str, str | list[str]], words: KnownNames, left_out: frozenset[Path]
) -> Iterator[ConfigProblem]:
    owners: dict[str, dict[str, None]] = {}
    """The actions of each key, in order; a key may be named a thousand times for one action."""
    for action, own in words.actions.items():
        for key in own if action not in keys and ("keys", action) not in left_out else ():
            owners.setdefault(key, {})[action] = None
    for action, value in keys.items():
        path = ("keys", action)
        if action not in words.actions:
            yield ConfigProblem(path, f"there is no action '{action}'{did_you_mean(action, words.actions)}")
            continue
        names = split_keys(value)
        if not names:
            yield ConfigProblem(path, f"'{action}' in [keys] needs a key")
        for name in names:
            meant = words.canonical_key(name)
            if meant is None:
                yield ConfigProblem(path, f"'{action}' in [keys]: there is no key '{name}'")
                continue
            for owner in owners.get(meant, ()):
                # Some share a key by their nature: one works in the list, the other in the pane.
                is_usual = owner not in keys and meant in words.actions[action]
                if owner != action and not is_usual:
                    yield ConfigProblem(path, f"the key '{name}' would be both '{owner}' and '{action}'")
            owners.setdefault(meant, {})[action] = None


def split_keys(value: str | list[str]) -> list[str]:
    """The keys that a value of [keys] names."""
    return value.split() if isinstance(value, str) else [name.strip() for name in value if name.strip()]


def _unknown(key: str, known: Mapping[str, Any], path: Path) -> str:
    if key in _SECRETS:
        table = ".".join((*(path or ("profiles", "NAME")), *(("auth",) if path[-1:] != ("auth",) else ())))
        return f"'{key}'{_place(path)} is refused: {_NO_SECRETS.format(table=table)}"
    for name, type_ in known.items():
        if isinstance(type_, type) and issubclass(type_, Struct) and key in type_.__struct_fields__:
            return f"unknown key '{key}'{_place(path)}; it belongs in [{'.'.join((*path, name))}]"
    return f"unknown key '{key}'{_place(path)}{did_you_mean(key, known)}"


def _place(path: Path) -> str:
    return f" in [{'.'.join(path)}]" if path else ""


def _description(type_: Any) -> str:  # noqa: ANN401 - any annotation
    """The description that its own annotation gives, or one of the annotations it is made of."""
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
            return "such a list"
        case Mapping():
            return "a table"
        case _:
            return "a date"
