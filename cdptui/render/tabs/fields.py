"""The fields of a record, each with its value in readable form and as the server sent it; part of the Raw tab."""

from __future__ import annotations

from typing import Final

from cdptui.models.task import FieldUnit, RawField
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import heading
from cdptui.render.tabs.context import DetailContext
from cdptui.render.text_wrap import cell_width, pad_cells

_MAX_NAME: Final = 24


def field_lines(context: DetailContext, width: int) -> list[Line]:
    """Return a heading, a line for each field, and notes on fields that are missing or not known to cdptui."""
    fields = context.fields
    name_width = min(_MAX_NAME, max((cell_width(field.name) for field in fields), default=0))
    lines = [heading("Fields as the server sent them", width)]
    for field in fields:
        human, raw = _format_field(field, context)
        spans = [Span(pad_cells(field.name, name_width) + " ", Role.DIM if field.is_known else Role.ACCENT)]
        if field.is_bad:
            spans.append(Span(raw, Role.BAD))
            spans.append(Span("  unreadable", Role.BAD))
        elif human:
            spans.append(Span(human))
            spans.append(Span(f"  {raw}", Role.DIM))
        else:
            spans.append(Span(raw))
        lines.append(tuple(spans))
    if not any(field.name in {"lastLatency", "currentLatency"} for field in fields):
        lines.append((Span("No latency fields: servers before 4.4.24 do not have them", Role.DIM),))
    is_date_unread = any(field.unit is FieldUnit.MOMENT and field.at is None for field in fields)
    if is_date_unread and not context.is_server_zone_known:
        # The account has no permission to read the zone, or the server has no call for it.
        lines.append((Span("Dates are in the node's local time; its time zone is not known", Role.DIM),))
    unknown = [field.name for field in fields if not field.is_known]
    if unknown:
        lines.append((Span(f"Fields not known to cdptui: {', '.join(unknown)}", Role.ACCENT),))
    return lines


def _format_field(field: RawField, context: DetailContext) -> tuple[str, str]:
    """Return the formatted value, empty where it would repeat the raw one, and the raw value."""
    match field.unit:
        case FieldUnit.BYTES if field.quantity is not None:
            return formatting.size(field.quantity), field.text
        case FieldUnit.BYTES_PER_SECOND if field.quantity is not None:
            return f"{formatting.size(field.quantity)}/s per volume" if field.quantity else "no limit", field.text
        case FieldUnit.MILLISECONDS if field.quantity is not None:
            return formatting.latency(field.quantity), field.text
        case FieldUnit.MOMENT if field.at is not None:
            return formatting.ago(field.at, context.now), f"{field.text} server time"
        case FieldUnit.UUID if field.text in context.names:
            return context.names[field.text], field.text
        case _:
            return "", field.text
