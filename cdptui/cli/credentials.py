"""What proves who one is, from the strongest place that has it: option, environment, profile, file, the person."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Final

import click

from cdptui.cli.effective_config import EffectiveConfig
from cdptui.cli.startup import forget_restore, restore_at_signal
from cdptui.cli.tty_checks import modes_restored_at_signal, reopen_stdin_from_tty
from cdptui.config import environment
from cdptui.config.credentials import (
    MAX_SECRET_BYTES,
    parse_access_key,
    read_access_key_file,
    read_password,
    read_password_file,
    read_session_file,
    session_id,
)
from cdptui.config.errors import ConfigError
from cdptui.config.loader import CredentialSource, Origin, ResolvedSetting, Source
from cdptui.config.url import node_url
from cdptui.models.auth import PLAINTEXT_PASSWORD_TYPES, AccessKey, Credentials, LoginType, PasswordLogin, SessionToken

Prompt = Callable[[str], str]

_LOGIN_OPTIONS: Final = ("account", "login_type", "user", "project", "password_stdin", "password_file")
"""Whoever types one of these wants to log in, and not what the environment holds ready."""

MAX_NAME_CHARACTERS: Final = 1024
"""Of an account, a user or a project; the server's columns have 255, an LDAP uid may be longer."""

_MASK: Final = "***"
_NAMES: Final = ("account", "user", "login_type", "project")


def resolve_credentials(
    choices: EffectiveConfig, login_type: LoginType, base_url: str, ask: Prompt | None
) -> Credentials:
    """Return the way in; without `ask`, a password that nothing gives is left to be typed later. Raises ConfigError."""
    if choices.cli_option("access_key_file") is not None:
        return read_access_key_file(choices.cli_option("access_key_file"))
    ready = None if any(name in choices.typed for name in _LOGIN_OPTIONS) else _credentials_from_environment(choices)
    if ready is not None:
        return ready
    _require_sendable_names(choices)
    given = _explicit_password(choices)
    proof = None if given is not None else configured_credential(choices)
    if proof is not None and proof.kind == "session_file":
        return SessionToken(session_id=read_session_file(proof.value))
    if proof is not None and proof.kind == "access_key_file":
        return read_access_key_file(proof.value)
    account, is_user = choices.value("account"), login_type is LoginType.USER
    name = choices.value("user") if is_user else account
    password, missing = given, None
    if password is None:
        password, missing = _configured_or_prompted_password(
            proof, choices, f"Password of {name} at {node_url(base_url)}", ask
        )
    login = PasswordLogin(
        name=name,
        password=password,
        type=login_type,
        account=account if is_user else None,
        project=choices.value("project"),
        missing_reason=missing,
    )
    _require_text(login)
    return login


def _require_sendable_names(choices: EffectiveConfig) -> None:
    """Raise ConfigError for a name that is too long for any node, before it is shown in a question or sent."""
    for name in ("account", "user", "project"):
        value, origin = choices.resolve(name)
        if value and len(value) > MAX_NAME_CHARACTERS:
            message = f"the {name} in {origin.where or origin.source} is longer than {MAX_NAME_CHARACTERS:,} characters"
            raise ConfigError(message)


def _require_text(login: PasswordLogin) -> None:
    """Raise ConfigError for what cannot be sent: JSON is UTF-8, while an environment or a command line is any bytes."""
    sent = {"user" if login.type is LoginType.USER else "account": login.name, "project": login.project or ""}
    if login.type in PLAINTEXT_PASSWORD_TYPES:
        sent["password"] = login.password
    for what, text in sent.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"the {what} holds bytes that are not UTF-8, which is all that a node takes"
            raise ConfigError(message) from error


def configured_credential(choices: EffectiveConfig) -> CredentialSource | None:
    """What the files say about the proof, if that is about the one who logs in: a password is not tried on others."""
    for name in _NAMES:
        value, origin = choices.resolve(name)
        is_said_above = origin.source in {Source.OPTION, Source.ENVIRONMENT}
        if is_said_above and value != choices.file_value(name):
            return None
    return choices.configuration.credential_source(choices.credential_profile)


def login_name(choices: EffectiveConfig, proof: CredentialSource | None) -> str:
    """As whom, before anything was read or run for it."""
    if proof is not None and proof.kind in {"session_file", "access_key_file"}:
        return "given session" if proof.kind == "session_file" else "access key"
    name: str = choices.value("user") or choices.value("account")
    return name


def describe_credential(choices: EffectiveConfig) -> tuple[str, ResolvedSetting]:
    """What proves who one is, by its name, and where it comes from; a secret itself is never read for this."""
    for option in ("access_key_file", "password_stdin", "password_file"):
        if choices.cli_option(option):
            shown = choices.cli_option(option) if option.endswith("_file") else _MASK
            return option, ResolvedSetting(shown, Origin(Source.OPTION, f"--{option.replace('_', '-')}"))
    is_login_asked = any(name in choices.typed for name in _LOGIN_OPTIONS)
    ready = () if is_login_asked else (("session", environment.SESSION), ("access_key", environment.KEY_ID))
    for name, variables in (*ready, ("password", environment.PASSWORD)):
        found = environment.find_variable(variables, choices.environ)
        if found is not None:
            return name, ResolvedSetting(_MASK, Origin(Source.ENVIRONMENT, found[0]))
    proof = configured_credential(choices)
    if proof is None:
        return "password", ResolvedSetting("asked for", Origin(Source.DEFAULT))
    # The arguments of a command may hold a secret after all.
    shown = proof.value if proof.kind != "password_command" else f"{command_name(proof.value)} …"
    return proof.kind, ResolvedSetting(shown, proof.origin)


def command_name(command: str | Sequence[str]) -> str:
    """The first word of a command."""
    return (command.split() if isinstance(command, str) else command)[0]


def _credentials_from_environment(choices: EffectiveConfig) -> Credentials | None:
    found = environment.find_variable(environment.SESSION, choices.environ)
    if found is None:
        return _access_key_from_environment(choices)
    variable, value = found
    return SessionToken(session_id=session_id(value, variable))


def _access_key_from_environment(choices: EffectiveConfig) -> AccessKey | None:
    names = (environment.KEY_ID, environment.KEY_SECRET)
    key_id, secret = (environment.get(name, choices.environ) for name in names)
    if key_id is None and secret is None:
        return None
    if key_id is None or secret is None:
        there, missing = environment.KEY_ID[0], environment.KEY_SECRET[0]
        if key_id is None:
            there, missing = missing, there
        message = f"{there} is set without {missing}: an access key is both"
        raise click.UsageError(message)
    return parse_access_key(key_id, secret, "the environment")


def _explicit_password(choices: EffectiveConfig) -> str | None:
    """The password of an option or of the environment."""
    if choices.cli_option("password_stdin"):
        password = read_password(sys.stdin, "stdin")
        reopen_stdin_from_tty()
        return password
    if choices.cli_option("password_file") is not None:
        return read_password_file(choices.cli_option("password_file"))
    found = environment.find_variable(environment.PASSWORD, choices.environ)
    if found is None:
        return None
    variable, password = found
    if len(password) > MAX_SECRET_BYTES:
        message = f"the password in {variable} is longer than {MAX_SECRET_BYTES:,} characters"
        raise ConfigError(message)
    return password


def _configured_or_prompted_password(
    proof: CredentialSource | None, choices: EffectiveConfig, question: str, ask: Prompt | None
) -> tuple[str, str | None]:
    """The password of the files or the person, and why there is none yet."""
    try:
        if proof is not None:
            return _password_of(proof, choices.credential_profile, is_interactive=ask is not None), None
    except ConfigError as error:
        message = f"{proof.origin.where}: {error}" if proof is not None else str(error)
        if ask is not None:
            raise ConfigError(message) from error
        return "", message
    return (ask(question), None) if ask is not None else ("", "")


def _password_of(proof: CredentialSource, profile: str | None, *, is_interactive: bool) -> str:
    if proof.kind == "password_file":
        return read_password_file(proof.value)
    if proof.kind == "keyring":
        from cdptui.config.credentials import read_keyring_password  # noqa: PLC0415 - rarely needed

        return read_keyring_password(profile or "default")
    from cdptui.config.password_command import kill_password_commands, run_password_command  # noqa: PLC0415 - rare

    restore_at_signal(kill_password_commands)
    try:
        with modes_restored_at_signal() if is_interactive else contextlib.nullcontext():
            return run_password_command(proof.value, is_interactive=is_interactive)
    finally:
        forget_restore(kill_password_commands)
