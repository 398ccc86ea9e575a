"""The screenshots in the repository match the app."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.screenshots import FOLDER, SITTINGS

ROOT = FOLDER.parent


def test_screenshots_match_the_app(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.screenshots", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    names = [name for sitting in SITTINGS for name, _ in sitting.pictures]
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(names)
    differing = [
        name
        for name in names
        if (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        != (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    ]
    assert not differing, "run python -m tests.screenshots, and check the images before you commit"
