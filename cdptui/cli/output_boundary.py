"""The output boundary: sanitizes and redacts all text for stdout, stderr and the log.

Profile names, paths, URLs and error texts are untrusted input. The output has nothing that a terminal interprets, and
no secret that this process knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

from cdptui.config import environment
from cdptui.models.redaction import Redactor, url_secrets
from cdptui.models.sanitize import sanitize

_MAX_LINE: Final = 200_000
"""Maximum characters of a line, more than an environment variable can have."""

_URL_OPTION: Final = "--url"

_redactor: Final = Redactor()
"""Shared by stdout, stderr and the log of the process."""


def hide(*secrets: str) -> None:
    """Mask `secrets` in all output and in the log from now on."""
    _redactor.add(*secrets)


def hide_given_secrets(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Mask the secrets of the command line and the environment; must be called before any output."""
    for names in (environment.PASSWORD, environment.SESSION, environment.KEY_SECRET):
        hide(*(environ[name] for name in names if name in environ))
    holders = (*environment.URL, *environment.HOST)
    urls = [value for name, value in environ.items() if name.lower().endswith("_proxy") or name in holders]
    for url in (*urls, *_urls_among(arguments)):
        hide(*url_secrets(url))


def _urls_among(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the values of --url and all arguments with a scheme; an @ in a path or an account does not make a URL."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if before == _URL_OPTION or argument.startswith(f"{_URL_OPTION}=") or "://" in argument:
            yield argument.removeprefix(f"{_URL_OPTION}=")


def redact(text: str) -> str:
    """Return `text` with secrets masked."""
    return _redactor.redact(text)


def screen_text(text: str) -> str:
    """Return `text` for the screen of the monitor: on one line, sanitized, with secrets masked."""
    return sanitize(redact(text))


def printable(text: str, stream: TextIO) -> str:
    """Return `text` for `stream`: each line sanitized, with secrets masked, in the encoding of the stream."""
    lines = "\n".join(sanitize(line, _MAX_LINE) for line in redact(text).split("\n"))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return lines.encode(encoding, "backslashreplace").decode(encoding)
