"""Hostile names from the server are harmless on screen and in copies."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cdptui.simulator.faults.rules import FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, ESCAPE, Terminal

HOSTILE = {
    "markup": "[red]a[/]b[@click=app.quit]c[/]",
    "escapes": "a\x1b[31mred\x1b]0;title\x07\x1bc\x1b[2J\x1b[?1049lz",
    "c0": "".join(map(chr, range(1, 32))) + "\x7f",
    "c1": "".join(map(chr, range(0x80, 0xA0))),
    "lines": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "bidi": "gnp\u202eexe.\u202dabc\u2066\u2069\u200f\u061c",
    "zero width": "ab\u200bc\u200dd\u200ee\ufefff\u2060g",
    "combining": "Z" + "\u0301\u0316\u20dd" * 40 + "algo",
    "combining first": "\u0301\u0302abc",
    "wide": "财务系统数据库备份任务",
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️👍🏽🇩🇪⚠️",
    "ambiguous": "±×÷°§¶αβγ■●▲",
    "jamo": "ᄒᆞᆫ각",
    "thai": "ก็ำั้ภาษาไทย",
    "tags": "a\U000e0041\U000e0042b",
    "private": "\ue0b0\uf8ff",
    "long": "x" * 255,
    "long and wide": "长" * 255,
    "none": "",
    "blanks": "   ",
    "tab": "a\tb",
}

OURS = re.compile(
    rb"\x1b\[\?\d+\$p"  # queries
    rb"|\x1b\[[?><]?[\d;]*[hlHGmuJ]"  # modes, cursor moves, styles, keyboard
    rb"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # a copy
    rb"|\x1b\[\d+;\d+;\d+t"
)
"""All sequences that the program itself writes."""

ACTIVE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
FAULT_TEXT = "boom \x1b[31m[red]\u202etxt.exe\x9b2J\nline"


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[ManagementNode, str]]:
    """A node whose tasks, VMs and descriptions all have hostile names."""
    node = ManagementNode(SimulatorSettings(port=0, tasks=len(HOSTILE)))
    node.world.freeze()
    for task, text in zip(node.world.tasks.values(), HOSTILE.values(), strict=True):
        node.world.override_fields(task.uuid, name=text, description=text + text, surprise=text, **{f"k{text[:9]}": 1})
    for machine, text in zip(list(node.world.machines.values()), HOSTILE.values(), strict=False):
        node.world.machines[machine.uuid] = replace(machine, name=text or "vm")
    with EmbeddedServer(node) as server:
        yield node, server.url


def assert_no_control_sequences(terminal: Terminal) -> None:
    """Check that the output has only the program's own sequences and printable characters."""
    text = OURS.sub(b"", bytes(terminal.output)).decode()
    assert {f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in ACTIVE} == set()


def places_of(terminal: Terminal, char: str, lines: range) -> set[int]:
    """Return the columns, in cells, at which a character appears in some lines."""
    return {x for y in lines for x in range(120) if terminal.cell(x, y).data == char}


def test_list_with_hostile_names_is_aligned(node: tuple[ManagementNode, str], monitor: OpenMonitor) -> None:
    terminal = monitor(node[1], columns=120, lines=40)

    def has_aligned_statuses(screen: Terminal) -> bool:
        start = screen.line_with("STATUS").index("STATUS")
        rows = range(screen.heading_row + 1, screen.heading_row + 1 + len(HOSTILE))
        cells = ("".join(screen.cell(x, y).data for x in range(start, start + 3)) for y in rows)
        return all(re.fullmatch(r"[●✖■◕◔○◆◇?] [A-Z]", status) for status in cells)

    terminal.wait_for(
        f"{len(HOSTILE)}/{len(HOSTILE)} tasks",
        "protected resource",
        "STATUS.*│",
        has_aligned_statuses,
        lambda screen: places_of(screen, "│", range(3, 39)) == {screen.line_with("STATUS").index("│")},
        r"\(no name\)",
        re.escape("[red]a[/]b"),
    )
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert_no_control_sequences(terminal)


def test_details_notices_and_groups_contain_no_control_sequences(
    node: tuple[ManagementNode, str], monitor: OpenMonitor
) -> None:
    world, url = node[0].world, node[1]
    terminal = monitor(url, "--interval", "1", columns=120, lines=40)
    terminal.wait_for(f"{len(HOSTILE)}/{len(HOSTILE)} tasks", "STATUS.*│")
    border = terminal.line_with("STATUS").index("│")
    for _ in HOSTILE:
        terminal.send("j" + "." * 7)
        terminal.wait_until_read()
        terminal.wait_for_quiet()
    terminal.wait_for(lambda screen: places_of(screen, "│", range(3, 39)) == {border})
    for keys in ("b", ESCAPE, "s", ESCAPE, "c", ESCAPE, "?", ESCAPE, "o", ESCAPE, "w", "w"):
        terminal.send(keys)
        terminal.wait_until_read()
        terminal.wait_for_quiet()
    task = next(iter(world.tasks))
    try:
        world.override_fields(task, status="Failed", name=HOSTILE["escapes"] + HOSTILE["bidi"])
        terminal.wait_for("→ Failed")
    finally:
        world.override_fields(task, status="Running", name=HOSTILE["markup"])
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert_no_control_sequences(terminal)


def test_server_errors_contain_no_control_sequences_on_screen_and_in_the_log(
    node: tuple[ManagementNode, str], monitor: OpenMonitor, tmp_path: Path
) -> None:
    faults, url = node[0].faults, node[1]
    terminal = monitor(url, "--interval", "1", "--log-level", "debug")
    terminal.wait_for(f"{len(HOSTILE)}/{len(HOSTILE)} tasks")
    fault = faults.add(FaultKind.ERROR, "/cdp-task", details=FAULT_TEXT, code="SYS.1006")
    try:
        terminal.wait_for("retry")
        terminal.wait_for(r"boom")
    finally:
        faults.remove(fault)
    terminal.wait_for("live")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert_no_control_sequences(terminal)
    log = (tmp_path / "cdptui.log").read_text(encoding="utf-8")
    assert "boom" in log
    assert {char for char in log if unicodedata.category(char) in ACTIVE} <= {"\n"}


def test_copies_contain_no_control_sequences_and_the_right_text(
    node: tuple[ManagementNode, str], monitor: OpenMonitor
) -> None:
    world, url = node[0].world, node[1]
    terminal = monitor(url, columns=160)
    terminal.wait_for(f"{len(HOSTILE)}/{len(HOSTILE)} tasks")
    seen = set()

    def sent() -> list[bytes]:
        return re.findall(rb"\]52;c;([^\x07]*)\x07", bytes(terminal.output))

    for _ in HOSTILE:
        terminal.send("c")
        terminal.wait_for("row as JSON")
        count = len(sent())
        terminal.send("j")
        terminal.wait_for(lambda _: len(sent()) > count)  # noqa: B023 - called before the next round
        copied = base64.b64decode(sent()[-1]).decode()
        assert {char for char in copied if unicodedata.category(char) in ACTIVE} == set()
        record = json.loads(copied)
        seen.add(record["uuid"])
        assert record["name"] == world.tasks[record["uuid"]].overrides["name"]
        terminal.send("j")
    assert len(seen) > len(HOSTILE) // 2
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert_no_control_sequences(terminal)


def test_hostile_account_is_shown_with_its_characters_replaced(tmp_path: Path) -> None:
    options = ("--url", "127.0.0.1:9", "--account", "a\x1b]0;owned\x07\u202e\x9bb")
    environment = {"HOME": str(tmp_path), "ZSTACK_PASSWORD": "x"}
    with Terminal([*CDPTUI, *options], columns=140, environment=environment) as terminal:
        terminal.wait_for("unreachable.*a␛]0;owned␇��b")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        for sequence in (b"\x1b]0;owned", "\x9b".encode(), "\u202e".encode()):
            assert sequence not in terminal.output


@pytest.mark.parametrize("name", ["ZSTACK_SESSION_ID", "ZSTACK_PASSWORD"])
def test_secret_of_128_kb_in_a_variable_is_refused_with_exit_code_2(name: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), name: "x" * 131_000}
    with Terminal([*CDPTUI, "--url", "127.0.0.1:9"], environment=environment) as terminal:
        assert terminal.wait_for_end() == 2
        assert name in terminal.text
        assert b"xxxx" not in terminal.output
