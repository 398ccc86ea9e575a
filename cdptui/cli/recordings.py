"""`cdptui recordings`: list, check, copy and delete what was recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cdptui.cli.diagnostics import CommandError, ExitCode, confirm
from cdptui.cli.options import Command, LazyGroup
from cdptui.cli.output import print_line
from cdptui.config.paths import display_path, recordings_folder
from cdptui.config.recording import SUFFIX
from cdptui.models.sanitize import sanitize

if TYPE_CHECKING:
    from cdptui.history.recording_file import RecordingError
    from cdptui.history.recordings import RecordingInfo

_MAX_GAPS: Final = 20

NAME_HELP: Final = "NAME is a name that `cdptui recordings` lists, the beginning of one, or the path of a file."
_HEADINGS: Final = ("NAME", "SIZE", "FROM", "TO", "POLLS", "TASKS", "GAPS", "NODE", "ACCOUNT")


@click.group(cls=LazyGroup, invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.pass_context
def recordings(context: click.Context, /) -> None:
    """List what was recorded; show, check, export or delete it."""
    if context.invoked_subcommand is None:
        _list_all()


@recordings.command(cls=Command, epilog=NAME_HELP)
@click.argument("name")
def show(name: str) -> None:
    """Show size, span and gaps of a recording."""
    from cdptui.history.recordings import describe

    info = describe(find_recording(name))
    if info.problem is not None:
        raise recording_error(info.problem)
    print_line(f"file      {display_path(info.path)}")
    print_line(f"node      {sanitize(info.node)}, account {sanitize(info.account)}")
    print_line(f"size      {_size(info)}")
    print_line(f"span      {_moment(info.first_ms)} to {_moment(info.last_ms)}")
    print_line(f"recorded  {info.polls} polls of {info.tasks} tasks, {info.outages} outages of the node")
    for start_ms, end_ms in info.gaps[-_MAX_GAPS:]:
        print_line(f"gap       {_moment(start_ms)} to {_moment(end_ms)}")
    if len(info.gaps) > _MAX_GAPS:
        print_line(f"gap       {len(info.gaps) - _MAX_GAPS} earlier ones are not listed")


@recordings.command(cls=Command, epilog=NAME_HELP)
@click.argument("name")
@click.option("--since", metavar="SPAN", help="Only events of the last 8h, 1d12h, …")
@click.option("--filter", "expression", metavar="EXPR", help="Only events that match, such as 'severity>=warning erp'.")
def events(name: str, since: str | None, expression: str | None) -> None:
    """List what happened: status, plan, policy, RPO, outages, gaps.

    The filter is that of the events on the screen; `cdptui guide filters` has its fields.
    """
    from cdptui.cli.recorded_events import event_lines, parse_event_filter
    from cdptui.clock import SystemClock
    from cdptui.history.recording_file import RecordingError
    from cdptui.query.errors import RegexTimeoutError

    since_ms = _since_ms(since) if since is not None else 0
    parsed = parse_event_filter(expression) if expression is not None else None
    try:
        for line in event_lines(find_recording(name), since_ms, parsed, SystemClock()):
            print_line(line)
    except RecordingError as error:
        raise recording_error(error) from error
    except RegexTimeoutError as error:
        raise CommandError(str(error)) from error


@recordings.command(cls=Command, epilog=NAME_HELP)
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Check a recording, or all; exit code 1 if one is damaged."""
    from cdptui.history import recordings as files
    from cdptui.history.recording_file import RecordingError

    is_damaged = False
    for path in [find_recording(name)] if name is not None else _all_files():
        try:
            found = files.check(path)
        except RecordingError as error:
            found = [_reason(error)]
        is_damaged = is_damaged or bool(found)
        for line in found or ["OK"]:
            print_line(f"{sanitize(path.stem)}: {sanitize(line)}")
    if is_damaged:
        raise click.exceptions.Exit(ExitCode.FAILURE)


@recordings.command(cls=Command, epilog=NAME_HELP)
@click.argument("name")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--since", metavar="SPAN", help="Copy only the last 8h, 1d12h, …, in whole parts of four hours.")
@click.option(
    "--mask-names", is_flag=True, help="Replace the names and descriptions of tasks, the node and the account."
)
def export(name: str, target: Path, since: str | None, mask_names: bool) -> None:  # noqa: FBT001
    """Copy a recording to a new file TARGET, also while it is written."""
    from cdptui.api import record_template
    from cdptui.history import recordings as files
    from cdptui.history.recording_file import RecordingError

    since_ms = _since_ms(since) if since is not None else 0
    mask = record_template.mask_names if mask_names else None
    try:
        with new_file(target):
            files.export(find_recording(name), target, since_ms=since_ms, mask=mask)
    except RecordingError as error:
        raise recording_error(error) from error
    print_line(f"wrote {target}")


@recordings.command(cls=Command, epilog=NAME_HELP)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, yes: bool) -> None:  # noqa: FBT001
    """Delete a recording that no monitor writes."""
    from cdptui.history import recordings as files
    from cdptui.history.recording_file import RecordingError, WriterExists

    path = find_recording(name)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("--yes is needed when stdin is not a terminal")
        if not confirm(f"Delete {display_path(path)}?"):
            raise click.Abort
    try:
        files.delete(path)
    except WriterExists as error:
        message = f"a monitor records to {path.stem}; end it first"
        raise CommandError(message) from error
    except RecordingError as error:
        raise recording_error(error) from error
    print_line(f"deleted {sanitize(path.stem)}")


def _list_all() -> None:
    from cdptui.history.recordings import describe

    files = list(_all_files())
    if not files:
        print_line(f"no recordings in {display_path(recordings_folder())}")
        return
    rows = [_HEADINGS, *(_row(describe(path)) for path in files)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADINGS) - 1)]
    for row in rows:
        print_line(
            "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        )


def _row(info: RecordingInfo) -> tuple[str, ...]:
    name, size = sanitize(info.path.stem), _size(info)
    if info.problem is not None:
        return (name, size, "", "", "", "", "", _reason(info.problem), "")
    first, last = _moment(info.first_ms), _moment(info.last_ms)
    counts = (str(info.polls), str(info.tasks), str(len(info.gaps)))
    return (name, size, first, last, *counts, sanitize(info.node), sanitize(info.account))


def _all_files() -> Iterator[Path]:
    folder = recordings_folder()
    try:
        yield from sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"cannot read {folder}: {error.strerror}"
        raise CommandError(message) from error


def find_recording(name: str) -> Path:
    """Return the recording with a name, a unique beginning of one, or a path."""
    if "/" in name or name.endswith(SUFFIX):
        path = Path(name) if "/" in name else recordings_folder() / name
        if not path.exists() and not path.is_symlink():
            message = f"no such file: {name}"
            raise CommandError(message, ExitCode.USAGE)
        return path
    known = {path.stem: path for path in _all_files()}
    found = [known[name]] if name in known else [path for stem, path in known.items() if stem.startswith(name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sanitize(path.stem) for path in found) or ", ".join(map(sanitize, known)) or "none"
    problem = f"several recordings begin with '{name}'" if found else f"no recording '{name}'"
    message = f"{problem}: {names}"
    raise CommandError(message, ExitCode.USAGE)


def only_recording() -> Path:
    """Return the recording, if there is one only."""
    files = list(_all_files())
    if len(files) != 1:
        names = ", ".join(sanitize(path.stem) for path in files)
        message = f"there are several recordings, name one of them: {names}" if files else "nothing was recorded yet"
        raise CommandError(message, ExitCode.USAGE)
    return files[0]


def recorded(name: str | None) -> RecordingInfo:
    """Return the recording with a name, or the only one. Raises CommandError, also for one without polls."""
    from cdptui.history.recordings import describe

    info = describe(find_recording(name) if name is not None else only_recording())
    if info.problem is not None:
        raise recording_error(info.problem)
    if info.last_ms is None:
        message = f"{info.path} is empty: no poll was recorded"
        raise CommandError(message)
    return info


def moment_ms(text: str, last_ms: int, zone: tzinfo | None, option: str) -> int:
    """Return the time of an option of a command, at most that of the last poll. Raises click.BadParameter."""
    from cdptui.query.moments import MomentError, parse_moment

    try:
        moment = parse_moment(text, datetime.fromtimestamp(last_ms / 1000, UTC), zone)
    except MomentError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
    return min(last_ms, round(1000 * moment.timestamp()))


@contextmanager
def new_file(target: Path) -> Iterator[None]:
    """Raise CommandError for a file that cannot be written, or that already exists."""
    try:
        yield
    except FileExistsError as error:
        message = f"{target} already exists; it was not changed"
        raise CommandError(message, ExitCode.USAGE) from error
    except OSError as error:
        message = f"cannot write {target}: {error.strerror or error}"
        raise CommandError(message) from error


def _since_ms(text: str) -> int:
    from cdptui.cli.recorded_events import parse_since
    from cdptui.clock import SystemClock

    return parse_since(text, SystemClock())


def _size(info: RecordingInfo) -> str:
    from cdptui.render import formatting

    return formatting.size(info.size_bytes)


def _moment(at_ms: int | None) -> str:
    """Return a time in the zone of this machine, with its offset."""
    from cdptui.render import formatting

    return "-" if at_ms is None else formatting.timestamp(datetime.fromtimestamp(at_ms / 1000, UTC), None)


def _reason(error: RecordingError) -> str:
    from cdptui.render.recording_messages import CAUSES

    return f"{CAUSES[error.problem]}: {error.detail}" if error.detail else CAUSES[error.problem]


def recording_error(error: RecordingError) -> CommandError:
    """Return the error of a command whose recording cannot be used."""
    return CommandError(_reason(error))
