"""The boundary that all text passes on its way to stdout, to stderr and into the log.

Profile names, paths, URLs and error texts come from options, variables and files that anybody may have written. After
this no terminal acts upon anything in them, and no secret that this process knows is in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from cdptui.config import environment
from cdptui.models.redaction import Redactor, url_secrets
from cdptui.models.text import inert

_MAX_LINE: Final = 200_000
"""Characters of a line, more than one variable can hold."""

_redactor: Final = Redactor()
"""One for the process, as stdout, stderr and the log are."""


def hide(*secrets: str) -> None:
    """Mask `secrets` in all output and in the log from now on."""
    _redactor.add(*secrets)


def hide_given_secrets(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Mask what came in with the command line and the environment; nothing may be written before this."""
    for names in (environment.PASSWORD, environment.SESSION, environment.KEY_SECRET):
        hide(*(environ[name] for name in names if name in environ))
    urls = [value for name, value in environ.items() if name.lower().endswith("_proxy") or name in environment.URL]
    for url in (*urls, *arguments):
        hide(*url_secrets(url))


def redact(text: str) -> str:
    """Return `text` without secrets."""
    return _redactor.redact(text)


def printable(text: str, stream: TextIO) -> str:
    """Return `text` so that it can be written to `stream`: inert line by line, without secrets, in its encoding."""
    lines = "\n".join(inert(line, _MAX_LINE) for line in redact(text).split("\n"))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return lines.encode(encoding, "backslashreplace").decode(encoding)
