"""The Resources tab: the protected VM, its state and its volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cdptui.models.inventory import VmInstance, Volume
from cdptui.models.task import ResourceRef
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.lazy_lines import ItemLines, JoinedLines
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import (
    BLANK,
    LABEL,
    fetch_status,
    has_value,
    heading,
    labeled,
    spacer,
    table,
    title_line,
    wrap,
)
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import resource_kind

_RUNNING_STATES: Final = frozenset({"Running"})
_FAILED_STATES: Final = frozenset({"Destroyed", "Destroying", "Expunging", "Error", "Crashed"})

_STATE_NOTES: Final = {
    "Stopped": "A stopped VM writes nothing, so used capacity does not change",
    "Paused": "A paused VM writes nothing, so used capacity does not change",
    "Destroyed": "The VM was destroyed: its recovery points remain, and no new ones are made",
    "Crashed": "The VM has crashed",
    "Unknown": "The node has lost contact with the VM: check its host",
    "NoState": "The node has lost contact with the VM: check its host",
}

_NOT_VISIBLE: Final = "VM not visible to this account: it was deleted, or belongs to another account"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> Sequence[Line]:
    """Return all lines."""
    refs = row.task.resource_refs
    top = [title_line(row, context.machine, context.at), *spacer(height)]
    if not refs:
        return [*top, *wrap("No VM attached: nothing is protected", width, Role.WARN)]
    first, others = refs[0], refs[1:]
    part = context.machine
    body: list[Line] = []
    if part.value is not None:
        body = [*_vm(part.value, first, context, width), *fetch_status(part, context, "the VM", width), BLANK]
        body += _volumes(part.value, row, width)
    else:
        body = [*_reference(first, context), *fetch_status(part, context, "the VM", width)]
        if has_value(part):
            body += wrap(_NOT_VISIBLE, width, Role.WARN)
    if others:
        body += [BLANK, heading("1 other resource" if len(others) == 1 else f"{len(others)} other resources", width)]
    return JoinedLines([*top, *body], ItemLines(others, 1, lambda ref: [_other(ref, context)]))


def _vm(vm: VmInstance, ref: ResourceRef, context: DetailContext, width: int) -> list[Line]:
    note = _STATE_NOTES.get(vm.state or "", "")
    size = [f"{vm.cpus} CPUs" if vm.cpus else "", formatting.size(vm.memory_bytes)]
    guest = " · ".join(part for part in (vm.platform, *size) if part and part != formatting.UNKNOWN)
    lines = [
        labeled(resource_kind(ref.resource_type), Span(vm.name or "(no name)", Role.STRONG)),
        labeled("state", state_span(vm.state)),
        *(wrap(note, width, Role.DIM, " " * LABEL) if note else []),
        labeled("guest", Span(guest or formatting.UNKNOWN)),
        labeled("UUID", Span(vm.uuid, Role.DIM)),
    ]
    if vm.host_uuid:
        lines.append(labeled("host", Span(vm.host_uuid, Role.DIM)))
    attached = formatting.timestamp(ref.created_at, context.zone) if ref.created_at else formatting.UNKNOWN
    lines.append(labeled("attached", Span(attached)))
    return lines


def _reference(ref: ResourceRef, context: DetailContext) -> list[Line]:
    name = context.names.get(ref.resource_uuid)
    known = Span(name, Role.STRONG) if name else Span("name not known", Role.DIM)
    return [labeled(resource_kind(ref.resource_type), known), labeled("UUID", Span(ref.resource_uuid, Role.DIM))]


def _volumes(vm: VmInstance, row: TaskRow, width: int) -> list[Line]:
    volumes = vm.volumes
    count = len(volumes)
    lines = [heading("1 volume" if count == 1 else f"{count} volumes", width)]
    lines += table([_volume(volume) for volume in volumes])
    if vm.has_more_volumes:
        lines += wrap("List may be incomplete: the server may have more volumes of this VM", width, Role.WARN)
    size = sum(volume.size_bytes or 0 for volume in volumes)
    actual = sum(volume.actual_bytes or 0 for volume in volumes)
    lines += [
        BLANK,
        labeled("total", Span(formatting.size(size)), Span(f"  {formatting.size(actual)} actually used", Role.DIM)),
        labeled(
            "backup",
            Span(formatting.size(row.task.used_bytes)),
            Span(_backup_factor(row.task.used_bytes, actual), Role.DIM),
        ),
    ]
    return lines


def _volume(volume: Volume) -> list[Span]:
    is_ready = volume.status in {"Ready", None}
    return [
        Span(volume.kind or "?", Role.DIM),
        Span(formatting.size(volume.size_bytes)),
        Span(volume.name or volume.uuid) if is_ready else Span(f"{volume.status}: {volume.name}", Role.WARN),
        Span(f"{formatting.size(volume.actual_bytes)} used", Role.DIM),
    ]


def _backup_factor(used: int | None, actual: int) -> str:
    return f"  {used / actual:.1f}× the VM's data" if used and actual else ""


def _other(ref: ResourceRef, context: DetailContext) -> Line:
    name = context.names.get(ref.resource_uuid)
    return labeled(resource_kind(ref.resource_type), Span(name or ref.resource_uuid, Role.TEXT if name else Role.DIM))


def state_span(state: str | None) -> Span:
    """Return the state of a VM with a glyph, so that it does not depend on colour."""
    if state in _RUNNING_STATES:
        return Span(f"● {state}", Role.OK)
    if state in _FAILED_STATES:
        return Span(f"✖ {state}", Role.BAD)
    return Span(f"■ {state or 'not known'}", Role.WARN if state in {"Unknown", "NoState"} else Role.CALM)
