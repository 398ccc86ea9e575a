"""Settings of the recording: its size, and the file of a node and account."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zlib import crc32

from msgspec import Struct

from cdptui.config.errors import ConfigError

DEFAULT_LIMIT: Final = "256M"
DEFAULT_LIMIT_BYTES: Final = 256 << 20
"""A month of 1,000 tasks takes 150 MiB."""

MIN_LIMIT_BYTES: Final = 1 << 20
MAX_LIMIT_BYTES: Final = 1 << 40

SUFFIX: Final = ".sqlite"

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+")
_MAX_NAME: Final = 60


class RecordSettings(Struct, frozen=True):
    """Where and how much to record."""

    file: Path
    limit_bytes: int
    node: str
    """Host and port of the node, for the list of recordings."""
    account: str
    prepare: Callable[[], None] | None = None
    """Called in the thread of the recorder before it opens the file, in place of creating its folder; may raise
    OSError. None for any recording but that of the demo."""


def parse_limit(text: str) -> int:
    """Return a size such as 256M in bytes. Raises ConfigError.

    >>> parse_limit("256M"), parse_limit("1.5 GiB")
    (268435456, 1610612736)
    """
    if text == DEFAULT_LIMIT:
        return DEFAULT_LIMIT_BYTES
    # Most starts use the default, and should not wait for the import.
    from cdptui.query.units import Dimension, get_unit, parse_quantity

    size = parse_quantity(text.strip(), [Dimension.SIZE])
    limit_bytes = round(size.number * get_unit(size, [Dimension.SIZE]).factor) if size is not None else 0
    if not MIN_LIMIT_BYTES <= limit_bytes <= MAX_LIMIT_BYTES:
        message = f"--record-limit must be a size from 1M to 1T, such as 256M, not {text!r}"
        raise ConfigError(message)
    return limit_bytes


def recording_file(folder: Path, base_url: str, account: str) -> Path:
    """Return the file of the recording of a node and account.

    A checksum tells apart names that differ only in characters that file names should not have.

    >>> recording_file(Path("/r"), "https://cloud.example.com:8443/zstack/v1", "eve in production").name
    'cloud.example.com-eve-in-production-e2e51278.sqlite'
    """
    host = urlsplit(base_url).hostname or "node"
    digest = crc32("\n".join((base_url, account)).encode())
    name = _UNSAFE.sub("-", f"{host}-{account}").strip("-.")[:_MAX_NAME].strip("-.")
    return folder / f"{name}-{digest:08x}{SUFFIX}"
