"""The tab Resources: the VM that the task protects, what it does, and its volumes."""

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

_ALIVE: Final = frozenset({"Running"})
_GONE: Final = frozenset({"Destroyed", "Destroying", "Expunging", "Error", "Crashed"})

_MEANINGS: Final = {
    "Stopped": "a VM that is off writes nothing: used capacity stands still, and that is well",
    "Paused": "a VM that is paused writes nothing",
    "Destroyed": "the VM was destroyed; the task keeps what it has, and gets nothing new",
    "Crashed": "the VM has crashed",
    "Unknown": "the node has lost sight of the VM: look at its host",
    "NoState": "the node has lost sight of the VM: look at its host",
}


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> Sequence[Line]:
    """All lines."""
    refs = row.task.resource_refs
    top = [title_line(row, context.machine, context.at), *spacer(height)]
    if not refs:
        return [*top, *wrap("no VM is attached to this task: there is nothing that it protects", width, Role.WARN)]
    first, others = refs[0], refs[1:]
    part = context.machine
    body: list[Line] = []
    if part.value is not None:
        body = [*_machine(part.value, first, context, width), *fetch_status(part, context, "the VM", width), BLANK]
        body += _volumes(part.value, row, width)
    else:
        body = [*_only_the_ref(first, context), *fetch_status(part, context, "the VM", width)]
        if has_value(part):
            gone = "the node shows this account no such VM: it was deleted, or belongs to somebody else"
            body += wrap(gone, width, Role.WARN)
    if others:
        body += [BLANK, heading(f"And {len(others)} more", width)]
    return JoinedLines([*top, *body], ItemLines(others, 1, lambda ref: [_other(ref, context)]))


def _machine(machine: VmInstance, ref: ResourceRef, context: DetailContext, width: int) -> list[Line]:
    meaning = _MEANINGS.get(machine.state or "", "")
    size = [f"{machine.cpus} CPUs" if machine.cpus else "", formatting.size(machine.memory_bytes)]
    made_of = " · ".join(part for part in (machine.platform, *size) if part and part != formatting.UNKNOWN)
    lines = [
        labeled(resource_kind(ref.resource_type), Span(machine.name or "(no name)", Role.STRONG)),
        labeled("state", state_span(machine.state)),
        *(wrap(meaning, width, Role.DIM, " " * LABEL) if meaning else []),
        labeled("is", Span(made_of or formatting.UNKNOWN)),
        labeled("uuid", Span(machine.uuid, Role.DIM)),
    ]
    if machine.host_uuid:
        lines.append(labeled("host", Span(machine.host_uuid, Role.DIM)))
    since = formatting.timestamp(ref.created_at, context.zone) if ref.created_at else formatting.UNKNOWN
    lines.append(labeled("since", Span(since)))
    return lines


def _only_the_ref(ref: ResourceRef, context: DetailContext) -> list[Line]:
    name = context.names.get(ref.resource_uuid)
    known = Span(name, Role.STRONG) if name else Span("name not known", Role.DIM)
    return [labeled(resource_kind(ref.resource_type), known), labeled("uuid", Span(ref.resource_uuid, Role.DIM))]


def _volumes(machine: VmInstance, row: TaskRow, width: int) -> list[Line]:
    volumes = machine.volumes
    count = len(volumes)
    lines = [heading(f"{count} volume{'' if count == 1 else 's'}", width)]
    lines += table([_volume(volume) for volume in volumes])
    if machine.has_more_volumes:
        lines += wrap("the server has, or may have, more volumes of this VM than it listed", width, Role.WARN)
    size = sum(volume.size_bytes or 0 for volume in volumes)
    actual = sum(volume.actual_bytes or 0 for volume in volumes)
    lines += [
        BLANK,
        labeled("together", Span(formatting.size(size)), Span(f"  {formatting.size(actual)} really taken", Role.DIM)),
        labeled(
            "on the backup",
            Span(formatting.size(row.task.used_bytes)),
            Span(_times(row.task.used_bytes, actual), Role.DIM),
        ),
    ]
    return lines


def _volume(volume: Volume) -> list[Span]:
    is_ready = volume.status in {"Ready", None}
    return [
        Span(volume.kind or "?", Role.DIM),
        Span(formatting.size(volume.size_bytes)),
        Span(volume.name or volume.uuid) if is_ready else Span(f"{volume.status}: {volume.name}", Role.WARN),
        Span(f"{formatting.size(volume.actual_bytes)} taken", Role.DIM),
    ]


def _times(used: int | None, actual: int) -> str:
    return f"  {used / actual:.1f} times that" if used and actual else ""


def _other(ref: ResourceRef, context: DetailContext) -> Line:
    name = context.names.get(ref.resource_uuid)
    return labeled(resource_kind(ref.resource_type), Span(name or ref.resource_uuid, Role.TEXT if name else Role.DIM))


def state_span(state: str | None) -> Span:
    """The state of a VM with a sign, so that colour is not all that tells."""
    if state in _ALIVE:
        return Span(f"● {state}", Role.OK)
    if state in _GONE:
        return Span(f"✖ {state}", Role.BAD)
    return Span(f"■ {state or 'not known'}", Role.WARN if state in {"Unknown", "NoState"} else Role.CALM)
