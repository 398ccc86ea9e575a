"""Copied text contains the task's data, and nothing that a terminal interprets."""

from __future__ import annotations

import json
import shlex

from hypothesis import given
from hypothesis import strategies as st

from cdptui.render.copy_formats import copy_formats, curl_command
from tests.doubles import a_task

BASE = "http://10.0.0.5:8080/zstack/v1"


@given(st.text(min_size=1, max_size=60))
def test_curl_command_has_four_arguments_for_any_uuid(uuid: str) -> None:
    line = curl_command([uuid.encode("utf-8", "replace").decode()], BASE)
    assert line.isascii()
    assert line.isprintable()
    command, *options, header, url = shlex.split(line)
    assert (command, options, header) == ("curl", ["-sS", "-H"], "Authorization: OAuth $ZSTACK_SESSION")
    assert url.startswith(f"{BASE}/cdp-task/")


def test_every_copy_format_has_its_own_key() -> None:
    offered = copy_formats([a_task()], ["{}"], BASE)
    assert [copy.id for copy in offered] == ["uuid", "name", "json", "curl"]
    assert len({copy.key for copy in offered}) == len(offered)


def test_several_tasks_are_copied_as_one_line() -> None:
    tasks = [a_task("a", "0a"), a_task("b", "0b")]
    offered = {copy.id: copy for copy in copy_formats(tasks, ['{"uuid": "0a"}', '{"uuid": "0b"}'], BASE)}
    assert offered["uuid"].text == "0a 0b"
    assert offered["uuid"].label == "2 UUIDs"
    assert offered["name"].text == "a, b"
    assert json.loads(offered["json"].text) == [{"uuid": "0a"}, {"uuid": "0b"}]
    assert shlex.split(offered["curl"].text)[-2:] == [f"{BASE}/cdp-task/0a", f"{BASE}/cdp-task/0b"]
