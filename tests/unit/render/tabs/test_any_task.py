"""Every tab can be rendered for any record that a server may send."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import pretty_json_lines, raw_fields
from cdptui.models.capacity import CapacityHistory, GrowthRate
from cdptui.models.reasons import Evidence, find_reasons, overall_severity
from cdptui.models.task_row import TaskRow
from cdptui.render.spans import plain_text
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.registry import TABS, Tab, tab_renderer
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH

DATES = st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "Nov 14, 2017 10:20:57 PM", "?", None, 0, 1e15, -1]
)
NUMBERS = st.one_of(st.integers(min_value=-1, max_value=2**65), st.floats(allow_nan=False), st.text(max_size=3))
TEXTS = st.text(max_size=12)
RECORDS = st.fixed_dictionaries(
    {
        "uuid": TEXTS,
        "name": TEXTS,
        "status": st.sampled_from(["Running", "Failed", "Stopped", "Starting", "Unknown", "Odd\x1b"]),
        "state": st.sampled_from(["Enabled", "Disabled", "?"]),
    },
    optional={
        **dict.fromkeys(("usedCapacity", "maxCapacity", "lastLatency", "maxLatency", "backupBandwidth"), NUMBERS),
        **dict.fromkeys(("createDate", "lastOpDate"), DATES),
        **dict.fromkeys(("policyUuid", "backupStorageUuid", "description", "scene"), TEXTS),
        "resourceRefs": st.lists(
            st.fixed_dictionaries({"resourceUuid": TEXTS, "resourceType": TEXTS, "createDate": DATES}), max_size=3
        ),
    },
)
ZONES = st.sampled_from([None, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))])


@settings(max_examples=150)
@given(RECORDS, ZONES, st.sampled_from(TABS), st.integers(min_value=20, max_value=120), st.booleans())
def test_every_tab_renders_any_record(record: dict[str, Any], zone: Any, tab: Tab, width: int, is_odd: bool) -> None:
    task = decode_task(msgspec.json.encode(record), zone)
    facts = Evidence(
        EPOCH,
        growth=GrowthRate(1e-9 if is_odd else 1e18, 1e12),
        seconds_until_full=0.0 if is_odd else 1e18,
        stalled_since=EPOCH if is_odd else None,
        duplicate_task_uuid="x" if is_odd else "",
        is_storage_disconnected=is_odd,
        is_policy_missing=is_odd,
    )
    reasons = find_reasons(task, facts)
    row = TaskRow(task, overall_severity(task, reasons), facts.growth, facts.seconds_until_full, reasons)
    fields, raw = raw_fields(task, zone), pretty_json_lines(task)
    context = DetailContext(fields, CapacityHistory(), {}, "", EPOCH, zone, DEFAULT_KEYMAP.labels, raw=raw)
    for line in tab_renderer(tab)(row, context, width, 30):
        assert plain_text(line).isprintable()
