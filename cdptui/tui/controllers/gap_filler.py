"""The gaps of the history in the pane: what the server is asked for them, and the history with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdptui.models.inventory import FetchState
from cdptui.models.server_metrics import MetricsRequest, TaskMetrics, fill_gaps, metrics_request
from cdptui.models.trend import TaskTrend

if TYPE_CHECKING:
    from cdptui.monitor.sources import InventoryView


class GapFiller:
    """Fills the gaps of the history of one task at a time."""

    def __init__(self) -> None:
        self.request: MetricsRequest | None = None
        """What the last history needs; None when it has no gaps."""
        self._filled: tuple[TaskTrend, TaskMetrics, int | None, TaskTrend] | None = None

    def fill(
        self, trend: TaskTrend, inventory: InventoryView, plan_bytes: int | None
    ) -> tuple[TaskTrend, FetchState[TaskMetrics]]:
        """Return the history with the metrics that are loaded for its gaps, and the state of these metrics."""
        self.request = metrics_request(trend)
        if self.request is None:
            return trend, FetchState()
        state = inventory.metrics(self.request)
        if state.value is None:
            return trend, state
        known = self._filled
        # It takes some milliseconds, and the pane is drawn at least at each poll.
        if known is None or known[0] is not trend or known[1] is not state.value or known[2] != plan_bytes:
            known = self._filled = (trend, state.value, plan_bytes, fill_gaps(trend, state.value, plan_bytes))
        return known[3], state
