"""Glyphs of task statuses, and the role and the text of each severity."""

from __future__ import annotations

from typing import Final

from cdptui.models.reasons import judged_status_severity
from cdptui.models.severity import Severity
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

SHORT_WORDS: Final = {"DataMerging": "Merging"}
"""Shorter names of statuses, for the header on a narrow terminal."""

OTHER_GLYPH: Final = "◇"

ROLES: Final = {
    Severity.CRITICAL: Role.BAD,
    Severity.WARNING: Role.WARN,
    Severity.NOTICE: Role.ACCENT,
    Severity.BUSY: Role.BUSY,
    Severity.HEALTHY: Role.OK,
    Severity.CALM: Role.CALM,
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
    """Return the status of a task with its glyph, in the role of its severity."""
    status = row.task.status
    role = ROLES[judged_status_severity(row.task, row.reasons)]
    return (Span(f"{GLYPHS.get(status, OTHER_GLYPH)} {status}", role),)


def status_rank(status: str) -> int:
    """Return the place of a status, worst first; statuses that cdptui does not know come before Stopping."""
    order = tuple(GLYPHS)
    return order.index(status) if status in GLYPHS else order.index("Stopping")
