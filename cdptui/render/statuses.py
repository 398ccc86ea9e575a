"""Glyphs of task statuses, and the role and the text of each severity."""

from __future__ import annotations

from typing import Final

from cdptui.models.reasons import judged_status_severity
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Line, Role, Span

GLYPHS: Final = {
    "Failed": "✖",
    "Unknown": "?",
    "Stopped": "■",
    "Stopping": "◕",
    "Starting": "◔",
    "Created": "○",
    "DataMerging": "◆",
    "Running": "●",
}
"""Worst first. A status of a newer server is missing here; it is shown with `OTHER_GLYPH`."""

OTHER_GLYPH: Final = "◇"

ROLES: Final = {
    Severity.CRITICAL: Role.BAD,
    Severity.WARNING: Role.WARN,
    Severity.NOTICE: Role.ACCENT,
    Severity.BUSY: Role.BUSY,
    Severity.HEALTHY: Role.OK,
    Severity.CALM: Role.CALM,
}

SIGNS: Final = {
    Severity.CRITICAL: "✖",
    Severity.WARNING: "!",
    Severity.NOTICE: "•",
    Severity.BUSY: "",
    Severity.HEALTHY: "",
    Severity.CALM: "",
}
"""Signs of the severities, at the left edge of the list and in the rows of groups. They do not depend on colours."""

_DURING: Final = {
    "Stopped": "while stopped",
    "Failed": "while failed",
    "Starting": "while starting",
    "Stopping": "while stopping",
    "Created": "before the first start",
}

SEVERITY_TEXT: Final = {
    Severity.CRITICAL: "Enabled but not protecting",
    Severity.WARNING: "Warning",
    Severity.NOTICE: "Notice",
    Severity.BUSY: "In transition",
    Severity.HEALTHY: "Protecting",
    Severity.CALM: "Disabled",
}


def status_line(row: TaskRow) -> Line:
    """Return the status of a task with its glyph, in the role of its severity.

    Beside a problem a healthy status is quiet, and no status is louder than its task.
    """
    status, own = row.task.status, judged_status_severity(row.task, row.reasons)
    role = Role.DIM if own is Severity.HEALTHY and row.severity > own else ROLES[min(own, row.severity)]
    return (Span(f"{GLYPHS.get(status, OTHER_GLYPH)} {status}", role),)


def during_status(task: Task) -> str:
    """Return the present state of a task that records nothing as a phrase, such as "while stopped"."""
    if task.state == "Disabled":
        return "while disabled"
    return _DURING.get(task.status, f"while the status is {task.status}")


def sign(severity: Severity) -> Span:
    """Return the sign of a severity in its role, one cell wide."""
    return Span(SIGNS[severity] or " ", ROLES[severity])


def status_rank(status: str) -> int:
    """Return the place of a status, worst first; statuses that cdptui does not know come before Stopping."""
    order = tuple(GLYPHS)
    return order.index(status) if status in GLYPHS else order.index("Stopping")
