"""Copies of a task hold what it holds, and nothing that a terminal would act upon."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from cdptui.render.copies import copies, curl_line
from tests.doubles import a_task

BASE = "http://10.0.0.5:8080/zstack/v1"


@given(st.text(min_size=1, max_size=60))
def test_a_curl_line_is_four_words_whatever_the_uuid(uuid: str) -> None:
    line = curl_line(uuid.encode("utf-8", "replace").decode(), BASE)
    assert line.isascii()
    assert line.isprintable()
    command, *options, header, url = shlex.split(line)
    assert (command, options, header) == ("curl", ["-sS", "-H"], "Authorization: OAuth $ZSTACK_SESSION")
    assert url.startswith(f"{BASE}/cdp-task/")


def test_all_that_can_be_copied_has_a_letter_of_its_own() -> None:
    offered = copies(a_task(), "{}", BASE)
    assert [copy.id for copy in offered] == ["uuid", "name", "json", "curl"]
    assert len({copy.key for copy in offered}) == len(offered)
