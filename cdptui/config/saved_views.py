"""Saved views: what somebody wants to see again, by number. Ours to write, unlike the configuration.

The file is written whole to a neighbour and then put in place, so that no end of the program leaves half of it; one
that cannot be read is kept aside and said, never written over.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import InputFileError, describe_open_error, read_input_file
from cdptui.config.private_files import follow_links, replace_file
from cdptui.models.sanitize import sanitize

NUMBERS: Final = range(1, 10)
MAX_NAME: Final = 40

_VERSION: Final = 1
_MAX_BYTES: Final = 1 << 20


class SavedView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the list is looked at. Words that this version does not know are left out when it is used."""

    name: str
    filter: str = ""
    """An expression; empty for none."""
    unhealthy: bool = False
    """Only what is not as it should be."""
    sort: str = "health"
    inverted: bool = False
    group: str = ""
    columns: tuple[str, ...] = ()
    """Keys of columns; empty for the default ones."""
    wide: bool = False


PRESETS: Final[Mapping[int, SavedView]] = {
    1: SavedView(name="enabled, not running", filter="state=Enabled and status!=Running"),
    2: SavedView(name="full within three days", filter="full<3d", sort="full-in"),
    3: SavedView(name="RPO over target", filter="rpo>1x and state=Enabled", sort="rpo"),
    4: SavedView(name="switched off", filter="state=Disabled", sort="last-op"),
    5: SavedView(name="changed within the hour", filter="changed<1h", sort="last-op"),
    6: SavedView(name="growing fastest", sort="growth"),
    7: SavedView(name="by backup storage", group="storage"),
}
"""What the numbers stand for until somebody saves something there."""


class _File(Struct, frozen=True, kw_only=True):
    version: int
    views: dict[str, SavedView] = {}
    defaults: dict[str, int] = {}
    """Numbers of views by profile."""


class SavedViews(Struct, frozen=True):
    """All saved views, and which of them a profile begins with."""

    saved: Mapping[int, SavedView] = {}
    defaults: Mapping[str, int] = {}

    def view(self, number: int) -> SavedView | None:
        """What a number stands for."""
        return self.saved.get(number) or PRESETS.get(number)

    def find(self, wanted: int | str) -> int | None:
        """The number of a view that is called by its number or its name."""
        if isinstance(wanted, int):
            return wanted if self.view(wanted) is not None else None
        named = {view.name.casefold(): number for number in NUMBERS if (view := self.view(number)) is not None}
        return named.get(wanted.casefold())

    def with_view(self, number: int, view: SavedView | None) -> SavedViews:
        """The same with another view under a number; None takes the saved one away."""
        kept = {at: old for at, old in self.saved.items() if at != number}
        return structs.replace(self, saved=kept if view is None else {**kept, number: view})

    def with_default(self, profile: str, number: int | None) -> SavedViews:
        """The same with another beginning for a profile; None begins with everything."""
        kept = {name: at for name, at in self.defaults.items() if name != profile}
        return structs.replace(self, defaults=kept if number is None else {**kept, profile: number})


class SavedViewsFile:
    """The file of the views."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        """What was wrong with the file and where it is now; empty when nothing was."""

    def read(self) -> SavedViews:
        """What is saved; nothing where there is no file, or none that can be read."""
        try:
            return self._load()
        except ConfigError as error:
            self.problem = str(error)
            return SavedViews()

    def update(self, how: Callable[[SavedViews], SavedViews]) -> SavedViews:
        """Change what is saved, on top of what another monitor may have saved meanwhile. Raises ConfigError.

        A file that cannot be read is not replaced.
        """
        try:
            views = how(self._load())
        except ConfigError as error:
            self.problem = str(error)
            raise
        file = _File(
            version=_VERSION,
            views={str(number): views.saved[number] for number in sorted(views.saved)},
            defaults=dict(views.defaults),
        )
        try:
            replace_file(self._path, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
        except OSError as error:
            message = f"the views cannot be saved in {self._path}: {describe_open_error(self._path, error)}"
            raise ConfigError(message) from error
        return views

    def _load(self) -> SavedViews:
        """Read the file; one without sense is put aside. Raises ConfigError for one that cannot be read."""
        try:
            file = read_input_file(self._path, "saved views", max_bytes=_MAX_BYTES)
            return _decoded(file.content) if file.is_regular else SavedViews()
        except InputFileError as error:
            if error.errno == errno.ENOENT:
                return SavedViews()
            if error.errno != errno.EFBIG:
                raise
            reason = error.reason
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = sanitize(str(error), 80)
        self.problem = f"the saved views were broken, kept as {self._quarantine()} ({reason})"
        return SavedViews()

    def _quarantine(self) -> Path:
        """Rename the file, where a link to it points, and return its new path. Raises ConfigError."""
        try:
            path = follow_links(self._path)
            aside = next(
                other
                for number in range(1, 100)
                if not os.path.lexists(other := path.with_name(f"{path.name}.broken{number if number > 1 else ''}"))
            )
            path.rename(aside)
        except StopIteration as error:
            message = f"the saved views {self._path} are broken, and there are 99 broken files beside them"
            raise ConfigError(message) from error
        except OSError as error:
            message = f"the saved views {self._path} are broken and cannot be renamed: {error.strerror or error}"
            raise ConfigError(message) from error
        return aside


def _decoded(content: bytes) -> SavedViews:
    if len(content) > _MAX_BYTES:
        message = "too large"
        raise ValueError(message)
    file = msgspec.json.decode(content, type=_File)
    if file.version != _VERSION:
        message = f"of version {file.version}"
        raise ValueError(message)
    views = {
        int(number): structs.replace(view, name=sanitize(view.name, MAX_NAME)) for number, view in file.views.items()
    }
    if not views.keys() <= set(NUMBERS):
        message = "a number that is not from 1 to 9"
        raise ValueError(message)
    return SavedViews(views, file.defaults)
