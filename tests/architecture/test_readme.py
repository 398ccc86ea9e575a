"""The README says what is so: its tables come from the same source as the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import wrap

import click
import pytest

from cdptui.cli.effective_config import known_names
from cdptui.cli.main import cdptui
from cdptui.config.loader import GLOBAL_SETTINGS, PROFILE_SETTINGS, load_config
from cdptui.query.fields import FIELDS, SYNTAX_EXAMPLES
from cdptui.tui.keymap import KEYS, KeyScope, help_lines

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def keys_table() -> str:
    """The table of keys in Markdown."""
    lines = ["| key | action |", "|---|---|"]
    for place in KeyScope:
        lines.append(f"| | **{place.value}** |")
        for keys, help_text in help_lines(place):
            names = " ".join(name if name == "…" else f"`{name}`" for name in keys.split())
            lines.append(f"| {names} | {help_text} |")
    return "\n".join(lines)


def filter_table() -> str:
    """The language of the filter in Markdown."""

    def row(*cells: str) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    lines = ["| filter | shows |", "|---|---|", *(row(f"`{form}`", meaning) for form, meaning in SYNTAX_EXAMPLES)]
    lines += ["", "| field | short | what it is | examples |", "|---|---|---|---|"]
    for field in FIELDS:
        short = " ".join(f"`{name}`" for name in field.aliases)
        examples = " ".join(f"`{example}`" for example in field.example.split("   "))
        lines.append(row(f"`{field.name}`", short, field.help, examples))
    return "\n".join(lines)


def test_the_language_of_the_filter_is_the_programs() -> None:
    assert filter_table() in README


def test_the_table_of_keys_is_the_programs() -> None:
    assert keys_table() in README


def actions_list() -> str:
    """The ids of all actions in Markdown, in the lines of a paragraph."""
    return "\n".join(wrap(" ".join(f"`{key.id}`" for key in KEYS), 118, break_on_hyphens=False))


def test_the_ids_of_the_actions_are_the_programs() -> None:
    assert actions_list() in README


def test_everything_that_can_be_set_stands_in_one_row_with_its_option_and_its_variables() -> None:
    lines = [line.replace("\\|", "/").strip("|").split("|") for line in README.splitlines() if line.startswith("|")]
    rows = [cells for cells in lines if len(cells) == 4]
    for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS):
        (row,) = (cells for cells in rows if f"`{'.'.join(item.path)}`" in cells[2])
        assert item.option in row[0]
        assert [name for name in item.variables if f"`{name}`" not in row[1]] == []


def test_the_configuration_that_is_shown_is_right(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "config.toml"
    path.write_text(shown)
    assert load_config(path, known_names, system=tmp_path / "nowhere").profiles == ("prod", "test")


def test_every_option_is_in_the_readme() -> None:
    options = [name for parameter in cdptui.params if isinstance(parameter, click.Option) for name in parameter.opts]
    assert not [name for name in options if name.startswith("--") and name not in README]


def test_every_environment_variable_is_in_the_readme() -> None:
    source = (ROOT / "cdptui/config/environment.py").read_text(encoding="utf-8")
    assert not [name for name in re.findall(r"(?:ZSTACK|CDPTUI)_\w+", source) if name not in README]


@pytest.mark.parametrize(
    "command", ["cdptui --version", "cdptui --help", "cdptui demo --help", "cdptui simulate --help"]
)
def test_the_harmless_commands_run(command: str) -> None:
    words = command.split()[1:]
    done = subprocess.run([sys.executable, "-m", "cdptui", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]
