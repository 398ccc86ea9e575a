"""What was asked of the log. The machinery behind it is imported only when it is started, after the first frame."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from msgspec import Struct

LEVELS: Final = ("debug", "info", "warning", "error")


class Log(Struct, frozen=True):
    """Where to log, and how much."""

    file: Path | None
    """None is the default place."""
    level: str

    def check(self) -> None:
        """Raise CommandFailed when a file that was asked for cannot be written."""
        if self.file is not None:
            from cdptui.cli.log_file import make_private_file  # noqa: PLC0415 - see above

            make_private_file(self.file)

    def hide(self, secret: str) -> None:
        """Keep out of it what was typed only now."""
        from cdptui.cli.log_file import hide  # noqa: PLC0415 - see above

        hide(secret)

    def start(self, secrets: Collection[str]) -> None:
        """Log from now on, without `secrets`."""
        from cdptui.cli.log_file import log_to  # noqa: PLC0415 - see above
        from cdptui.config.paths import default_log_file  # noqa: PLC0415

        log_to(self.file or default_log_file(), self.level, secrets, is_asked_for=False)
