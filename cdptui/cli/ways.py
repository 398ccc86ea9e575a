"""The ways in, as options: who one is, what proves it, and over what. No option takes a secret as its value."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cdptui.cli.options import Function, option
from cdptui.config import environment
from cdptui.models.auth import LoginType

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


def way_options(function: Function) -> Function:
    """Give a command all of the options above."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function
