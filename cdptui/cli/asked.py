"""From what was asked of `cdptui` to the settings of a monitor."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

import click

from cdptui.cli.terminal import require_screen, take_keys_from_terminal
from cdptui.cli.ways import Ways
from cdptui.config import environment
from cdptui.config.address import node_of, normalise
from cdptui.config.credentials import access_key, read_access_key_file, read_password, read_password_file
from cdptui.config.proxy import proxy_for
from cdptui.config.settings import (
    MAX_INTERVAL_S,
    MAX_TIMEOUT_S,
    MIN_INTERVAL_S,
    MIN_TIMEOUT_S,
    MonitorSettings,
    check_seconds,
)
from cdptui.config.tls import tls_of
from cdptui.config.zone import zone_of
from cdptui.models.auth import TYPES_WITH_PROJECT, AccessKey, Auth, GivenSession, LoginType, PasswordLogin
from cdptui.models.tls import Tls

DEFAULT_ACCOUNT: Final = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options as they were given."""

    url: str | None
    ways: Ways
    is_account_typed: bool
    """On the command line, and not only in the environment."""
    interval_s: float
    timeout_s: float


def settings_of(asked: Asked) -> MonitorSettings:
    """Check what was asked, and ask the person for a password that nothing gives.

    An option that was typed wins over what is in the environment. Raises ConfigError, CommandFailed when there is no
    terminal, and click's own errors.
    """
    ways = asked.ways
    proofs = [name for name in ("password_stdin", "password_file", "access_key_file") if getattr(ways, name)]
    if len(proofs) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in proofs[:2])
        message = f"{first} and {second} exclude each other"
        raise click.UsageError(message)
    interval_s = check_seconds("--interval", asked.interval_s, MIN_INTERVAL_S, MAX_INTERVAL_S)
    timeout_s = check_seconds("--timeout", asked.timeout_s, MIN_TIMEOUT_S, MAX_TIMEOUT_S)
    base_url = normalise(_address(asked.url))
    zone = None if ways.server_zone is None else zone_of(ways.server_zone)
    proxy = proxy_for(base_url)
    login_type = _login_type(ways)
    require_screen(is_stdin_used=ways.password_stdin)
    return MonitorSettings(
        base_url=base_url,
        auth=_auth(asked, login_type, base_url),
        tls=_tls(ways) if base_url.startswith("https:") else Tls(),
        proxy=proxy,
        server_zone=zone,
        interval_s=interval_s,
        timeout_s=timeout_s,
    )


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


def _login_type(ways: Ways) -> LoginType:
    """The login that was asked for, by its name or by what only one of them has."""
    kind = LoginType(ways.login_type or (LoginType.USER if ways.user else LoginType.ACCOUNT))
    if kind is LoginType.USER and not ways.user:
        raise click.UsageError("--login-type user needs the user: --user NAME, of --account NAME")
    if ways.user and kind is not LoginType.USER:
        message = f"--user is a user of an account, which --login-type {kind} does not know: give --account NAME"
        raise click.UsageError(message)
    if ways.project and kind not in TYPES_WITH_PROJECT:
        known = ", ".join(sorted(TYPES_WITH_PROJECT))
        message = f"--project is entered by a virtual ID: --login-type must be one of {known}"
        raise click.UsageError(message)
    return kind


def _auth(asked: Asked, login_type: LoginType, base_url: str) -> Auth:
    ways = asked.ways
    if ways.access_key_file is not None:
        return read_access_key_file(ways.access_key_file)
    is_login_asked = asked.is_account_typed or any(
        (ways.login_type, ways.user, ways.project, ways.password_stdin, ways.password_file)
    )
    if not is_login_asked:
        session_id = environment.lookup(environment.SESSION)
        if session_id is not None:
            return GivenSession(session_id=session_id)
        key = _key_of_environment()
        if key is not None:
            return key
    account = ways.account or DEFAULT_ACCOUNT
    is_user = login_type is LoginType.USER
    name = ways.user if is_user and ways.user else account
    return PasswordLogin(
        name=name,
        password=_password(ways, name, base_url),
        type=login_type,
        account=account if is_user else None,
        project=ways.project,
    )


def _key_of_environment() -> AccessKey | None:
    key_id, secret = environment.lookup(environment.KEY_ID), environment.lookup(environment.KEY_SECRET)
    if key_id is None and secret is None:
        return None
    if key_id is None or secret is None:
        there, missing = environment.KEY_ID[0], environment.KEY_SECRET[0]
        if key_id is None:
            there, missing = missing, there
        message = f"{there} is set without {missing}: an access key is both"
        raise click.UsageError(message)
    return access_key(key_id, secret, "the environment")


def _password(ways: Ways, name: str, base_url: str) -> str:
    if ways.password_stdin:
        password = read_password(sys.stdin, "stdin")
        take_keys_from_terminal()
        return password
    if ways.password_file is not None:
        return read_password_file(ways.password_file)
    known = environment.lookup(environment.PASSWORD)
    if known is not None:
        return known
    return _ask(f"Password of {name} at {node_of(base_url)}")


def _tls(ways: Ways) -> Tls:
    return tls_of(
        ca_file=ways.ca_file,
        is_insecure=ways.insecure,
        client_cert=ways.client_cert,
        client_key=ways.client_key,
        ask_passphrase=lambda key: _ask(f"Passphrase of {key}"),
    )


def _ask(what: str) -> str:
    typed: str = click.prompt(what, hide_input=True, err=True)
    return typed
