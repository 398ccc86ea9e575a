"""What the detail pane shows of the task under the cursor, and what must be known for that."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cdptui.models.capacity import CapacityHistory
from cdptui.models.reasons import ReasonKind
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.update import Update
from cdptui.render.tabs.registry import OVERVIEW, POINTS, POLICY, RAW, RESOURCES, STORAGE, WHY, Tab
from cdptui.tui.keymap import Keymap
from cdptui.tui.low_bandwidth import LowBandwidthMode
from cdptui.tui.widgets.detail_pane import DetailPane

if TYPE_CHECKING:
    from cdptui.models.inventory import StorageCommitment
    from cdptui.monitor.connection import NodeConnection


class DetailController:
    """Fills the pane with one tab of one task."""

    def __init__(self, pane: DetailPane, thrift: LowBandwidthMode, keymap: Keymap) -> None:
        self._keys = keymap.labels
        self._pane = pane
        self._thrift = thrift
        self._tab = OVERVIEW
        self._settled_uuid: str | None = None
        self._fields: tuple[object, object, Sequence[RawField]] = (None, None, ())
        self._raw: tuple[object, RawLines] = (None, RawLines())
        self._tenancy: tuple[object, str | None, StorageCommitment | None] = (None, None, None)

    @property
    def tab(self) -> Tab:
        """Which tab is shown."""
        return self._tab

    def select_tab(self, tab: Tab) -> None:
        """Show another tab from now on."""
        self._tab = tab

    def show(self, link: NodeConnection, row: TaskRow | None, update: Update, *, is_gone: bool) -> None:
        """Show `row` as it stands in `update`."""
        snapshot = update.snapshot
        if row is None or snapshot is None:
            self._pane.show_placeholder()
            return
        from cdptui.models.inventory import StorageCommitment  # noqa: PLC0415 - not needed for the first frame
        from cdptui.render.failure_messages import failure_label  # noqa: PLC0415
        from cdptui.render.tabs.context import DetailContext  # noqa: PLC0415

        tab, directory, task = self._tab, link.directory, row.task
        failure, vm = directory.names_failure, _vm_of(row)
        context = DetailContext(
            fields=self._fields_of(task, link) if tab in {OVERVIEW, RAW} else (),
            track=self._thrift.history(task.uuid, link.monitor.history) if tab is OVERVIEW else CapacityHistory(),
            names=_with_rivals(directory.names, row, link),
            names_problem=failure_label(failure) if failure is not None else "",
            now=snapshot.taken_at,
            zone=link.zone,
            is_gone=is_gone,
            at=snapshot.taken_monotonic,
            raw=self._raw_lines_of(task, link) if tab is RAW else RawLines(),
            storages=directory.storages,
            policies=directory.policies,
            machine=directory.vm(vm),
            points=directory.points(vm),
            commitment=self._tenancy_of(task.backup_storage_uuid, update.rows)
            if tab is STORAGE
            else StorageCommitment(),
            keys=self._keys,
        )
        self._pane.show_task(row, context, tab)

    def update_needs(self, link: NodeConnection, row: TaskRow | None, *, is_anew: bool = False) -> None:
        """Ask for what the tab shows; `row` is None while the pane is hidden.

        Called every second: a cursor that runs through the list asks for nothing until it rests on a task.
        """
        from cdptui.monitor.inventory import InventoryNeeds  # noqa: PLC0415 - loaded with the link

        uuid = row.task.uuid if row is not None else None
        is_resting, self._settled_uuid = uuid == self._settled_uuid, uuid
        if row is None or not (is_resting or is_anew):
            link.directory.set_needs(InventoryNeeds())
            return
        tab, vm = self._tab, _vm_of(row) or None
        need = InventoryNeeds(
            storages=tab in {STORAGE, WHY},
            policies=tab in {POLICY, POINTS, WHY},
            vm=vm if tab in {RESOURCES, POINTS, WHY} else None,
            points=vm if tab is POINTS else None,
        )
        link.directory.set_needs(need, force=is_anew)

    def _fields_of(self, task: Task, link: NodeConnection) -> Sequence[RawField]:
        """The fields of a task, read again only when its record or the zone of its dates changed."""
        if self._fields[0] is not task or self._fields[1] is not link.zone:
            self._fields = (task, link.zone, link.fields(task))
        return self._fields[2]

    def _raw_lines_of(self, task: Task, link: NodeConnection) -> RawLines:
        """The record of a task, laid out again only when it changed."""
        if self._raw[0] is not task:
            self._raw = (task, link.raw_lines(task))
        return self._raw[1]

    def _tenancy_of(self, uuid: str | None, rows: Sequence[TaskRow]) -> StorageCommitment:
        """All tasks of one storage together; added up once in each list."""
        from cdptui.models.inventory import storage_commitment  # noqa: PLC0415 - not needed for the first frame

        known_rows, known_uuid, tenancy = self._tenancy
        if tenancy is None or known_rows is not rows or known_uuid != uuid:
            tenancy = storage_commitment([row for row in rows if row.task.backup_storage_uuid == uuid])
            self._tenancy = (rows, uuid, tenancy)
        return tenancy


def _with_rivals(names: Mapping[str, str], row: TaskRow, link: NodeConnection) -> Mapping[str, str]:
    """The names that are known, and those of other tasks that are spoken of."""
    others = (link.monitor.row(reason.other) for reason in row.reasons if reason.kind is ReasonKind.TWO_TASKS)
    rivals = {other.task.uuid: other.task.name for other in others if other is not None}
    return ChainMap(rivals, dict(names)) if rivals else names


def _vm_of(row: TaskRow) -> str:
    refs = row.task.resource_refs
    return refs[0].resource_uuid if refs else ""
