"""Run cdptui until its first frame and list the loaded modules.

Usage: `python -m tests.architecture.first_frame FILE OPTIONS`. FILE is the file for the names of the modules, OPTIONS
are those of cdptui. Everything up to the first frame is that of the program; then it ends instead of connecting.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cdptui.__main__ import main


def end_at_first_frame(file: Path) -> None:
    """Let the application write the names of the loaded modules to `file` when its first frame is shown, and end."""
    from cdptui.tui.app import CdptuiApp

    def write_modules(app: CdptuiApp) -> None:
        file.write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
        app.exit(0)

    CdptuiApp.first_frame_shown = write_modules  # type: ignore[assignment, method-assign]  # in this process only


if __name__ == "__main__":
    end_at_first_frame(Path(sys.argv.pop(1)))
    main()
