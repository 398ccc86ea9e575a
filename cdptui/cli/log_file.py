"""The log: a file of bounded size, readable by its owner only, that holds no secret."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from cdptui.cli.diagnostics import CommandFailed, ExitCode

_MAX_BYTES: Final = 2_000_000
_SECRETS: Final = re.compile(
    r"(OAuth\s+|ZStack\s+[^\s:]+:|Basic\s+|sessions/|JSESSIONID=|twofatoken::|\"password\":\s*\")[^\s\"',;)]+|\b[0-9a-f]{128}\b"
)
_CHATTY: Final = ("httpx", "httpcore", "asyncio", "uvicorn")
"""Their request lines hold URLs with session ids."""


class _Redacted(logging.Formatter):
    """Takes secrets out of everything that is written, tracebacks included."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.secrets = tuple(secret for secret in secrets if secret)

    def hide(self, secret: str) -> None:
        """Take one more out, from now on."""
        if secret and secret not in self.secrets:
            self.secrets = (*self.secrets, secret)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return _SECRETS.sub(lambda match: f"{match[1] or ''}***", text)


class _PrivateFile(RotatingFileHandler):
    """Made with mode 0600, and only when there is something to write."""

    def _open(self) -> TextIOWrapper:
        _make_private(Path(self.baseFilename))
        return super()._open()


def _hidden() -> Iterator[str]:
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Redacted):
            yield from handler.formatter.secrets


def hide(secret: str) -> None:
    """Keep a secret out of the log that was typed only now."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Redacted):
            handler.formatter.hide(secret)


def make_private_file(path: Path) -> None:
    """Make a log file that was asked for, readable by its owner only. Raises CommandFailed."""
    try:
        _make_private(path)
    except OSError as error:
        message = f"cannot write the log file {path}: {error.strerror or error}"
        raise CommandFailed(message, ExitCode.USAGE) from error


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        # It may have been there before, readable by others.
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def log_to(path: Path, level: str, secrets: Collection[str], *, is_asked_for: bool) -> None:
    """Send the log to `path`; raises CommandFailed when a file that was asked for cannot be written."""
    handler = _PrivateFile(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
    # What was secret for the node before is so still.
    handler.setFormatter(_Redacted({*secrets, *_hidden()}))
    if is_asked_for:
        make_private_file(path)
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
