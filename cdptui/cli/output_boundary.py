"""The boundary that all text passes on its way to stdout, to stderr and into the log.

Profile names, paths, URLs and error texts come from options, variables and files that anybody may have written. After
this no terminal acts upon anything in them, and no secret that this process knows is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

from cdptui.config import environment
from cdptui.models.redaction import Redactor, url_secrets
from cdptui.models.sanitize import sanitize

_MAX_LINE: Final = 200_000
"""Characters of a line, more than one variable can hold."""

_URL_OPTION: Final = "--url"

_redactor: Final = Redactor()
"""One for the process, as stdout, stderr and the log are."""


def hide(*secrets: str) -> None:
    """Mask `secrets` in all output and in the log from now on."""
    _redactor.add(*secrets)


def hide_given_secrets(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Mask what came in with the command line and the environment; nothing may be written before this."""
    for names in (environment.PASSWORD, environment.SESSION, environment.KEY_SECRET):
        hide(*(environ[name] for name in names if name in environ))
    holders = (*environment.URL, *environment.HOST)
    urls = [value for name, value in environ.items() if name.lower().endswith("_proxy") or name in holders]
    for url in (*urls, *_urls_among(arguments)):
        hide(*url_secrets(url))


def _urls_among(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the values of --url and whatever has a scheme; an @ in a path or in an account is not one of a URL."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if before == _URL_OPTION or argument.startswith(f"{_URL_OPTION}=") or "://" in argument:
            yield argument.removeprefix(f"{_URL_OPTION}=")


def redact(text: str) -> str:
    """Return `text` without secrets."""
    return _redactor.redact(text)


def screen_text(text: str) -> str:
    """Return `text` for the screen of the monitor: on one line, inert, and without secrets."""
    return sanitize(redact(text))


def printable(text: str, stream: TextIO) -> str:
    """Return `text` so that it can be written to `stream`: inert line by line, without secrets, in its encoding."""
    lines = "\n".join(sanitize(line, _MAX_LINE) for line in redact(text).split("\n"))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return lines.encode(encoding, "backslashreplace").decode(encoding)
