"""Glyphs of task statuses, and the role and the text of each severity."""

from __future__ import annotations

from typing import Final

from cdptui.models.severity import Severity, status_severity
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

SEVERITY_TEXT: Final = {
    Severity.CRITICAL: "Enabled but not protecting",
    Severity.WARNING: "Warning",
    Severity.NOTICE: "Notice",
    Severity.BUSY: "In transition",
    Severity.HEALTHY: "Protecting",
    Severity.CALM: "Disabled",
}


def status_line(status: str, state: str) -> Line:
    """Return a status with its glyph, in the role of the severity that it has in `state`."""
    return (Span(f"{GLYPHS.get(status, OTHER_GLYPH)} {status}", ROLES[status_severity(status, state)]),)


def status_rank(status: str) -> int:
    """Return the place of a status, worst first; statuses that cdptui does not know come before Stopping."""
    order = tuple(GLYPHS)
    return order.index(status) if status in GLYPHS else order.index("Stopping")
