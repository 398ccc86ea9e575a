"""A simulated day of 1,000 tasks, recorded or not: `python -m … on|off`. Prints the peak memory as JSON.

What a monitor imports anyway is imported in both cases.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import cdptui.api.client
import cdptui.monitor.connection  # noqa: F401 - see above
from cdptui.models.snapshot import Snapshot
from tests.benchmarks.changing_rows import Fleet
from tests.benchmarks.watched import peak_bytes

_POLLS: Final = 24 * 60
_POLL_S: Final = 60
_START: Final = datetime(2026, 11, 27, tzinfo=UTC)


class _Clock:
    speed = 1.0
    seconds = 0.0

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


def a_day(folder: Path | None) -> None:
    """Let the day pass, and record it to a folder, if there is one."""
    clock, fleet, recorder = _Clock(), Fleet(1000, used_every=5, rpo_every=1), None
    if folder is not None:
        from cdptui.config.recording import DEFAULT_LIMIT_BYTES, RecordSettings
        from cdptui.monitor.recording import create_recorder

        settings = RecordSettings(folder / "node.sqlite", DEFAULT_LIMIT_BYTES, "node", "admin")
        recorder = create_recorder(settings, clock)  # type: ignore[arg-type]  # the recorder does not wait
        recorder.start()
    for _ in range(_POLLS):
        rows = fleet.next_rows()
        clock.seconds += _POLL_S
        snapshot = Snapshot(
            tuple(row.task for row in rows), len(rows), True, clock.now(), clock.monotonic(), duration_s=0.1
        )
        if recorder is not None:
            recorder.record(snapshot, rows)
            while not recorder._queue.empty():
                time.sleep(0.001)
    if recorder is not None:
        recorder.close(10.0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        a_day(Path(name) if sys.argv[1] == "on" else None)
    sys.stdout.write(json.dumps({"peak_bytes": peak_bytes()}) + "\n")
