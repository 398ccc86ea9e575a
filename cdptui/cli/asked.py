"""From what was asked of `cdptui` to the settings of a monitor."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from cdptui.cli.terminal import require_terminal, take_keys_from_terminal
from cdptui.config import environment
from cdptui.config.address import node_of, normalise
from cdptui.config.credentials import read_password, read_password_file
from cdptui.config.settings import (
    MAX_INTERVAL_S,
    MAX_TIMEOUT_S,
    MIN_INTERVAL_S,
    MIN_TIMEOUT_S,
    MonitorSettings,
    check_seconds,
)
from cdptui.models.auth import Auth, GivenSession, PasswordLogin

DEFAULT_ACCOUNT: Final = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options as they were given."""

    url: str | None
    account: str | None
    is_account_typed: bool
    """On the command line, and not only in the environment."""
    password_stdin: bool
    password_file: Path | None
    interval_s: float
    timeout_s: float


def settings_of(asked: Asked) -> MonitorSettings:
    """Check what was asked, and ask the person for a password that nothing gives.

    An option that was typed wins over a session in the environment. Raises ConfigError, CommandFailed when there is
    no terminal, and click's own errors.
    """
    if asked.password_stdin and asked.password_file is not None:
        raise click.UsageError("--password-stdin and --password-file exclude each other")
    interval_s = check_seconds("--interval", asked.interval_s, MIN_INTERVAL_S, MAX_INTERVAL_S)
    timeout_s = check_seconds("--timeout", asked.timeout_s, MIN_TIMEOUT_S, MAX_TIMEOUT_S)
    base_url = normalise(_address(asked.url))
    require_terminal(is_stdin_used=asked.password_stdin)
    is_login_asked = asked.is_account_typed or asked.password_stdin or asked.password_file is not None
    session_id = None if is_login_asked else environment.lookup(environment.SESSION)
    auth: Auth
    if session_id is not None:
        auth = GivenSession(session_id=session_id)
    else:
        account = asked.account or DEFAULT_ACCOUNT
        auth = PasswordLogin(name=account, password=_password(asked, account, base_url))
    return MonitorSettings(base_url=base_url, auth=auth, interval_s=interval_s, timeout_s=timeout_s)


def _address(url: str | None) -> str:
    if url:
        return url
    host, port = environment.lookup(environment.HOST), environment.lookup(environment.PORT)
    if host is None:
        raise click.UsageError(
            "which management node? Give --url or set ZSTACK_API_URL; to look around first: cdptui demo"
        )
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return bracketed if port is None else f"{bracketed}:{port}"


def _password(asked: Asked, account: str, base_url: str) -> str:
    if asked.password_stdin:
        password = read_password(sys.stdin, "stdin")
        take_keys_from_terminal()
        return password
    if asked.password_file is not None:
        return read_password_file(asked.password_file)
    known = environment.lookup(environment.PASSWORD)
    if known is not None:
        return known
    typed: str = click.prompt(f"Password of {account} at {node_of(base_url)}", hide_input=True, err=True)
    return typed
