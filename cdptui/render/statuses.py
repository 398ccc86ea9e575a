"""The one table of statuses: glyph and word; and of severities: role and what they mean."""

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
"""Worst first. Newer servers have statuses that are not in here; they are shown as they are."""

SHORT_WORDS: Final = {"DataMerging": "Merging"}
"""For places where every cell counts."""

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
    Severity.CRITICAL: "switched on, but it does not protect",
    Severity.WARNING: "not as it should be",
    Severity.NOTICE: "worth a look",
    Severity.BUSY: "on its way",
    Severity.HEALTHY: "protecting",
    Severity.CALM: "switched off",
}


def status_line(status: str, state: str) -> Line:
    """A status with its glyph, in the role of its severity under `state`."""
    return (Span(f"{GLYPHS.get(status, OTHER_GLYPH)} {status}", ROLES[status_severity(status, state)]),)


def status_rank(status: str) -> int:
    """Place in the order of statuses, worst first; unknown ones after the bad and before the good."""
    order = tuple(GLYPHS)
    return order.index(status) if status in GLYPHS else order.index("Stopping")
