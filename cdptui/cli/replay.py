"""`cdptui replay`: the screen at any moment of a recording, also of another machine, without its node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.options import DISPLAY_OPTION_NAMES, Command, display_options
from cdptui.cli.recordings import NAME_HELP, moment_ms, recorded
from cdptui.cli.tty_checks import require_drawable_terminal
from cdptui.models.sanitize import sanitize

if TYPE_CHECKING:
    from cdptui.history.recordings import RecordingInfo
    from cdptui.tui.target import Target

_SPEEDS: Final = ("1", "10", "60")


@click.command(
    cls=Command, reads=DISPLAY_OPTION_NAMES, epilog=NAME_HELP, short_help="Look at a recording without its node."
)
@click.argument("name")
@click.option("--at", metavar="TIME", help="Begin at 14:05, -3h, 'yesterday 02:10', …; else at the end.")
@click.option("--speed", type=click.Choice(_SPEEDS), help="Play from there, so many times as fast as it was.")
@display_options
@click.pass_context
def replay(context: click.Context, /, name: str, at: str | None, speed: str | None, **_options: object) -> None:
    """Look at a recording, of this machine or of another one, without its node.

    Nothing is sent and nothing is changed. TIME is one in the zone of the screen; -3h is counted from the end of the
    recording. The keys are those of the time machine: `cdptui guide time-machine`.
    """
    display = DisplaySettings.of(EffectiveConfig.from_context(context))
    target = _target(recorded(name), at, int(speed or 0), display)
    require_drawable_terminal(is_stdin_used=False)
    from cdptui.cli.monitor import run_target

    context.exit(run_target(target, display))


def _target(info: RecordingInfo, at: str | None, speed: int, display: DisplaySettings) -> Target:
    last_ms = info.last_ms or 0
    start_ms = moment_ms(at, last_ms, display.zone, "--at") if at is not None else last_ms
    from cdptui.monitor.past_source import PastSource
    from cdptui.tui.target import RecordingStart, Target

    start = RecordingStart(PastSource(info.path, info.server_zone), start_ms, speed)
    return Target(
        None,
        sanitize(info.node) or sanitize(info.path.name),
        sanitize(info.account),
        0.0,
        zone=display.zone,
        recording=start,
    )
