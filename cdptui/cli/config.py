"""`cdptui config`: show the effective settings, print the path of the file, write a template, check for errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import click

from cdptui.cli.credentials import describe_credential
from cdptui.cli.diagnostics import ExitCode, show_help
from cdptui.cli.effective_config import SETTINGS, EffectiveConfig, command_line_options, known_names
from cdptui.cli.monitor_settings import poll_seconds
from cdptui.cli.options import Command, LazyGroup
from cdptui.cli.output import print_line
from cdptui.cli.output_boundary import hide
from cdptui.config.loader import Configuration, Origin, ResolvedSetting, Source, load_config, user_config_path
from cdptui.models.redaction import url_secrets
from cdptui.models.sanitize import sanitize

_GAP: Final = 2


@click.group(cls=LazyGroup, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def config(context: click.Context, /) -> None:
    """Show, create or check the configuration."""
    if context.invoked_subcommand is None:
        # click would print the help as an error message.
        show_help(context)
        context.exit(ExitCode.USAGE)


@config.command(cls=Command, reads=["config"])
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of your configuration file, existing or not."""
    print_line(str(user_config_path(command_line_options(context.find_root()).get("config"))[0]))


@config.command(cls=Command, reads=["config"])
@click.pass_context
def init(context: click.Context) -> None:
    """Write a configuration template; an existing file is not changed."""
    from cdptui.config.template import write_template

    file = user_config_path(command_line_options(context.find_root()).get("config"))[0]
    write_template(file)
    print_line(f"wrote {file}")


@config.command(cls=Command, reads=["config"])
@click.pass_context
def check(context: click.Context) -> None:
    """Check the configuration for errors; exit code 2 if there are any."""
    found = load_config(command_line_options(context.find_root()).get("config"), known_names)
    if not found.files:
        print_line("no configuration file: using defaults; cdptui config init writes a template")
    for file in found.files:
        print_line(f"{file.path}: OK")


@config.command(cls=Command, reads=None, short_help="Print the effective settings.")
@click.option("--origin", is_flag=True, help="Show where each value comes from.")
@click.pass_context
def show(context: click.Context, /, origin: bool) -> None:  # noqa: FBT001
    """Print the effective settings, from the options before `config`, the environment, the profile and the files."""
    effective_config = EffectiveConfig.from_context(context.find_root()).with_initial_profile()
    poll_seconds(effective_config)  # refuse what the monitor would refuse
    lines = [(name, _format_value(setting.value), str(setting.origin)) for name, setting in _settings(effective_config)]
    name_width, value_width = (max(len(line[at]) for line in lines) + _GAP for at in (0, 1))
    for name, value, where in lines:
        line = f"{name:<{name_width}}{value:<{value_width}}{where}" if origin else f"{name:<{name_width}}{value}"
        print_line(line.rstrip())


def _settings(effective_config: EffectiveConfig) -> Iterator[tuple[str, ResolvedSetting]]:
    profile = effective_config.initial_profile
    if effective_config.url_override:
        where = f"{profile.origin.where}; not used for the login: {effective_config.url_override} names another node"
        profile = ResolvedSetting(profile.value, profile.origin._replace(where=where))
    yield "profile", profile
    for name in SETTINGS:
        setting = effective_config.resolve(name)
        if name == "url":
            # The monitor refuses a URL with a password, but here it is shown: what is before the @ must be masked.
            hide(*url_secrets(setting.value or ""))
        yield name, setting
        if name == "account":
            yield describe_credential(effective_config)
    yield from _key_settings(effective_config.configuration)


def _key_settings(configuration: Configuration) -> Iterator[tuple[str, ResolvedSetting]]:
    for action, keys in configuration.keys.items():
        file = next(file for file in configuration.files if action in file.content.keys)
        yield f"keys.{action}", ResolvedSetting(" ".join(keys), Origin(Source.FILE, file.location("keys", action)))


def _format_value(value: Any) -> str:  # noqa: ANN401 - of whatever type a setting has
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case list():
            return " ".join(map(str, value))
        case _:
            return _escaped(str(value))


def _escaped(text: str) -> str:
    """Return a value unchanged, or quoted and escaped as in TOML if a terminal would interpret a part of it."""
    return text if sanitize(text, len(text) + 1) == text else json.dumps(text)
