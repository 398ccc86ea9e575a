"""`cdptui bundle`: what was recorded of an incident, as one file for a ticket."""

from __future__ import annotations

import io
import json
import platform
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import click

from cdptui import __version__
from cdptui.cli.diagnostics import CommandError
from cdptui.cli.options import Command
from cdptui.cli.output import print_line
from cdptui.cli.output_boundary import redact
from cdptui.cli.recordings import NAME_HELP, moment_ms, new_file, recorded, recording_error
from cdptui.render import formatting

_ABOUT: Final = """{title}

{start} to {end}

recording.sqlite  what was recorded in that time, in whole parts of four hours: cdptui replay recording.sqlite
handover.md       what was wrong at the end, what happened, and what was not watched
handover.json     the same for programs
tasks.json        the records of all tasks at the end, as the server sent them

cdptui {version}, Python {python}, SQLite {sqlite}, {system}
Searched for the passwords, sessions and keys that this process knows: none found.
{names}
"""

_MASKED: Final = "Names and descriptions of tasks, the node, the account and notes are masked."
_NAMED: Final = "Names and descriptions are as they are: --mask-names replaces them."


@click.command(cls=Command, epilog=NAME_HELP, short_help="Write what was recorded of an incident to one file.")
@click.argument("name", required=False)
@click.option("--from", "start", metavar="TIME", required=True, help="The beginning: 02:10, -3h, 'yesterday 02:10', …")
@click.option("--to", "end", metavar="TIME", help="The end; by default the last poll.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="A new file, such as incident.tar.gz.")
@click.option(
    "--mask-names", is_flag=True, help="Replace the names and descriptions of tasks, the node and the account."
)
def bundle(name: str | None, start: str, end: str | None, target: Path | None, mask_names: bool) -> None:  # noqa: FBT001
    """Write the recording, the handover and the records of a time to one file, for a ticket.

    It is searched for the passwords, sessions and keys that this process knows, and not written if it has one.
    """
    from cdptui.history.recording_file import RecordingError

    info = recorded(name)
    last_ms = info.last_ms or 0
    end_ms = moment_ms(end, last_ms, None, "--to") if end is not None else last_ms
    start_ms = moment_ms(start, last_ms, None, "--from")
    if start_ms >= end_ms:
        raise click.BadParameter("it is not before the end", param_hint="--from")
    target = target or Path(f"cdptui-{formatting.local_time(start_ms, None):%Y%m%d-%H%M}.tar.gz")
    try:
        with new_file(target), tempfile.TemporaryDirectory(prefix="cdptui-bundle-") as folder:
            members = _members(info.path, Path(folder), start_ms, end_ms, is_masked=mask_names)
            _write(target, members)
    except RecordingError as error:
        raise recording_error(error) from error
    print_line(f"wrote {target}")


def _members(path: Path, folder: Path, start_ms: int, end_ms: int, *, is_masked: bool) -> dict[str, bytes]:
    """Return the files of the bundle by name. All are made from the copy, in which names may be masked."""
    from cdptui.api import record_template
    from cdptui.history import recordings as files
    from cdptui.history.schema import SQLITE_VERSION
    from cdptui.monitor.handover import find_text, read_handover, read_records
    from cdptui.render.handover import HandoverContext, handover_json, handover_markdown

    copy = folder / "recording.sqlite"
    mask = record_template.mask_names if is_masked else None
    files.export(path, copy, since_ms=start_ms, until_ms=end_ms, mask=mask)
    info = files.describe(copy)
    if info.problem is not None:
        raise info.problem
    found = read_handover(copy, start_ms, end_ms, info.server_zone)
    if found is None:
        raise CommandError("nothing was recorded in that time")
    context = HandoverContext(info.node, info.account, None)
    records = {uuid: json.loads(text) for uuid, text in read_records(copy, end_ms).items()}
    texts = {
        "handover.md": handover_markdown(found, context),
        "handover.json": handover_json(found, context),
        "tasks.json": json.dumps(list(records.values()), ensure_ascii=False, indent=2) + "\n",
    }
    if find_text(copy, _has_secret) or any(map(_has_secret, texts.values())):
        raise CommandError("a secret that this process knows is in the recording, so nothing was written")
    moments = {"start": start_ms, "end": end_ms}
    about = _ABOUT.format(
        title=f"cdptui bundle of {info.node}, account {info.account}",
        **{what: formatting.timestamp(formatting.local_time(at_ms, None), None) for what, at_ms in moments.items()},
        version=__version__,
        python=platform.python_version(),
        sqlite=SQLITE_VERSION,
        system=platform.platform(),
        names=_MASKED if is_masked else _NAMED,
    )
    return {
        "ABOUT.txt": about.encode(),
        **{name: text.encode() for name, text in texts.items()},
        "recording.sqlite": copy.read_bytes(),
    }


def _has_secret(text: str) -> bool:
    return redact(text) != text


def _write(target: Path, members: dict[str, bytes]) -> None:
    """Write a new file, readable only by its owner. Raises OSError."""
    from cdptui.config.private_files import create_file

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    create_file(target, [packed.getvalue()])
