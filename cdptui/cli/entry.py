"""The first module of the process."""

from __future__ import annotations

import gc
import sys
from typing import Final

_SWITCH_S: Final = 0.0005
"""Seconds that a thread may go on while another waits: a key that was read, a frame that is to be written."""

_NEWCOMERS: Final = 10_000
"""Objects made until the collector looks at them. The usual 700 are a fraction of one frame: each of them would be
looked through several times, 10 ms in which no key counts."""


def main() -> None:
    """Run `cdptui`.

    What an import makes, stays: no use in looking it through for rubbish, neither now nor ever again. Whoever begins
    to work for long turns the collector on.
    """
    gc.disable()
    from cdptui.cli.main import main as run  # noqa: PLC0415 - see above

    gc.freeze()
    gc.set_threshold(_NEWCOMERS, 10, 10)
    sys.setswitchinterval(_SWITCH_S)
    run()
