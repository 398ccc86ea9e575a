"""Run the test suite many times under load: `python -m tests.repeat --runs 10 --load 3 [tests/terminal ...]`.

A load of three is three suites at the same time, each in a copy of the tree with temporary files of its own. Prints the
result of each run and the tests that failed or were skipped; the exit code is 1 when anything failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "dist")


class Result(NamedTuple):
    """One suite: its exit code and what did not pass, with the reasons of skips."""

    code: int
    failed: list[str]
    skipped: list[str]
    closing_line: str


class Suite:
    """One run of the tests in a copy of the tree."""

    def __init__(self, folder: Path, paths: list[str]) -> None:
        self.log = folder / "output.txt"
        self._results = folder / "results.xml"
        tree, temporary = folder / "tree", folder / "tmp"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        temporary.mkdir()
        for each in (folder.parent, folder, temporary):
            # Programs that tests start as an ordinary user have files below.
            each.chmod(0o711)
        environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "PYTEST_ADDOPTS": f"-rs --junit-xml={self._results}",
            "PYTHONPATH": str(tree),
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *paths],
                cwd=tree,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> Result:
        """Wait for its end."""
        code = self._process.wait()
        failed, skipped = [], []
        # There is no file when pytest itself failed; the exit code says so.
        cases = ET.parse(self._results).iter("testcase") if self._results.exists() else ()
        for case in cases:
            test = f"{case.get('classname')}::{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(test)
            if (skip := case.find("skipped")) is not None:
                skipped.append(f"{test}: {skip.get('message')}")
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return Result(code, failed, skipped, lines[-1] if lines else "no output")

    def stop(self) -> None:
        """End it, if it still runs; its watchdog kills what its tests have started."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def run_once(number: int, load: int, paths: list[str], kept: Path) -> list[Result]:
    """Run `load` suites at the same time; keep the output of those that fail."""
    with tempfile.TemporaryDirectory(prefix="cdptui-repeat-") as folder:
        suites: list[Suite] = []
        try:
            for place in range(load):
                own = Path(folder) / str(place)
                own.mkdir()
                suites.append(Suite(own, paths))
            results = [suite.wait() for suite in suites]
        finally:
            for suite in suites:
                suite.stop()
        for place, (suite, result) in enumerate(zip(suites, results, strict=True)):
            if result.code:
                shutil.copy(suite.log, kept / f"run-{number}-{place}.txt")
        return results


def main() -> int:
    """Print the result of each run and of all; return 1 when a test failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.repeat")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--load", type=int, default=3, help="suites at the same time")
    parser.add_argument("paths", nargs="*", help="tests to run; all by default")
    options = parser.parse_args()
    # Without this, SIGTERM would end this process alone, and the suites would go on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = Path(tempfile.mkdtemp(prefix="cdptui-repeat-failed-"))
    failed: Counter[str] = Counter()
    skipped: set[str] = set()
    bad = 0
    for number in range(1, options.runs + 1):
        started = time.monotonic()
        for result in run_once(number, options.load, options.paths, kept):
            bad += result.code != 0
            failed.update(result.failed)
            skipped.update(result.skipped)
            _print(f"run {number}: exit code {result.code}; {result.closing_line}")
            for test in result.failed:
                _print(f"  failed {test}")
        _print(f"run {number}: {time.monotonic() - started:.0f} s")
    _print(f"{options.runs} runs of {options.load} suites at the same time; {bad} suites failed")
    for test, count in failed.most_common():
        _print(f"  failed {count} times: {test}")
    for test in sorted(skipped):
        _print(f"  skipped {test}")
    if bad:
        _print(f"the output of those that failed is in {kept}")
    else:
        kept.rmdir()
    return 1 if bad else 0


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
