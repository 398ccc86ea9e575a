"""The plugin that keeps tests from leaving processes behind, on a pytest run of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the process guard needs /proc")

ROOT = Path(__file__).parents[2]

PRELUDE = """
import os, pathlib, subprocess, sys, time
from tests.terminal.pty_terminal import CDPTUI, Terminal

HERE = pathlib.Path(__file__).parent

def leave(*command, **environment):
    terminal = Terminal(command, environment={"TMUX_TMPDIR": str(HERE), "SCREENDIR": str(HERE), **environment})
    (HERE / "pid").write_text(str(terminal.process.pid))
    return terminal

def run_id():
    return os.environ["CDPTUI_TEST_RUN"].rpartition(",")[2]

(HERE / "run").write_text(run_id())
"""

DAEMON = f"{sys.executable} -c 'import time; print(\"up\", flush=True); time.sleep(600)'"

LEFT = {
    "plain child": 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])',
    "cdptui": 'leave(*CDPTUI, "demo", "--log-file", str(HERE / "log")).wait_for("60/60 tasks")',
    "daemon": 'subprocess.run(["sh", "-c", "setsid sleep 600 </dev/null >/dev/null 2>&1 &"], check=True)',
    "daemon without environment": (
        'subprocess.run(["sh", "-c", "setsid sleep 600 </dev/null >/dev/null 2>&1 &"], check=True, env={})'
    ),
    "screen": f'leave("screen", "-U", "-c", "/dev/null", "sh", "-c", """{DAEMON}""").wait_for("up")',
    "tmux": f'leave("tmux", "-L", "left", "-f", "/dev/null", "new-session", """{DAEMON}""").wait_for("up")',
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short path: the socket addresses of tmux and screen have at most 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="guard-", dir="/tmp") as path:
        yield Path(path)


def start_pytest(folder: Path, body: str, *options: str) -> subprocess.Popen[str]:
    """Run pytest with the plugin on one test with this body."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / "test_inner.py").write_text(f"{PRELUDE}\ndef test_inner():\n{indented}\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(folder / "pytest.ini"), "-p", "no:cacheprovider"]
    return subprocess.Popen(
        [*command, "-p", "tests.process_guard", *options, str(folder / "test_inner.py")],
        cwd=ROOT,
        # Options of the outer run, such as the file for its results, are not for this one.
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of_run(folder: Path) -> list[str]:
    """Return the command lines of the living processes that mention the folder, or carry the run's id."""
    marks = {os.fsencode(folder), (folder / "run").read_bytes()}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and any(mark in told for mark in marks):
            found.append(f"{process.name} {told[:200]!r}")
    return found


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)


@pytest.mark.parametrize(("kind", "workers"), [*((kind, "0") for kind in LEFT), ("screen", "1")])
def test_failed_test_leaves_no_process(kind: str, workers: str, folder: Path) -> None:
    if kind in {"screen", "tmux"} and shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    done = start_pytest(folder, f"{LEFT[kind]}\nassert not 'failed on purpose'", "-n", workers)
    output, _ = done.communicate(timeout=120)
    assert done.returncode == 1, output
    assert "failed on purpose" in output
    assert "1 failed" in output
    assert "error" not in output.splitlines()[-1], output
    assert processes_of_run(folder) == []


def test_passing_test_that_leaves_a_process_fails_and_names_it(folder: Path) -> None:
    done = start_pytest(folder, LEFT["daemon"], "-n", "0")
    output, _ = done.communicate(timeout=120)
    assert done.returncode == 1, output
    assert "the test left processes behind" in output
    assert "sleep 600" in output
    assert processes_of_run(folder) == []


def test_passing_test_that_leaves_nothing_passes(folder: Path) -> None:
    done = start_pytest(folder, "subprocess.run(['true'], check=True)", "-n", "1")
    output, _ = done.communicate(timeout=120)
    assert done.returncode == 0, output


def test_killed_run_leaves_no_process(folder: Path) -> None:
    body = f"{LEFT['plain child']}\n{LEFT['daemon']}\n(HERE / 'ready').touch()\ntime.sleep(600)"
    running = start_pytest(folder, body, "-n", "1")
    with running:
        wait_until((folder / "ready").exists)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    wait_until(lambda: not processes_of_run(folder))


def test_killed_worker_fails_the_run_which_names_what_was_left(folder: Path) -> None:
    body = f"{LEFT['daemon']}\nos.kill(os.getpid(), 9)"
    done = start_pytest(folder, body, "-n", "1")
    output, _ = done.communicate(timeout=120)
    assert done.returncode == 1, output
    assert "processes left at the end of the run" in output
    assert processes_of_run(folder) == []
