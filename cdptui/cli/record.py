"""`cdptui record`: records a node without a screen."""

from __future__ import annotations

import sys

import click

from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.monitor_settings import build_monitor_settings
from cdptui.cli.options import Command, log_options, node_options, record_limit_option
from cdptui.cli.tty_checks import prompt_secret


@click.command(cls=Command, reads=None, short_help="Record a node without a screen, until SIGTERM or Ctrl+C.")
@node_options
@record_limit_option
@log_options
@click.pass_context
def record(context: click.Context, /, **_options: object) -> None:
    """Record a node without a screen, until SIGTERM or Ctrl+C.

    Prints a line when recording begins, fails or resumes, and when the node cannot be read. Ends with exit code 4 when
    the node refuses the login, which is not tried again: accounts are locked after some attempts.
    """
    effective_config = EffectiveConfig.from_context(context).with_initial_profile()
    settings = build_monitor_settings(effective_config, prompt=prompt_secret if sys.stdin.isatty() else None)
    if settings.record is None:
        raise click.UsageError("record does nothing with enabled = false in [record] of the configuration")
    display = DisplaySettings.of(effective_config)
    display.log.ensure_writable()
    display.log.configure(settings.secrets)
    from cdptui.cli.headless_recording import record_until_signal

    context.exit(record_until_signal(settings, settings.record.file))
