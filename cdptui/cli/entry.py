"""The first module of the process."""

from __future__ import annotations

import gc


def main() -> None:
    """Run `cdptui`.

    What an import makes, stays: no use in looking it through for rubbish, neither now nor ever again.
    """
    gc.disable()
    from cdptui.cli.main import main as run  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    run()
