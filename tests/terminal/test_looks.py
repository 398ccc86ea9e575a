"""Terminals with and without colours, glyphs and a mouse show the same content."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal

STYLE = re.compile(rb"\x1b\[([\d;]*)m")
SEQUENCES = re.compile(rb"\x1b(\[[?>=<]?[\d;]*\$?[a-zA-Z]|\][^\x07]*\x07)")
ATTRIBUTES = {b"", b"0", b"1", b"2", b"4", b"7", b"22", b"24", b"27"}
CLICK = "\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"
WHEEL_DOWN = "\x1b[<65;{x};{y}M"


@pytest.fixture(scope="module")
def fleet() -> Iterator[str]:
    """The URL of a frozen node that all tests share."""
    node = ManagementNode(SimulatorSettings(port=0))
    node.world.freeze()
    # The second task of the list, which has the worst first.
    node.world.override_fields(
        next(task.uuid for task in node.world.tasks.values() if task.status == "Failed"), name="财务-é-DB"
    )
    with EmbeddedServer(node) as server:
        yield server.url


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def styles(terminal: Terminal) -> set[bytes]:
    """Return the parameters of all SGR sequences."""
    return {part for match in STYLE.finditer(bytes(terminal.output)) for part in match[1].split(b";")}


def reversed_lines(terminal: Terminal) -> list[int]:
    """Return the lines whose first cell is drawn reversed."""
    return [y for y in range(len(terminal.lines)) if all(terminal.cell(x, y).reverse for x in range(40))]


def test_cursor_and_worst_task_are_visible_without_colours(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, NO_COLOR="1")
    terminal.wait_for("60/60 tasks")
    terminal.send("jj")
    terminal.wait_for(lambda screen: reversed_lines(screen) == [screen.heading_row + 3], "✖ Failed")
    row = terminal.heading_row + 3
    assert terminal.lines[row].startswith("✖")
    problem = terminal.lines[terminal.heading_row].index("PROBLEM")
    assert all(terminal.cell(x, row).bold for x in (0, problem))
    assert not terminal.cell(2, row).bold
    assert styles(terminal) <= ATTRIBUTES
    # With the focus on the detail pane, the line of the cursor is underlined instead.
    terminal.send("\t")
    terminal.wait_for(lambda screen: screen.cell(4, screen.heading_row + 3).underscore and not reversed_lines(screen))
    leave(terminal)


def test_empty_no_color_is_ignored(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, NO_COLOR="")
    terminal.wait_for("60/60 tasks", lambda screen: b"38" in styles(screen))
    leave(terminal)


@pytest.mark.parametrize(
    ("environment", "options"), [({"LC_ALL": "C"}, ()), ({"LC_ALL": "POSIX"}, ()), ({}, ("--ascii",))], ids=str
)
def test_ascii_terminal_shows_everything(
    fleet: str, monitor: OpenMonitor, environment: dict[str, str], options: tuple[str, ...]
) -> None:
    terminal = monitor(fleet, *options, **environment)
    terminal.wait_for("60/60 tasks", "1 protected resource", r"NAME .*STATUS", r"\?\?\?\?-\?-DB .*X Failed")
    assert bytes(terminal.output).isascii()
    row = next(line for line in terminal.list_lines if "????-?-DB" in line)
    assert row.index("X Failed") == terminal.line_with("NAME").index("STATUS")
    # The border of a dialog: corners and sides without gaps.
    terminal.send("s")
    terminal.wait_for(r"\+-{26}\+", lambda screen: len(re.findall(r"\+- Sort by -+\+|\|.{26}\|", screen.text)) > 12)
    terminal.send("\x1b")
    terminal.wait_for_no("Sort by")
    assert bytes(terminal.output).isascii()
    leave(terminal)


def test_console_gets_only_sequences_that_it_supports(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, TERM="linux", COLORTERM="")
    terminal.wait_for("60/60 tasks")
    terminal.send("m")
    terminal.wait_for("does not report the mouse")
    leave(terminal)
    output = bytes(terminal.output)
    assert output.isascii()
    assert not re.search(rb"\x1b\[[><=]|\$p|\x1b\]|\x1b\[\?10(00|02|03|06)h|38;[25];|48;[25];", output)
    # It has no alternate screen: the screen is cleared.
    assert not terminal.text.strip()


@pytest.mark.parametrize(
    ("environment", "refused"),
    [
        ({"TERM": "xterm", "COLORTERM": ""}, rb"[34]8;[25];"),
        ({"TERM": "screen", "COLORTERM": ""}, rb"[34]8;[25];"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, rb"[34]8;2;"),
        ({"TERM": "tmux-256color", "COLORTERM": ""}, rb"[34]8;2;"),
    ],
    ids=lambda value: value.get("TERM", "") if isinstance(value, dict) else "",
)
def test_terminal_gets_only_colours_that_it_has(
    fleet: str, monitor: OpenMonitor, environment: dict[str, str], refused: bytes
) -> None:
    terminal = monitor(fleet, **environment)
    terminal.wait_for("60/60 tasks", "q quit", lambda screen: len(styles(screen)) > 8)
    terminal.wait_for_quiet()
    found = [match[0] for match in STYLE.finditer(bytes(terminal.output)) if re.search(refused, match[0])]
    assert not found
    leave(terminal)


def test_light_theme_paints_the_background_everywhere(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, "--theme", "light")

    def backgrounds(screen: Terminal) -> set[str]:
        return {screen.cell(x, y).bg for x in range(120) for y in range(40)}

    terminal.wait_for(
        "60/60 tasks",
        lambda screen: "default" not in backgrounds(screen),
        lambda screen: "ffffff" in backgrounds(screen),
    )
    leave(terminal)


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_terminal_without_cursor_movement_is_refused(fleet: str, monitor: OpenMonitor, term: str) -> None:
    terminal = monitor(fleet, TERM=term)
    assert terminal.wait_for_end() == 2
    assert "this terminal cannot show the monitor" in terminal.text
    assert b"\x1b" not in terminal.output


def test_redirected_stderr_does_not_affect_drawing(fleet: str, tmp_path: Path) -> None:
    command = f"exec {shlex.join(CDPTUI)} --url {fleet} --account admin --log-file /dev/null 2> {tmp_path}/errors"
    with Terminal(["sh", "-c", command], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for("60/60 tasks")
        leave(terminal)
    assert not (tmp_path / "errors").read_text(encoding="utf-8")


def test_mouse_moves_the_cursor_scrolls_and_sorts_until_it_is_turned_off(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, lines=30, NO_COLOR="1")
    terminal.wait_for("60/60 tasks", "NAME .*STATUS", lambda screen: screen.list_lines[0].strip())
    first = terminal.list_lines[0]
    top = terminal.heading_row + 1
    terminal.send(CLICK.format(x=10, y=top + 5))
    terminal.wait_for(lambda screen: reversed_lines(screen) == [top + 4])
    terminal.send(WHEEL_DOWN.format(x=10, y=8) * 3)
    terminal.wait_for(lambda screen: screen.list_lines[0] != first)
    terminal.send(CLICK.format(x=terminal.line_with("NAME").index("NAME") + 1, y=top))
    terminal.wait_for("NAME▲")
    terminal.send("m")
    terminal.wait_for(lambda screen: screen.is_mouse_off)
    terminal.send("m")
    terminal.wait_for(lambda screen: not screen.is_mouse_off)
    assert b"\x1b[?1003h" not in terminal.output, "moves of the pointer must have no effect"
    leave(terminal)


def test_no_mouse_option_leaves_the_mouse_to_the_terminal(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, "--no-mouse")
    terminal.wait_for("60/60 tasks")
    assert terminal.is_mouse_off
    assert not re.search(rb"\x1b\[\?100\d?[hl]", bytes(terminal.output).replace(b"\x1b[?1004h", b""))
    terminal.send("m")
    terminal.wait_for(lambda screen: not screen.is_mouse_off)
    leave(terminal)


def test_fast_resizing_with_keys_and_clicks_works(fleet: str, monitor: OpenMonitor) -> None:
    chance = random.Random(4)
    terminal = monitor(fleet, "--interval", "1")
    terminal.wait_for("60/60 tasks")
    for _ in range(120):
        terminal.resize(chance.randint(20, 400), chance.randint(5, 120))
        terminal.send(chance.choice(["j", "k", "G", "g", "d", "\t", "\x1b", "\x1b[6~", "I", CLICK.format(x=5, y=5)]))
        terminal.read_for(0.01)
    terminal.resize(20, 5)
    terminal.wait_for("too small")
    terminal.wipe()
    terminal.send("\x0c")
    terminal.wait_for("too small")
    terminal.resize(120, 40)
    terminal.wipe()
    terminal.send("\x1b\x0c")
    terminal.wait_for(r"60/60 tasks[\s\S]*NAME[\s\S]*q quit")
    leave(terminal)


@pytest.mark.parametrize(
    ("key", "shown"), [("o", "Columns"), ("v", "Views"), ("s", "Sort by"), ("\x10", "Action, view, tab or theme")]
)
def test_menu_survives_windows_of_5x5_and_40x8(fleet: str, monitor: OpenMonitor, key: str, shown: str) -> None:
    terminal = monitor(fleet)
    terminal.wait_for("60/60 tasks")
    terminal.send(key)
    terminal.wait_for(shown)
    for columns, lines in ((5, 5), (40, 8), (1, 1), (40, 8), (5, 5)):
        terminal.resize(columns, lines)
        terminal.read_for(0.1)
    terminal.wait_for("too")
    terminal.resize(120, 40)
    terminal.wait_for(shown)
    terminal.send("\x1b")
    terminal.wait_for(lambda screen: shown not in screen.text)
    leave(terminal)


def test_window_of_1x1_at_the_start_shows_the_list_once_it_has_grown(fleet: str, monitor: OpenMonitor) -> None:
    terminal = monitor(fleet, columns=1, lines=1)
    terminal.wait_for("…")
    terminal.resize(120, 40)
    terminal.wait_for("60/60 tasks")
    leave(terminal)


@pytest.mark.parametrize(("options", "zone"), [((), r"UTC\+08"), (("--utc",), r"UTC(?!\+)")])
def test_header_names_the_zone_of_the_machine_or_utc(
    fleet: str, monitor: OpenMonitor, options: tuple[str, ...], zone: str
) -> None:
    terminal = monitor(fleet, *options, TZ="Asia/Shanghai")
    terminal.wait_for(rf"live .*\d\d:\d\d {zone}")
    leave(terminal)
