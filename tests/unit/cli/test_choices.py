"""What counts of all that was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdptui.cli.choices import Choices
from cdptui.cli.demo import demo
from cdptui.cli.display import Display
from cdptui.cli.main import cdptui


@pytest.mark.parametrize(
    ("before", "behind", "theme", "has_mouse"),
    [
        ([], [], "dark", True),
        (["--theme", "light"], [], "light", True),
        ([], ["--theme", "light", "--no-mouse"], "light", False),
        (["--theme", "light", "--no-mouse"], ["--theme", "dark"], "dark", False),
    ],
)
def test_looks_may_be_typed_before_a_command_or_behind_it(
    before: list[str], behind: list[str], theme: str, has_mouse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with (
        cdptui.make_context("cdptui", [*before, "demo"]) as context,
        demo.make_context("demo", list(behind), parent=context) as command,
    ):
        display = Display.of(Choices.of(command))
    assert (display.theme, display.has_mouse) == (theme, has_mouse)
