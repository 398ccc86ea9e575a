"""Saved views by number, in a file that the program writes.

The file is replaced atomically, so that no crash leaves a partial file. An unreadable file is renamed, and a message
says so; it is never overwritten.
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
    """Filter, sort order, grouping and columns of the list. Names unknown to this version are ignored on use."""

    name: str
    filter: str = ""
    """A filter; empty for none."""
    unhealthy: bool = False
    """Whether only unhealthy tasks are shown."""
    sort: str = "health"
    inverted: bool = False
    group: str = ""
    columns: tuple[str, ...] = ()
    """Column keys; empty for the default columns."""
    wide: bool = False


PRESETS: Final[Mapping[int, SavedView]] = {
    1: SavedView(name="enabled, not running", filter="state=Enabled and status!=Running"),
    2: SavedView(name="full within three days", filter="full<3d", sort="full-in"),
    3: SavedView(name="RPO over target", filter="rpo>1x and state=Enabled", sort="rpo"),
    4: SavedView(name="disabled", filter="state=Disabled", sort="last-op"),
    5: SavedView(name="changed within the hour", filter="changed<1h", sort="last-op"),
    6: SavedView(name="growing fastest", sort="growth"),
    7: SavedView(name="by backup storage", group="storage"),
}
"""The views of numbers under which the user has not saved one."""


class _File(Struct, frozen=True, kw_only=True):
    version: int
    views: dict[str, SavedView] = {}
    defaults: dict[str, int] = {}
    """Numbers of startup views by profile."""


class SavedViews(Struct, frozen=True):
    """All saved views, and the startup view of each profile."""

    saved: Mapping[int, SavedView] = {}
    defaults: Mapping[str, int] = {}

    def view(self, number: int) -> SavedView | None:
        """Return the view of a number, saved or preset."""
        return self.saved.get(number) or PRESETS.get(number)

    def find(self, wanted: int | str) -> int | None:
        """The number of a view that is called by its number or its name."""
        if isinstance(wanted, int):
            return wanted if self.view(wanted) is not None else None
        named = {view.name.casefold(): number for number in NUMBERS if (view := self.view(number)) is not None}
        return named.get(wanted.casefold())

    def with_view(self, number: int, view: SavedView | None) -> SavedViews:
        """Return a copy with another view under a number; None deletes the saved one.

        An empty number is no longer a startup view.
        """
        kept = {at: old for at, old in self.saved.items() if at != number}
        if view is not None:
            return structs.replace(self, saved={**kept, number: view})
        defaults = {name: at for name, at in self.defaults.items() if at != number or number in PRESETS}
        return structs.replace(self, saved=kept, defaults=defaults)

    def with_default(self, profile: str, number: int | None) -> SavedViews:
        """Return a copy with another startup view for a profile; None for no startup view."""
        others = {name: at for name, at in self.defaults.items() if name != profile}
        return structs.replace(self, defaults=others if number is None else {**others, profile: number})


class SavedViewsFile:
    """The file of saved views."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        """What was wrong with the file and its new path; empty without a problem."""

    def read(self) -> SavedViews:
        """Return the saved views; none if the file is missing or unreadable."""
        try:
            return self._load()
        except ConfigError as error:
            self.problem = str(error)
            return SavedViews()

    def update(self, change: Callable[[SavedViews], SavedViews]) -> SavedViews:
        """Change the saved views, starting from the current content of the file. Raises ConfigError.

        A file that cannot be read is not replaced.
        """
        try:
            views = change(self._load())
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
            message = f"cannot save the views in {self._path}: {describe_open_error(self._path, error)}"
            raise ConfigError(message) from error
        return views

    def _load(self) -> SavedViews:
        """Read the file; an invalid one is renamed. Raises ConfigError if it cannot be opened."""
        try:
            file = read_input_file(self._path, "saved views", max_bytes=_MAX_BYTES)
            return _decode_views(file.content) if file.is_regular else SavedViews()
        except InputFileError as error:
            if error.errno == errno.ENOENT:
                return SavedViews()
            if error.errno != errno.EFBIG:
                raise
            reason = error.reason
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = sanitize(str(error), 80)
        self.problem = f"Saved views were unreadable and renamed to {self._quarantine()} ({reason})"
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
            message = f"the saved views {self._path} are unreadable, and there are already 99 renamed files"
            raise ConfigError(message) from error
        except OSError as error:
            message = f"the saved views {self._path} are unreadable and cannot be renamed: {error.strerror or error}"
            raise ConfigError(message) from error
        return aside


def _decode_views(content: bytes) -> SavedViews:
    if len(content) > _MAX_BYTES:
        message = "too large"
        raise ValueError(message)
    file = msgspec.json.decode(content, type=_File)
    if file.version != _VERSION:
        message = f"unsupported version {file.version}"
        raise ValueError(message)
    views = {
        int(number): structs.replace(view, name=sanitize(view.name, MAX_NAME)) for number, view in file.views.items()
    }
    if not views.keys() <= set(NUMBERS):
        message = "view numbers must be from 1 to 9"
        raise ValueError(message)
    return SavedViews(views, file.defaults)
