from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.json_scan import ScanError, split_array, split_object

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
indents = st.sampled_from([None, 0, 2])


@settings(max_examples=150)
@given(st.lists(json_values, max_size=5), indents)
def test_array_is_split_into_the_texts_of_its_values(values: list[Any], indent: int | None) -> None:
    found = split_array(json.dumps(values, indent=indent).encode())
    assert [json.dumps(json.loads(text)) for text in found] == [json.dumps(value) for value in values]


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5), indents)
def test_object_is_split_into_the_texts_of_its_values_by_name(values: dict[str, Any], indent: int | None) -> None:
    found = split_object(json.dumps(values, indent=indent).encode())
    assert {name: json.dumps(json.loads(text)) for name, text in found.items()} == {
        name: json.dumps(value) for name, value in values.items()
    }


@settings(max_examples=200)
@given(st.binary(max_size=40) | st.text(st.sampled_from('{}[]",:\\1a '), max_size=40).map(str.encode))
def test_any_bytes_are_split_or_raise_scan_error(text: bytes) -> None:
    for split in (split_array, split_object):
        try:
            found = split(text)
        except ScanError:
            continue
        assert all(part in text for part in (found.values() if isinstance(found, dict) else found))


@pytest.mark.parametrize(
    "text", [b"", b"[", b"[1", b"[1,", b"[1,]", b"[1 2]", b"[[1]", b"[] x", b'["a]', b"{}", b"null", b"[,1]"]
)
def test_invalid_array_raises_scan_error(text: bytes) -> None:
    with pytest.raises(ScanError):
        split_array(text)


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":1,}', b"{a:1}", b'{"a" 1}', b"[]", b"{} {}"]
)
def test_invalid_object_raises_scan_error(text: bytes) -> None:
    with pytest.raises(ScanError):
        split_object(text)


def test_deep_nesting_is_split_without_recursion() -> None:
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    assert split_object(b'{"a":' + deep + b',"b":1}') == {"a": deep, "b": b"1"}


def test_text_with_too_many_values_raises_scan_error() -> None:
    with pytest.raises(ScanError, match="too many values"):
        split_array(b"[" + b"[]," * 100_000 + b"1]")
    with pytest.raises(ScanError, match="too many values"):
        split_array(b"[[" + b"[]," * 500_000 + b"1]]")
