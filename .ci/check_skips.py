"""Compare the skipped tests of a run with the list of those allowed: check_skips.py RESULTS.xml ALLOWED."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def skipped_tests(results: Path) -> dict[str, str]:
    """Return the reasons of skipped tests and expected failures by test, from a JUnit file of pytest."""
    return {
        f"{case.get('classname')}::{case.get('name')}": skip.get("message") or "no reason given"
        for case in ET.parse(results).iter("testcase")  # noqa: S314 - our own pytest wrote it
        for skip in case.iter("skipped")
    }


def allowed_tests(path: Path) -> set[str]:
    """Return the tests of a list, written as `tests/unit/test_x.py::test_y  reason`, as the JUnit file names them."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    ids = (re.split(r"\s{2,}", line)[0] for line in lines if line and not line.startswith("#"))
    return {re.sub(r"(.*?)\.py::", lambda found: found[1].replace("/", ".") + "::", test, count=1) for test in ids}


def main(results: str, allowed: str) -> int:
    """Print what was skipped; return 1 when it is more than what is allowed."""
    skipped = skipped_tests(Path(results))
    surplus = sorted(set(skipped) - allowed_tests(Path(allowed)))
    lines = [f"skipped: {len(skipped)}, not allowed: {len(surplus)}"]
    lines += [f"  {'NOT ALLOWED ' if test in surplus else ''}{test}: {skipped[test]}" for test in sorted(skipped)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if surplus else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
