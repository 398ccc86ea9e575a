"""Programs to compare with; programs that are not installed are reported as missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.benchmarks.watched import Watched

_HERE = Path(__file__).parent

LABEL_APP = (sys.executable, str(_HERE / "label_app.py"))
FETCH_PAGES = (sys.executable, str(_HERE / "fetch_pages.py"))


def htop() -> Watched | None:
    """`htop -d 100`: a refresh every ten seconds; None when it is not installed."""
    path = shutil.which("htop")
    return None if path is None else Watched([path, "-d", "100"])


def glances() -> Watched | None:
    """`glances -t 10`, None when it is not installed."""
    path = Path(sys.executable).with_name("glances")
    found = str(path) if path.exists() else shutil.which("glances")
    return None if found is None else Watched([found, "-t", "10", "--disable-check-update"])
