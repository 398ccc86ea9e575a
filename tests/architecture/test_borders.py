"""What each command really loads, and how large the house may get."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.terminal.pty_terminal import Terminal

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cdptui"

ALLOWED_AT_THE_TOP = {"pyproject.toml", "README.md", "cdptui", "tests", "screenshots"}


def modules_after(code: str) -> set[str]:
    """The top-level names in sys.modules after `code` ran in a process of its own."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


HELP = """
from cdptui.cli.main import cdptui
try:
    cdptui(["--help"], prog_name="cdptui", standalone_mode=False)
except SystemExit:
    pass
"""

GUIDE = HELP.replace("--help", 'guide", "keys')


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        pytest.param(GUIDE, {"textual", "rich", "httpx", "asyncio", "starlette", "uvicorn"}, id="guide"),
        pytest.param(HELP, {"textual", "rich", "httpx", "starlette", "uvicorn", "sqlite3", "re2"}, id="--help"),
        pytest.param(
            "import cdptui.tui.app, cdptui.monitor.connection",
            {
                *("httpx", "starlette", "uvicorn", "sqlite3", "re2"),
                *("cdptui.query", "cdptui.config.saved_views", "cdptui.models.storages", "cdptui.render.storage_cells"),
            },
            id="the application and the connection",
        ),
        pytest.param(
            "import cdptui.render.columns, cdptui.render.tabs.overview", {"textual", "rich", "httpx"}, id="render"
        ),
        pytest.param(
            "from cdptui.query.parser import parse\nimport cdptui.tasklist.filtered_rows\nparse('erp used>80% or ~db')",
            {"re2"},
            id="a filter without a regular expression",
        ),
        pytest.param(
            "import cdptui.tasklist.model, cdptui.tui.controllers.detail, cdptui.tui.controllers.polling, "
            "cdptui.tui.controllers.saved_views, cdptui.tui.controllers.storages",
            {"textual", "rich", "httpx"},
            id="the task list and the controllers",
        ),
        pytest.param(
            "from cdptui.clock import SystemClock\nfrom cdptui.tasklist.model import TaskListModel\n"
            "TaskListModel(SystemClock(), lambda: None, lambda work: None).filter_result",
            {"cdptui.query"},
            id="a list without a filter",
        ),
        pytest.param("import cdptui.monitor.monitor", {"textual", "rich", "httpx"}, id="the headless core"),
        pytest.param(
            "import cdptui.simulator.server",
            {"textual", "cdptui.models", "cdptui.api", "cdptui.monitor", "cdptui.render", "httpx"},
            id="the simulator",
        ),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(code: str, forbidden: set[str]) -> None:
    assert not modules_after(code) & forbidden


NOT_AT_THE_FIRST_FRAME = {
    "anyio",
    "cdptui.api",
    "cdptui.config.saved_views",
    "cdptui.config.tls",
    "cdptui.models.timezones",
    "cdptui.monitor.connection",
    "cdptui.query",
    "cdptui.render.failure_messages",
    "cdptui.simulator",
    "cdptui.tui.export_files",
    "cdptui.tui.screens.help",
    "cdptui.tui.screens.menus",
    "cdptui.tui.small_window",
    "cdptui.tui.terminal.clipboard",
    "cdptui.tui.terminal.scroll_bar",
    "cdptui.tui.widgets.filter_bar",
    "h11",
    "httpcore",
    "httpx",
    "keyring",
    "pygments",
    "re2",
    "rich.markdown",
    "rich.traceback",
    "sqlite3",
    "starlette",
    "textual._xterm_parser",
    "textual.drivers.linux_driver",
    "truststore",
    "uvicorn",
}
"""What waits until the screen is drawn: the network, the other screens, and what only some users need."""


@pytest.fixture(scope="module")
def first_frame(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that the real program has loaded on a terminal when its first frame is drawn."""
    file = tmp_path_factory.mktemp("first-frame") / "modules"
    program = [sys.executable, "-m", "tests.architecture.first_frame", str(file)]
    with Terminal([*program, "--url", "http://127.0.0.1:9"], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        assert terminal.wait_for_end() == 0, terminal.text
        assert terminal.is_restored
    return set(file.read_text(encoding="utf-8").split())


def test_first_frame_of_the_real_program_loads_no_network_and_no_other_screen(first_frame: set[str]) -> None:
    assert {"cdptui.tui.screens.main", "cdptui.tui.terminal.driver"} <= first_frame
    assert not first_frame & NOT_AT_THE_FIRST_FRAME


@pytest.mark.parametrize("name", sorted(name for name in NOT_AT_THE_FIRST_FRAME if name.startswith("cdptui.")))
def test_modules_that_the_first_frame_does_not_load_exist(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


def test_first_frame_loads_no_widget_that_textual_itself_does_not_load(first_frame: set[str]) -> None:
    of_textual = modules_after("import textual.app")
    assert not {name for name in first_frame - of_textual if name.startswith("textual.widgets.")}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert not silent


def test_the_top_level_holds_nothing_else() -> None:
    if not (ROOT / ".git").exists():
        tracked = {path.name for path in ROOT.iterdir()}
    else:
        listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        tracked = {line.partition("/")[0] for line in listed.splitlines()}
    assert {name for name in tracked if not name.startswith(".")} <= ALLOWED_AT_THE_TOP | {"cdptui.egg-info"}


def test_no_module_imports_itself_through_others() -> None:
    """Late imports and those for type checking count too."""
    graph = grimp.build_graph("cdptui")
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    circles = []
    for module in sorted(imports):
        seen, waiting = set(), list(imports[module])
        while waiting:
            found = waiting.pop()
            if found not in seen:
                seen.add(found)
                waiting += imports[found]
        if module in seen:
            circles.append(module)
    assert not circles


def test_main_screen_inherits_from_screen_only() -> None:
    code = "from cdptui.tui.screens.main import MainScreen; print(*[base.__name__ for base in MainScreen.__bases__])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["Screen"]
