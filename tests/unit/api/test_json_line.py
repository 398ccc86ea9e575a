from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.raw_task import json_line
from cdptui.api.record_compression import compress
from cdptui.models.sanitize import sanitize
from cdptui.models.task import Task

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def record(raw: bytes, *, is_compressed: bool = False) -> str:
    return json_line(Task("u", "n", "Running", "Enabled", raw=compress(raw, is_compressed=is_compressed)))


@settings(max_examples=200)
@given(st.dictionaries(st.text(), values, max_size=4), st.booleans(), st.booleans())
def test_json_line_keeps_values_and_escapes_terminal_controls(
    sent: dict[str, object], is_ascii: bool, is_compressed: bool
) -> None:
    raw = json.dumps(sent, ensure_ascii=is_ascii).encode("utf-8", errors="surrogatepass")
    text = record(raw, is_compressed=is_compressed)
    if "\\ud" not in text and is_ascii:
        assert json.loads(text) == sent
    assert all(sanitize(char) == char for char in text if not char.isascii())
    assert all(" " <= char <= "~" for char in text if char.isascii())


def test_json_line_keeps_numbers_and_unknown_fields_unchanged() -> None:
    raw = b'{"maxCapacity":1.0E11,"uuid":"u","brandNew":[1,2],"name":"\xe8\xb4\xa2\xe5\x8a\xa1"}'
    assert record(raw) == raw.decode()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"a":\n\t1}', '{"a":  1}'),
        ('{"a":"\x9b31m\u202e\x7f"}'.encode(), '{"a":"\\u009b31m\\u202e\\u007f"}'),
        ('{"a":"\U000e0001"}'.encode(), '{"a":"\\udb40\\udc01"}'),
        (b'{"a":NaN}', '{"a": "NaN"}'),
        (b'{"a":"\\ud800"}', '{"a": "\\ud800"}'),
        (b"not json", "null"),
        (b"", "null"),
    ],
)
def test_json_line_of_an_invalid_record_is_valid_json(raw: bytes, text: str) -> None:
    assert record(raw) == text
    json.loads(text)
