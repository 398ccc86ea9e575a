"""`cdptui handover`: what one shift tells the next one, from a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from cdptui.cli.diagnostics import CommandError
from cdptui.cli.options import Command
from cdptui.cli.output import print_line
from cdptui.cli.recordings import NAME_HELP, moment_ms, recorded, recording_error

if TYPE_CHECKING:
    from cdptui.models.handover import Handover
    from cdptui.render.handover import HandoverContext

_FORMATS: Final = ("markdown", "text", "json")


@click.command(cls=Command, epilog=NAME_HELP, short_help="Print what one shift tells the next one.")
@click.argument("name", required=False)
@click.option("--since", metavar="SPAN", default="8h", show_default=True, help="Report on the last 8h, 1d12h, …")
@click.option("--to", "until", metavar="TIME", help="Until 14:05, -3h, 'yesterday 18:00', …; else until the last poll.")
@click.option("-o", "--output", "output", type=click.Choice(_FORMATS), default="markdown", show_default=True)
def handover(name: str | None, since: str, until: str | None, output: str) -> None:
    """Print what is wrong now, what happened, what is full next, and what was not watched.

    Reads the recording NAME, or the only one that there is. Nothing is sent and nothing is changed.
    """
    from cdptui.history.recording_file import RecordingError
    from cdptui.monitor.handover import read_handover
    from cdptui.render.handover import HandoverContext

    info = recorded(name)
    last_ms = info.last_ms or 0
    until_ms = moment_ms(until, last_ms, None, "--to") if until is not None else last_ms
    try:
        found = read_handover(info.path, until_ms - _span_ms(since), until_ms, info.server_zone)
    except RecordingError as error:
        raise recording_error(error) from error
    if found is None:
        raise CommandError("nothing was recorded before that time")
    print_line(_formatted(found, HandoverContext(info.node, info.account, None), output).rstrip("\n"))


def _formatted(found: Handover, context: HandoverContext, output: str) -> str:
    from cdptui.render import handover as pages

    formats = {"markdown": pages.handover_markdown, "text": pages.handover_text, "json": pages.handover_json}
    return formats[output](found, context)


def _span_ms(text: str) -> int:
    from cdptui.query.units import Dimension, get_unit, parse_quantity

    quantity = parse_quantity(text, [Dimension.TIME])
    if quantity is None or quantity.number <= 0:
        message = f"{text!r} is no span of time, such as 8h or 1d12h"
        raise click.BadParameter(message, param_hint="--since")
    return round(1000 * quantity.number * get_unit(quantity, [Dimension.TIME]).factor)
