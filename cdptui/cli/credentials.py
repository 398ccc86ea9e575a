"""Resolving credentials: option, environment, profile, file, prompt. The first one that has them wins."""

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
from cdptui.models.redaction import MASK

Prompt = Callable[[str], str]

_LOGIN_OPTIONS: Final = ("account", "login_type", "user", "project", "password_stdin", "password_file")
"""Any of these options on the command line overrides a session or an access key of the environment."""

MAX_NAME_CHARACTERS: Final = 1024
"""Maximum length of account, user and project names: the server's columns have 255, an LDAP uid may be longer."""

_NAMES: Final = ("account", "user", "login_type", "project")


def resolve_credentials(
    effective_config: EffectiveConfig, login_type: LoginType, base_url: str, prompt: Prompt | None
) -> Credentials:
    """Return the credentials. Without `prompt`, a missing password is empty, to be typed later. Raises ConfigError."""
    if effective_config.cli_option("access_key_file") is not None:
        return read_access_key_file(effective_config.cli_option("access_key_file"))
    is_login_typed = any(name in effective_config.typed for name in _LOGIN_OPTIONS)
    from_environment = None if is_login_typed else _credentials_from_environment(effective_config)
    if from_environment is not None:
        return from_environment
    _require_sendable_names(effective_config)
    explicit = _explicit_password(effective_config)
    source = None if explicit is not None else configured_credential(effective_config)
    if source is not None and source.kind == "session_file":
        return SessionToken(session_id=read_session_file(source.value))
    if source is not None and source.kind == "access_key_file":
        return read_access_key_file(source.value)
    account, is_user = effective_config.value("account"), login_type is LoginType.USER
    name = effective_config.value("user") if is_user else account
    password, missing = explicit, None
    if password is None:
        password, missing = _configured_or_prompted_password(
            source, effective_config, f"Password of {name} at {node_url(base_url)}", prompt
        )
    login = PasswordLogin(
        name=name,
        password=password,
        type=login_type,
        account=account if is_user else None,
        project=effective_config.value("project"),
        missing_reason=missing,
    )
    _require_text(login)
    return login


def _require_sendable_names(effective_config: EffectiveConfig) -> None:
    """Raise ConfigError for a name that is too long for any node, before it is shown in a prompt or sent."""
    for name in ("account", "user", "project"):
        value, origin = effective_config.resolve(name)
        if value and len(value) > MAX_NAME_CHARACTERS:
            message = f"the {name} in {origin.where or origin.source} is longer than {MAX_NAME_CHARACTERS:,} characters"
            raise ConfigError(message)


def _require_text(login: PasswordLogin) -> None:
    """Raise ConfigError for text that is not UTF-8, as JSON requires; environment and command line can be any bytes."""
    sent = {"user" if login.type is LoginType.USER else "account": login.name, "project": login.project or ""}
    if login.type in PLAINTEXT_PASSWORD_TYPES:
        sent["password"] = login.password
    for what, text in sent.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"the {what} contains bytes that are not UTF-8, which the node does not accept"
            raise ConfigError(message) from error


def configured_credential(effective_config: EffectiveConfig) -> CredentialSource | None:
    """Return the credential source of the files; None if another account is used, for which it is not meant."""
    for name in _NAMES:
        value, origin = effective_config.resolve(name)
        is_overridden = origin.source in {Source.OPTION, Source.ENVIRONMENT}
        if is_overridden and value != effective_config.file_value(name):
            return None
    return effective_config.configuration.credential_source(effective_config.credential_profile)


def login_name(effective_config: EffectiveConfig, source: CredentialSource | None) -> str:
    """Return the login name for display, without reading a file or running a command."""
    if source is not None and source.kind in {"session_file", "access_key_file"}:
        return "given session" if source.kind == "session_file" else "access key"
    name: str = effective_config.value("user") or effective_config.value("account")
    return name


def describe_credential(effective_config: EffectiveConfig) -> tuple[str, ResolvedSetting]:
    """Return the name of the credential in use, and its origin; the secret itself is not read."""
    for option in ("access_key_file", "password_stdin", "password_file"):
        if effective_config.cli_option(option):
            shown = effective_config.cli_option(option) if option.endswith("_file") else MASK
            return option, ResolvedSetting(shown, Origin(Source.OPTION, f"--{option.replace('_', '-')}"))
    is_login_typed = any(name in effective_config.typed for name in _LOGIN_OPTIONS)
    ready = () if is_login_typed else (("session", environment.SESSION), ("access_key", environment.KEY_ID))
    for name, variables in (*ready, ("password", environment.PASSWORD)):
        found = environment.find_variable(variables, effective_config.environ)
        if found is not None:
            return name, ResolvedSetting(MASK, Origin(Source.ENVIRONMENT, found[0]))
    source = configured_credential(effective_config)
    if source is None:
        return "password", ResolvedSetting("prompted", Origin(Source.DEFAULT))
    # The arguments of a command may contain a secret.
    shown = source.value if source.kind != "password_command" else f"{command_name(source.value)} …"
    return source.kind, ResolvedSetting(shown, source.origin)


def command_name(command: str | Sequence[str]) -> str:
    """Return the first word of a command."""
    return (command.split() if isinstance(command, str) else command)[0]


def _credentials_from_environment(effective_config: EffectiveConfig) -> Credentials | None:
    found = environment.find_variable(environment.SESSION, effective_config.environ)
    if found is None:
        return _access_key_from_environment(effective_config)
    variable, value = found
    return SessionToken(session_id=session_id(value, variable))


def _access_key_from_environment(effective_config: EffectiveConfig) -> AccessKey | None:
    names = (environment.KEY_ID, environment.KEY_SECRET)
    key_id, secret = (environment.get(name, effective_config.environ) for name in names)
    if key_id is None and secret is None:
        return None
    if key_id is None or secret is None:
        present, missing = environment.KEY_ID[0], environment.KEY_SECRET[0]
        if key_id is None:
            present, missing = missing, present
        message = f"{present} is set without {missing}: an access key needs both"
        raise click.UsageError(message)
    return parse_access_key(key_id, secret, "the environment")


def _explicit_password(effective_config: EffectiveConfig) -> str | None:
    """Return the password of an option or of the environment; None when there is none."""
    if effective_config.cli_option("password_stdin"):
        password = read_password(sys.stdin, "stdin")
        reopen_stdin_from_tty()
        return password
    if effective_config.cli_option("password_file") is not None:
        return read_password_file(effective_config.cli_option("password_file"))
    found = environment.find_variable(environment.PASSWORD, effective_config.environ)
    if found is None:
        return None
    variable, password = found
    if len(password) > MAX_SECRET_BYTES:
        message = f"the password in {variable} is longer than {MAX_SECRET_BYTES:,} characters"
        raise ConfigError(message)
    return password


def _configured_or_prompted_password(
    source: CredentialSource | None, effective_config: EffectiveConfig, question: str, prompt: Prompt | None
) -> tuple[str, str | None]:
    """Return the password of the files or of the user, and the reason why it is missing; None when it is not."""
    try:
        if source is not None:
            return _password_of(source, effective_config.credential_profile, is_interactive=prompt is not None), None
    except ConfigError as error:
        message = f"{source.origin.where}: {error}" if source is not None else str(error)
        if prompt is not None:
            raise ConfigError(message) from error
        return "", message
    return (prompt(question), None) if prompt is not None else ("", "")


def _password_of(source: CredentialSource, profile: str | None, *, is_interactive: bool) -> str:
    if source.kind == "password_file":
        return read_password_file(source.value)
    if source.kind == "keyring":
        from cdptui.config.credentials import read_keyring_password

        return read_keyring_password(profile or "default")
    from cdptui.config.password_command import kill_password_commands, run_password_command

    restore_at_signal(kill_password_commands)
    try:
        with modes_restored_at_signal() if is_interactive else contextlib.nullcontext():
            return run_password_command(source.value, is_interactive=is_interactive)
    finally:
        forget_restore(kill_password_commands)
