"""What of the resources that tasks depend on is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cdptui.models.server_metrics import MetricsRequest


class InventoryNeeds(Struct, frozen=True):
    """The resources that the screen shows now."""

    storages: bool = False
    policies: bool = False
    vm: str | None = None
    """UUID of the VM whose state is shown."""
    points: str | None = None
    """UUID of the VM whose recovery points are shown."""
    metrics: MetricsRequest | None = None
    """The gaps in the history of the task that is shown."""

    @property
    def metrics_key(self) -> str | None:
        """The key of the metrics that are shown."""
        return self.metrics.key if self.metrics is not None else None
