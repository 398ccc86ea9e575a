"""What the commands' options have in common: headings, so that --help can be read, and those that several share."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from cdptui.cli.logging_setup import LEVELS
from cdptui.config import environment

if TYPE_CHECKING:
    from cdptui.simulator.faults.rules import Fault
from cdptui.models.auth import LoginType

Function = TypeVar("Function", bound=Callable[..., Any])


class OptionWithHeading(click.Option):
    """An option that belongs under a heading."""

    def __init__(self, *args: Any, heading: str = "Options", **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.heading = heading


_GLOBAL_OPTIONS: Final = ("debug",)
"""What counts for every command, whether it knows it or not."""


def _is_typed(context: click.Context, parameter: click.Parameter) -> bool:
    return context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE


def _format_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            heading = parameter.heading if isinstance(parameter, OptionWithHeading) else "Other"
            groups.setdefault(heading, []).append(record)
    for heading, records in groups.items():
        with formatter.section(heading):
            formatter.write_dl(records)


class Command(click.Command):
    """A command whose help has its options under headings, and that refuses what was typed before it in vain."""

    def __init__(self, *args: Any, reads: Collection[str] | None = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """`reads` are the options of the program that count for this command as well; None is all of them."""
        super().__init__(*args, **kwargs)
        self._reads = reads

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run it."""
        if self._reads is not None:
            self._refuse_others({*self._reads, *_GLOBAL_OPTIONS}, ctx)
        return super().invoke(ctx)

    def _refuse_others(self, known: Collection[str], context: click.Context) -> None:
        root = context.find_root()
        typed = [
            max(parameter.opts, key=len)
            for parameter in root.command.params
            if parameter.name not in known and _is_typed(root, parameter)
        ]
        if root is context or not typed:
            return
        name = context.command_path.removeprefix(f"{root.command_path} ")
        message = f"{' and '.join(typed)} {'mean' if len(typed) > 1 else 'means'} nothing to {name}"
        own = [option for option in typed if any(option in parameter.opts for parameter in self.params)]
        if own:
            message = f"{own[0]} before {name} means nothing to it: write {name} {own[0]}"
        raise click.UsageError(message, context)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        _format_options(self, ctx, formatter)


class LazyGroup(click.Group):
    """The same for a command with commands of its own, each of which is imported when somebody asks for it."""

    command_class = Command

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """`modules` has, by the name of a command, the module in which it stands under that name."""
        super().__init__(*args, **kwargs)
        self._modules = modules or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *self._modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None when there is none."""
        if cmd_name in self._modules:
            command = getattr(importlib.import_module(self._modules[cmd_name]), cmd_name)
            return command if isinstance(command, click.Command) else None
        return super().get_command(ctx, cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def option(*names: str, heading: str, **settings: Any) -> Callable[[Function], Function]:  # noqa: ANN401
    """A click option under a heading, with its default and environment variable in the help."""
    return click.option(*names, cls=OptionWithHeading, heading=heading, show_default=True, show_envvar=True, **settings)


DISPLAY_OPTION_NAMES: Final = (
    "theme",
    "low_bandwidth",
    "is_ascii",
    "no_mouse",
    "log_file",
    "log_level",
    "config",
    "debug",
)
"""The names of the options below."""


def display_options(function: Function) -> Function:
    """The options of every command that draws: looks, trouble, and the configuration."""
    return _decorated(
        function,
        option(
            "--theme",
            heading="Display",
            type=click.Choice(["dark", "light"]),
            default="dark",
            help="Colours; t goes through them.",
        ),
        option(
            "--low-bandwidth",
            heading="Display",
            is_flag=True,
            default=None,
            help="Write less: 16 colours, age and chart on a slower beat. By itself on a slow line.",
        ),
        option(
            "--ascii", "is_ascii", heading="Display", is_flag=True, help="Plain characters. By itself without UTF-8."
        ),
        option(
            "--no-mouse",
            heading="Display",
            is_flag=True,
            help="Leave the mouse to the terminal; m goes back and forth.",
        ),
        option(
            "--log-file",
            heading="Trouble",
            type=click.Path(path_type=Path),
            metavar="F",
            help="Where to log.  [default: in the user's log folder]",
        ),
        option("--log-level", heading="Trouble", type=click.Choice(LEVELS), default="warning", help="How much to log."),
        option(
            "--config",
            heading="Trouble",
            type=click.Path(path_type=Path),
            envvar=environment.CONFIG[0],
            metavar="F",
            help="Another configuration than your own.",
        ),
        option("--debug", heading="Trouble", is_flag=True, help="Log everything, and show tracebacks."),
    )


def _decorated(function: Function, *decorators: Callable[[Function], Function]) -> Function:
    """The function with decorators, the first one outermost."""
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def validate_positive(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """A callback: the number must be a finite one above zero."""
    if not math.isfinite(value) or not 0 < value <= 100_000:
        raise click.BadParameter("must be more than 0 and at most 100000", ctx=context, param=parameter)
    return value


def fleet_options(speed: float) -> Callable[[Function], Function]:
    """The options of a simulated fleet, with the default `speed`."""
    options = (
        option("--tasks", heading="Fleet", type=click.IntRange(0, 100_000), default=60, metavar="N", help="How many."),
        option("--seed", heading="Fleet", type=int, default=1, metavar="N", help="The same seed is the same fleet."),
        option(
            "--speed",
            heading="Fleet",
            type=float,
            default=speed,
            metavar="X",
            callback=validate_positive,
            help="How much faster than real its time runs.",
        ),
    )

    return lambda function: _decorated(function, *options)


def _parse_faults(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Fault, ...]:
    if not values:
        return ()
    from cdptui.simulator.faults.spec import SpecError, parse_fault  # noqa: PLC0415 - only what is needed is imported

    try:
        return tuple(parse_fault(value) for value in values)
    except SpecError as error:
        raise click.BadParameter(str(error), ctx=context, param=parameter) from error


def fault_option(function: Function) -> Function:
    """What goes wrong in a simulated node from its start."""
    decorate: Callable[[Function], Function] = option(
        "--fault",
        "faults",
        heading="Trouble",
        multiple=True,
        metavar="SPEC",
        callback=_parse_faults,
        help="Something that goes wrong, such as hang:path=/cdp-task,times=2. Repeatable; simulate --help lists them.",
    )
    return decorate(function)


LOGIN: Final = "Login"
TLS: Final = "TLS"

_FILE: Final = click.Path(path_type=Path)


_OPTIONS: Final = (
    option(
        "--login-type",
        heading=LOGIN,
        type=click.Choice([kind.value for kind in LoginType]),
        metavar="TYPE",
        help=f"{', '.join(kind.value for kind in LoginType)}.  [default: account]",
    ),
    option(
        "--account",
        heading=LOGIN,
        envvar=list(environment.ACCOUNT),
        metavar="NAME",
        help="Account, virtual ID or directory user to log in as.  [default: admin]",
    ),
    option("--user", heading=LOGIN, metavar="NAME", help="A user of the account."),
    option("--project", heading=LOGIN, metavar="NAME", help="The project that a virtual ID enters."),
    option("--password-stdin", heading=LOGIN, is_flag=True, help="Read the password from the first line of stdin."),
    option(
        "--password-file", heading=LOGIN, type=_FILE, metavar="F", help="Read it from a file that only you can read."
    ),
    option(
        "--access-key-file",
        heading=LOGIN,
        type=_FILE,
        metavar="F",
        help="Sign with the access key in a file that only you can read: its id and its secret, a line each.",
    ),
    option(
        "--server-zone",
        heading=LOGIN,
        envvar=environment.SERVER_ZONE[0],
        metavar="ZONE",
        help="The node's zone, such as +08:00 or Asia/Shanghai, where it cannot be found: keys sign in its time.",
    ),
    option("--ca-file", heading=TLS, type=_FILE, metavar="F", help="Trust who is in here, instead of the system."),
    option("--insecure", heading=TLS, is_flag=True, help="Take any certificate; the header says so in red."),
    option("--client-cert", heading=TLS, type=_FILE, metavar="F", help="Show this certificate to the node."),
    option("--client-key", heading=TLS, type=_FILE, metavar="F", help="Its key, if it is in a file of its own."),
)


def login_options(function: Function) -> Function:
    """Give a command all of the options above."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function
