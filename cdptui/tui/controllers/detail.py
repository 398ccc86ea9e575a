"""The detail pane: which tab of which task it shows, what must be fetched for that, and how large it is."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Final

from msgspec import structs

from cdptui.models.capacity import CapacityHistory
from cdptui.models.reasons import ReasonKind
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.update import Update
from cdptui.render.tabs.registry import HISTORY, OVERVIEW, POINTS, POLICY, RAW, RESOURCES, STORAGE, WHY, Tab
from cdptui.tui.low_bandwidth import LowBandwidthMode

if TYPE_CHECKING:
    from textual.widget import Widget

    from cdptui.models.aggregates import GroupSummary
    from cdptui.models.server_metrics import MetricsRequest
    from cdptui.models.storages import StorageSummary
    from cdptui.monitor.sources import FleetView
    from cdptui.render.tabs.context import DetailContext
    from cdptui.render.task_cells import CellContext
    from cdptui.tui.controllers.trends import TrendController
    from cdptui.tui.widgets.detail_pane import DetailPane

_SHARES: Final = range(20, 81)
"""Of the screen, in percent."""

_SHARE_BESIDE: Final = 42
_SHARE_BELOW: Final = 50


class DetailController:
    """Fills the pane with one tab of one task and requests what that tab needs."""

    def __init__(
        self,
        pane: DetailPane,
        low_bandwidth: LowBandwidthMode,
        keys: Mapping[str, str],
        zone: tzinfo | None,
        create_trends: Callable[[], TrendController],
    ) -> None:
        """`keys` are the labels of the keys by the id of their action, for hints; `zone` is that of times."""
        self._create_trends = create_trends
        self._trends: TrendController | None = None
        self._keys = keys
        self._zone = zone
        self._pane = pane
        self._low_bandwidth = low_bandwidth
        self._tab = OVERVIEW
        self._settled_uuid: str | None = None
        self._fields: tuple[object, object, Sequence[RawField]] = (None, None, ())
        self._raw: tuple[object, RawLines] = (None, RawLines())
        self._storage_tasks: tuple[object, StorageSummary, tuple[TaskRow, ...]] | None = None

    @property
    def tab(self) -> Tab:
        """The selected tab."""
        return self._tab

    @property
    def trends(self) -> TrendController:
        """The history of the task; created when it is first shown."""
        if self._trends is None:
            self._trends = self._create_trends()
        return self._trends

    def select_tab(self, tab: Tab) -> None:
        """Show this tab from the next `show` on."""
        self._tab = tab

    def show(self, connection: FleetView, row: TaskRow | None, update: Update, *, is_gone: bool) -> None:
        """Show `row` with what is known of its surroundings; None shows a placeholder."""
        snapshot = update.snapshot
        if row is None or snapshot is None:
            self._pane.show_placeholder()
            return
        from cdptui.render.failure_messages import failure_label
        from cdptui.render.tabs.context import DetailContext

        tab, inventory, task = self._tab, connection.inventory, row.task
        failure, vm = inventory.names_failure, _vm_of(row)
        context = DetailContext(
            fields=self._fields_of(task, connection) if tab is RAW else (),
            track=self._low_bandwidth.history(task.uuid, connection) if tab is OVERVIEW else CapacityHistory(),
            names=names_with_duplicates([row], connection),
            names_problem=failure_label(failure) if failure is not None else "",
            now=snapshot.taken_at,
            zone=self._zone,
            is_server_zone_known=connection.zone is not None,
            is_gone=is_gone,
            at=snapshot.taken_monotonic,
            raw=self._raw_lines_of(task, connection) if tab is RAW else RawLines(),
            storages=inventory.storages,
            policies=inventory.policies,
            machine=inventory.vm(vm),
            points=inventory.points(vm),
            keys=self._keys,
        )
        if tab is STORAGE:
            context = self._with_storage(context, task.backup_storage_uuid, update.rows)
        if tab is HISTORY:
            context = self._with_trend(context, connection, task, is_failing=update.failure is not None)
        self._pane.show_task(row, context, tab)

    def show_group(
        self,
        connection: FleetView,
        group: GroupSummary,
        members: Callable[[], Iterable[str]],
        context: CellContext,
    ) -> None:
        """Show the totals of a group, and the RPO of its `members` over time."""
        from cdptui.render.groups import group_name
        from cdptui.render.tabs.group import group_lines, group_rpo_lines

        key = (group.by, group.key)
        statistics = self.trends.get_fleet_rpo(connection, key, members, context.now) or ()
        breaches = chain.from_iterable((each.longest, each.worst) for each in statistics)
        uuids = {breach.task_uuid for breach in breaches if breach is not None}
        names = {uuid: row.task.name for uuid in uuids if (row := connection.row(uuid)) is not None}
        lines = [*group_lines(group, context), *group_rpo_lines(statistics, names, context, self._pane.text_width)]
        self._pane.show_placeholder(lines, group_name(group, context))

    def update_needs(self, connection: FleetView, row: TaskRow | None, *, force: bool = False) -> None:
        """Request what the tab shows; `row` is None while the pane is hidden.

        Called every second: nothing is requested for a task before the cursor has been on it for two calls. `force`
        also requests what is cached.
        """
        from cdptui.models.inventory_needs import InventoryNeeds

        uuid = row.task.uuid if row is not None else None
        is_resting, self._settled_uuid = uuid == self._settled_uuid, uuid
        if row is None or not (is_resting or force):
            connection.inventory.set_needs(InventoryNeeds())
            return
        tab, vm = self._tab, _vm_of(row) or None
        need = InventoryNeeds(
            storages=tab in {STORAGE, WHY},
            policies=tab in {POLICY, POINTS, WHY},
            vm=vm if tab in {RESOURCES, POINTS, WHY} else None,
            points=vm if tab is POINTS else None,
            metrics=self._metrics_needed(row.task.uuid),
        )
        connection.inventory.set_needs(need, force=force)

    def update_storage_needs(self, connection: FleetView, *, force: bool = False) -> None:
        """Request what the list of storages shows, in place of what the pane shows."""
        from cdptui.models.inventory_needs import InventoryNeeds

        self._settled_uuid = None
        connection.inventory.set_needs(InventoryNeeds(storages=True), force=force)

    def _with_trend(
        self, context: DetailContext, connection: FleetView, task: Task, *, is_failing: bool
    ) -> DetailContext:
        """Return `context` with the history of a task, as far as it is read."""
        from cdptui.render.tabs.history import chart_columns
        from cdptui.tui.controllers.trends import ALL_TASKS

        trends = self.trends
        trend = trends.get(
            connection, task.uuid, chart_columns(self._pane.text_width), context.now, is_failing=is_failing
        )
        fleet = trends.get_fleet_rpo(connection, ALL_TASKS, tuple, context.now) if trend is not None else None
        if trend is not None:
            trend, metrics = trends.gaps.fill(trend, connection.inventory, task.plan_bytes)
            context = structs.replace(context, metrics=metrics)
        return structs.replace(
            context,
            trend=trend,
            trend_window=trends.window,
            is_trend_zoomed=trends.is_zoomed,
            fleet_rpo=fleet or None,
        )

    def _metrics_needed(self, uuid: str) -> MetricsRequest | None:
        """Return what the history of a task needs; None on another tab, or without gaps."""
        request = self.trends.gaps.request if self._tab is HISTORY else None
        return request if request is not None and request.uuid == uuid else None

    def _fields_of(self, task: Task, connection: FleetView) -> Sequence[RawField]:
        """Return the fields of a task, parsed again only when its record or the time zone of its dates changed."""
        if self._fields[0] is not task or self._fields[1] is not connection.zone:
            self._fields = (task, connection.zone, connection.fields(task))
        return self._fields[2]

    def _raw_lines_of(self, task: Task, connection: FleetView) -> RawLines:
        """Return the record of a task, formatted again only when it changed."""
        if self._raw[0] is not task:
            self._raw = (task, connection.raw_lines(task))
        return self._raw[1]

    def _with_storage(self, context: DetailContext, uuid: str | None, rows: Sequence[TaskRow]) -> DetailContext:
        """Return `context` with a storage and the tasks on it, which are added up once for each list."""
        from cdptui.models.inventory import worst_tasks
        from cdptui.models.storages import summarize_storage

        known = self._storage_tasks
        if known is None or known[0] is not rows or known[1].uuid != (uuid or ""):
            tasks = [row for row in rows if row.task.backup_storage_uuid == uuid]
            known = self._storage_tasks = (rows, summarize_storage(uuid or "", tasks), worst_tasks(tasks))
        _, summary, worst = known
        storage = (context.storages.value or {}).get(summary.uuid)
        return structs.replace(context, storage=structs.replace(summary, storage=storage), storage_tasks=worst)


class PaneLayout:
    """Whether the pane is open and how large it is: beside the list on a wide screen, below it on a narrow one."""

    def __init__(self, pane: Widget) -> None:
        self.is_open: bool | None = None
        """None: open on a wide screen only."""
        self._pane = pane
        self._share: int | None = None
        self._applied: tuple[int | None, bool] = (None, True)

    def is_shown(self, *, is_wide: bool) -> bool:
        """Return whether the pane is visible."""
        return is_wide if self.is_open is None else self.is_open

    def resize(self, step: int, *, is_wide: bool) -> None:
        """Change the share of the screen by `step` percent."""
        share = (self._share or (_SHARE_BESIDE if is_wide else _SHARE_BELOW)) + step
        self._share = max(_SHARES.start, min(share, _SHARES.stop - 1))

    def apply(self, *, is_wide: bool) -> None:
        """Set the styles of the pane, if they differ: each of them lays out the whole screen."""
        self._pane.set_class(self.is_shown(is_wide=is_wide), "-shown")
        size = (self._share, is_wide)
        if size == self._applied:
            return
        self._applied = size
        share = self._share
        is_beside = share is not None and is_wide
        styles = self._pane.styles
        styles.width = f"{share}%" if is_beside else None
        styles.max_width = "100%" if is_beside else None
        styles.height = f"{share}%" if share is not None and not is_wide else None


def names_with_duplicates(rows: Iterable[TaskRow], connection: FleetView) -> Mapping[str, str]:
    """Return the known names and those of the tasks that problems of `rows` refer to."""
    names, reasons = connection.names, chain.from_iterable(row.reasons for row in rows)
    others = (connection.row(reason.other) for reason in reasons if reason.kind is ReasonKind.TWO_TASKS)
    duplicates = {other.task.uuid: other.task.name for other in others if other is not None}
    return ChainMap(duplicates, dict(names)) if duplicates else names


def _vm_of(row: TaskRow) -> str:
    refs = row.task.resource_refs
    return refs[0].resource_uuid if refs else ""
