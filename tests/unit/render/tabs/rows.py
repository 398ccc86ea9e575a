"""Rows and helpers for the tests of the tabs."""

from __future__ import annotations

from typing import Any

from cdptui.models.capacity import CapacityHistory
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import FetchState
from cdptui.models.reasons import Evidence, find_reasons, overall_severity
from cdptui.models.task_row import TaskRow
from cdptui.render.spans import plain_text
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.registry import Tab, tab_renderer
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH, a_task

DENIED = Failure(FailureKind.PERMISSION_DENIED, "is denied by default", "http://node/x", "SYS.1006")
AWAY = Failure(FailureKind.SERVER_ERROR, "Backup storage is not connected", "http://node/x", "SYS.1006")


def a_row(name: str = "cdp-erp-db", evidence: dict[str, Any] | None = None, **changes: Any) -> TaskRow:
    """Return a row as the fleet tracker builds it."""
    task = a_task(name, **{"policy_uuid": "p-1", "backup_storage_uuid": "bs-1", **changes})
    facts = Evidence(EPOCH, **(evidence or {}))
    reasons = find_reasons(task, facts)
    return TaskRow(task, overall_severity(task, reasons), facts.growth, facts.seconds_until_full, reasons)


def read(value: Any, age_s: float = 20.0) -> FetchState[Any]:
    """Return a value that was fetched `age_s` before the moment of `shown`."""
    return FetchState(value, fetched_at=100.0 - age_s, attempted_at=100.0 - age_s)


def shown(tab: Tab, row: TaskRow, width: int = 100, height: int = 40, **context: Any) -> list[str]:
    """Return the lines of a tab."""
    settings: dict[str, Any] = {
        "fields": (),
        "track": CapacityHistory(),
        "names": {},
        "names_problem": "",
        "now": EPOCH,
        "zone": None,
        "keys": DEFAULT_KEYMAP.labels,
        "at": 100.0,
        **context,
    }
    return [plain_text(line) for line in tab_renderer(tab)(row, DetailContext(**settings), width, height)]
