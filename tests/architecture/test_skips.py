"""CI fails when it skips more than it may: `.ci/check_skips.py` on results of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no tmux here")
def test_skipped(): ...

@pytest.mark.parametrize("case", ["one", "two"])
def test_skipped_in_the_middle(case):
    if case == "two":
        pytest.skip("no screen here")

@pytest.mark.xfail(reason="not yet")
def test_expected_to_fail():
    assert False

def test_passed(): ...
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results of a run with three skips in a file of JUnit's."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_some.py").write_text(TESTS, encoding="utf-8")
    path = tmp_path / "results.xml"
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={path}", "-p", "no:cacheprovider", "tests"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=60)
    return path


def check(results: Path, *allowed: str) -> tuple[int, str]:
    listed = results.with_name("allowed")
    listed.write_text("# a comment\n\n" + "\n".join(allowed), encoding="utf-8")
    command = [sys.executable, str(ROOT / ".ci" / "check_skips.py"), str(results), str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_skips_that_are_listed_pass_and_are_printed_with_their_reasons(results: Path) -> None:
    code, output = check(
        results,
        "tests/test_some.py::test_skipped  needs tmux",
        "tests/test_some.py::test_skipped_in_the_middle[two]  needs screen",
        "tests/test_some.py::test_expected_to_fail  is not done",
    )
    assert (code, output.splitlines()) == (
        0,
        [
            "skipped: 3, not allowed: 0",
            "  tests.test_some::test_expected_to_fail: not yet",
            "  tests.test_some::test_skipped: no tmux here",
            "  tests.test_some::test_skipped_in_the_middle[two]: no screen here",
        ],
    )


def test_one_skip_that_is_not_listed_fails_and_is_named(results: Path) -> None:
    code, output = check(
        results,
        "tests/test_some.py::test_skipped  needs tmux",
        "tests/test_some.py::test_expected_to_fail  is not done",
    )
    assert code == 1
    assert "NOT ALLOWED tests.test_some::test_skipped_in_the_middle[two]: no screen here" in output


def test_list_of_allowed_skips_names_only_tests_that_exist() -> None:
    lines = (ROOT / ".ci" / "allowed-skips").read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        path, _, name = line.partition("  ")[0].partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8"), line
