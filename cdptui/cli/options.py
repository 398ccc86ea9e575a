"""Options that several commands share, and commands whose help lists options under headings."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from cdptui.cli.logging_setup import LEVELS
from cdptui.cli.output import print_line
from cdptui.config import environment
from cdptui.config.recording import DEFAULT_LIMIT
from cdptui.config.settings import DEFAULT_INTERVAL_S, DEFAULT_TIMEOUT_S
from cdptui.models.auth import LoginType

if TYPE_CHECKING:
    from cdptui.simulator.faults.rules import Fault

Function = TypeVar("Function", bound=Callable[..., Any])


CONNECTION: Final = "Connection"
POLLING: Final = "Polling"
FAULTS: Final = "Faults"
LOG_AND_CONFIGURATION: Final = "Log and configuration"
HELP: Final = "Help"
COMMON: Final = "Common options"

_HELP_ALL: Final = "cdptui.help_all"
"""Key in the metadata of a context: the help shows all options."""

_GLOBAL_OPTIONS: Final = ("debug",)
"""Options of the program that every command accepts."""


class OptionWithHeading(click.Option):
    """An option that the help lists under a heading."""

    def __init__(self, *args: Any, heading: str = "Options", **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.heading = heading


def _is_typed(context: click.Context, parameter: click.Parameter) -> bool:
    return context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE


def _format_options(
    command: click.Command,
    context: click.Context,
    formatter: click.HelpFormatter,
    shown: Collection[str] | None = None,
) -> None:
    """Write the options by heading; or, without headings, only those whose longest names are in `shown`."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        # The usage has the arguments, and the text of the command says what they are.
        record = None if isinstance(parameter, click.Argument) else parameter.get_help_record(context)
        if record is not None and (shown is None or max(parameter.opts, key=len) in shown):
            heading = parameter.heading if isinstance(parameter, OptionWithHeading) else HELP
            heading = heading if shown is None else COMMON
            groups.setdefault(heading, []).append(record)
    for heading, records in groups.items():
        with formatter.section(heading):
            formatter.write_dl(records)


class Command(click.Command):
    """A command whose help lists options under headings, and that refuses options before it that it does not use."""

    def __init__(self, *args: Any, reads: Collection[str] | None = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """`reads` are the options of the program that this command uses as well; None for all of them."""
        super().__init__(*args, **kwargs)
        self._reads = reads

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run the command."""
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
    """A group of commands that are imported when they are used, and whose help may be limited to common options."""

    command_class = Command

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        modules: Mapping[str, str] | None = None,
        common_options: Collection[str] | None = None,
        full_epilog: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - click's own
    ) -> None:
        """Create the group.

        `modules` has the module of each command, in which the command has its own name. `common_options` are the
        options that --help lists, None for all; --help-all lists all of them, and ends with `full_epilog`.
        """
        super().__init__(*args, **kwargs)
        self._modules = modules or {}
        self._common_options = common_options
        self._full_epilog = full_epilog

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self._modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None when there is none."""
        if cmd_name in self._modules:
            command = getattr(importlib.import_module(self._modules[cmd_name]), cmd_name)
            return command if isinstance(command, click.Command) else None
        return super().get_command(ctx, cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _format_options(self, ctx, formatter, None if _HELP_ALL in ctx.meta else self._common_options)
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the text at the end."""
        if _HELP_ALL in ctx.meta and self._full_epilog is not None:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(self._full_epilog)
        else:
            super().format_epilog(ctx, formatter)


def _show_full_help(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not context.resilient_parsing:
        context.meta[_HELP_ALL] = True
        print_line(context.get_help())
        context.exit()


def help_all_option(function: Function) -> Function:
    """Give a group the option --help-all."""
    decorate: Callable[[Function], Function] = click.option(
        "--help-all",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_full_help,
        help="Show all options and exit.",
    )
    return decorate(function)


def option(*names: str, heading: str, **settings: Any) -> Callable[[Function], Function]:  # noqa: ANN401
    """Create an option under a heading, with its default and environment variable in the help."""
    return click.option(*names, cls=OptionWithHeading, heading=heading, show_default=True, show_envvar=True, **settings)


DISPLAY_OPTION_NAMES: Final = (
    "theme",
    "low_bandwidth",
    "is_ascii",
    "no_mouse",
    "utc",
    "log_file",
    "log_level",
    "config",
    "debug",
)
"""The names of the options of `display_options`."""


def display_options(function: Function) -> Function:
    """Give a command the options for display, log and configuration."""
    return _decorated(
        function,
        option(
            "--theme",
            heading="Display",
            type=click.Choice(["dark", "light"]),
            default="dark",
            help="Colour theme; t switches it.",
        ),
        option(
            "--low-bandwidth",
            heading="Display",
            is_flag=True,
            default=None,
            help="Write less: 16 colours, age and chart less often. Automatic on slow lines.",
        ),
        option(
            "--ascii",
            "is_ascii",
            heading="Display",
            is_flag=True,
            help="Draw with ASCII characters only. Automatic without UTF-8.",
        ),
        option(
            "--no-mouse",
            heading="Display",
            is_flag=True,
            help="Leave the mouse to the terminal; m toggles it.",
        ),
        option(
            "--utc",
            heading="Display",
            is_flag=True,
            help="Show times in UTC instead of the zone of this machine (TZ).",
        ),
        log_options,
    )


def log_options(function: Function) -> Function:
    """Give a command the options for log and configuration."""
    return _decorated(
        function,
        option(
            "--log-file",
            heading=LOG_AND_CONFIGURATION,
            type=click.Path(path_type=Path),
            metavar="F",
            help="Log file.  [default: in the user's log folder]",
        ),
        option(
            "--log-level",
            heading=LOG_AND_CONFIGURATION,
            type=click.Choice(LEVELS),
            default="warning",
            metavar="LEVEL",
            help=f"{', '.join(LEVELS)}.",
        ),
        option(
            "--config",
            heading=LOG_AND_CONFIGURATION,
            type=click.Path(path_type=Path),
            envvar=environment.CONFIG[0],
            metavar="F",
            help="Configuration file to read instead of yours.",
        ),
        option("--debug", heading=LOG_AND_CONFIGURATION, is_flag=True, help="Log everything, and show tracebacks."),
    )


_RECORDING: Final = "Recording"


def record_options(function: Function) -> Function:
    """Give a command the options of the recording."""
    return _decorated(
        function,
        option("--no-record", heading=_RECORDING, is_flag=True, help="Record nothing."),
        record_limit_option,
    )


def record_limit_option(function: Function) -> Function:
    """Give a command the option for the size of a recording."""
    return option(
        "--record-limit",
        heading=_RECORDING,
        default=DEFAULT_LIMIT,
        metavar="SIZE",
        help="Size of the recording of a node, 1M to 1T.",
    )(function)


def _decorated(function: Function, *decorators: Callable[[Function], Function]) -> Function:
    """Apply decorators to a function, the first one outermost."""
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


class WholeNumber(click.IntRange):
    """An integer in a range, called a whole number in error messages."""

    name = "whole number"


def validate_positive(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Check that a number is finite, above 0 and at most 100,000. A callback of click."""
    if not math.isfinite(value) or not 0 < value <= 100_000:
        raise click.BadParameter("must be more than 0 and at most 100000", ctx=context, param=parameter)
    return value


def fleet_options(speed: float) -> Callable[[Function], Function]:
    """Return a decorator for the options of a simulated fleet, with the default `speed`."""
    options = (
        option(
            "--tasks",
            heading="Fleet",
            type=WholeNumber(0, 100_000),
            default=60,
            metavar="N",
            help="Number of tasks.",
        ),
        option(
            "--seed",
            heading="Fleet",
            type=int,
            default=1,
            metavar="N",
            help="Random seed; equal seeds give equal fleets.",
        ),
        option(
            "--speed",
            heading="Fleet",
            type=float,
            default=speed,
            metavar="X",
            callback=validate_positive,
            help="Simulated seconds per real second.",
        ),
    )

    return lambda function: _decorated(function, *options)


def _parse_faults(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Fault, ...]:
    if not values:
        return ()
    from cdptui.simulator.faults.spec import SpecError, parse_fault

    try:
        return tuple(parse_fault(value) for value in values)
    except SpecError as error:
        raise click.BadParameter(str(error), ctx=context, param=parameter) from error


def fault_option(where: str) -> Callable[[Function], Function]:
    """Return a decorator for the option for faults of the simulated node; `where` says where the kinds are listed."""
    return option(
        "--fault",
        "faults",
        heading=FAULTS,
        multiple=True,
        metavar="SPEC",
        callback=_parse_faults,
        help=f"Fault to simulate, such as hang:path=/cdp-task,times=2. Repeatable; {where}.",
    )


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
    option("--user", heading=LOGIN, metavar="NAME", help="Log in as this user of the account."),
    option("--project", heading=LOGIN, metavar="NAME", help="Project of an IAM2 virtual ID."),
    option("--password-stdin", heading=LOGIN, is_flag=True, help="Read the password from the first line of stdin."),
    option(
        "--password-file",
        heading=LOGIN,
        type=_FILE,
        metavar="F",
        help="Read the password from a file that only you can read.",
    ),
    option(
        "--access-key-file",
        heading=LOGIN,
        type=_FILE,
        metavar="F",
        help="Sign with the access key in a file that only you can read: the ID and the secret, one per line.",
    ),
    option(
        "--server-zone",
        heading=LOGIN,
        envvar=environment.SERVER_ZONE[0],
        metavar="ZONE",
        help="Time zone of the node, if detection fails: +08:00, Asia/Shanghai, … Access keys sign in its time.",
    ),
    option("--ca-file", heading=TLS, type=_FILE, metavar="F", help="CA bundle to trust instead of the system's."),
    option(
        "--insecure",
        heading=TLS,
        is_flag=True,
        help="Do not verify the certificate; the header of the monitor shows this.",
    ),
    option("--client-cert", heading=TLS, type=_FILE, metavar="F", help="Client certificate."),
    option(
        "--client-key",
        heading=TLS,
        type=_FILE,
        metavar="F",
        help="Key of the client certificate, if in a separate file.",
    ),
)


def login_options(function: Function) -> Function:
    """Give a command the options for login and TLS."""
    return _decorated(function, *_OPTIONS)


def node_options(function: Function) -> Function:
    """Give a command the options of the node, the login and the polls."""
    return _decorated(
        function,
        option(
            "--profile",
            "-P",
            heading=CONNECTION,
            envvar=environment.PROFILE[0],
            metavar="NAME",
            help="Profile of the configuration.",
        ),
        option(
            "--url",
            heading=CONNECTION,
            envvar=environment.URL[0],
            metavar="URL",
            help="Management node, such as 10.0.0.5 or https://cloud/zstack.",
        ),
        login_options,
        option(
            "--interval",
            heading=POLLING,
            type=float,
            default=DEFAULT_INTERVAL_S,
            metavar="S",
            help="Polling interval in seconds, 1 to 3600.",
        ),
        option(
            "--timeout",
            "timeout_s",
            heading=POLLING,
            type=float,
            default=DEFAULT_TIMEOUT_S,
            metavar="S",
            help="Seconds to wait for the next byte of the node.",
        ),
    )
