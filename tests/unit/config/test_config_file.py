from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.config.config_file import line_for, toml_key_lines

CURIOUS = '''\
# x = 1
a = """
b = 2
"""
c = \'\'\'
d = 3\'\'\'
e = [  # ]
  "]", [1,
  2],
  "f = 4",
]
"g h" = {i = 5, j = "}"}
k.l . "m" = 6

[n."o.p"]
q = "\\\\"
r = "#"   # s = 7
[ n . t ]
u = 8
'''


def test_line_of_a_key_is_found_after_any_text() -> None:
    lines = toml_key_lines(CURIOUS)
    assert lines == {
        ("a",): 2,
        ("c",): 5,
        ("e",): 7,
        ("g h",): 12,
        ("k",): 13,
        ("k", "l"): 13,
        ("k", "l", "m"): 13,
        ("n",): 15,
        ("n", "o.p"): 15,
        ("n", "o.p", "q"): 16,
        ("n", "o.p", "r"): 17,
        ("n", "t"): 18,
        ("n", "t", "u"): 19,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [(("g h", "i"), 12), (("n", "t", "nowhere"), 18), (("nowhere",), 1), ((), 1), (("k", "l", "m"), 13)],
)
def test_unknown_key_has_the_line_of_its_table(path: tuple[str, ...], line: int) -> None:
    assert line_for(toml_key_lines(CURIOUS), path) == line


NAMES = st.text("abcdefgh-_09", min_size=1, max_size=4)
VALUES = st.sampled_from(["1", '"x"', "'[y'", "[1, [2]]", "[\n 1, # ]\n]", '"""\nz = 1\n"""', "true", "2026-01-01"])


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=5), max_size=5))
def test_every_key_has_its_line(tables: dict[str, dict[str, str]]) -> None:
    text = ""
    expected: dict[tuple[str, ...], int] = {}
    for table, keys in tables.items():
        expected[table,] = text.count("\n") + 1
        text += f"[{table}]\n"
        for key, value in keys.items():
            expected[table, key] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    content: dict[str, Any] = tomllib.loads(text)
    lines = toml_key_lines(text)
    assert lines == expected
    assert {path for path in lines if len(path) == 2} == {(t, k) for t, keys in content.items() for k in keys}


@given(st.text())
def test_no_text_is_too_curious(text: str) -> None:
    assert all(
        1 <= line <= text.count("\n") + text.count("\r") + len(text) + 1 for line in toml_key_lines(text).values()
    )
