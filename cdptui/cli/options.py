"""Options in groups, so that --help can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that belongs under a heading."""

    def __init__(self, *args: Any, heading: str = "Options", **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.heading = heading


def _format_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            heading = parameter.heading if isinstance(parameter, GroupedOption) else "Other"
            groups.setdefault(heading, []).append(record)
    for heading, records in groups.items():
        with formatter.section(heading):
            formatter.write_dl(records)


class GroupedCommand(click.Command):
    """A command whose help has its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        _format_options(self, ctx, formatter)


class GroupedGroup(click.Group):
    """The same for a command with commands of its own."""

    command_class = GroupedCommand

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def option(*names: str, heading: str, **settings: Any) -> Callable[[Function], Function]:  # noqa: ANN401
    """A click option under a heading, with its default and environment variable in the help."""
    return click.option(*names, cls=GroupedOption, heading=heading, show_default=True, show_envvar=True, **settings)
