"""README.md and the guide: tables are those of the source, commands work, links lead to files."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from cdptui import __version__
from cdptui.cli.diagnostics import ExitCode
from cdptui.cli.effective_config import known_names
from cdptui.cli.guide import PAGES, page_path, page_summary
from cdptui.cli.main import cdptui
from cdptui.cli.startup import EXIT_CODES
from cdptui.config.loader import GLOBAL_SETTINGS, PROFILE_SETTINGS, load_config
from cdptui.query.parser import parse
from cdptui.render.tabs.registry import TABS
from tests.guide_tables import README, ROOT, TABLES, documents, generated_names, with_tables

TEXTS = {path: path.read_text(encoding="utf-8") for path in documents()}
README_TEXT = TEXTS[README]
CONFIGURATION = TEXTS[page_path("configuration")]
MANUAL = "\n".join(TEXTS.values())

MAX_README_LINES = 200

EXTERNAL_PROGRAMS = {"keyring", "ln", "mkdir", "pass"}
"""Programs of others, whose arguments are not checked here."""

PROGRAMS = EXTERNAL_PROGRAMS | {"bash", "cdptui", "pip", "pipx", "pytest", "python", "python3"}

PLACEHOLDERS = {"PAGE": "keys", "COMMAND": "demo", "PROFILE": "prod", "NAME": "startup"}


class ManualCommand(NamedTuple):
    """One simple command of the manual."""

    program: str
    arguments: tuple[str, ...]


def _simple_commands(line: str) -> list[ManualCommand]:
    """Split a line of shell into its commands, with optional parts and placeholders filled in."""
    lexer = shlex.shlex(line.replace("\\|", "|"), posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("|&;"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [_filled_in(words) for words in commands if words]


def _filled_in(words: list[str]) -> ManualCommand:
    plain = [word if word.startswith(".") or "cdptui[" in word else word.strip("[]") for word in words]
    program, *arguments = [PLACEHOLDERS.get(word, word) for word in plain if word != "…"]
    return ManualCommand(program.rpartition("/")[2], tuple(arguments))


def _alternatives(span: str) -> list[str]:
    """Return the commands that `cdptui config show|path` abbreviates."""
    found = re.fullmatch(r"(cdptui \w+ )(\w+(?:\\?\|\w+)+)", span)
    return [found[1] + word for word in re.split(r"\\?\|", found[2])] if found else [span]


def manual_commands() -> list[ManualCommand]:
    """Return all commands in shell blocks, and in inline code that begins with the name of a program."""
    found: dict[ManualCommand, None] = {}
    for text in TEXTS.values():
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        lines = [line for block in blocks for line in block.splitlines()]
        without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        spans = re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", without_blocks)
        lines += [line for span in spans if re.match(r"[\w./]+(?: |$)", span) for line in _alternatives(span)]
        for line in lines:
            for command in _simple_commands(line):
                if command.program in PROGRAMS and (line in spans or line.startswith(command.program) or "/" in line):
                    found[command] = None
    return list(found)


COMMANDS = manual_commands()


def commands_of(*programs: str) -> list[ManualCommand]:
    return [command for command in COMMANDS if command.program in programs]


def _id(value: object) -> str:
    return " ".join(value.arguments) or "(no arguments)" if isinstance(value, ManualCommand) else str(value)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_generated_tables_are_those_of_the_source(path: Path) -> None:
    assert with_tables(TEXTS[path]) == TEXTS[path], "run: python -m tests.guide_tables"


def test_every_generated_table_is_in_one_document() -> None:
    assert sorted(generated_names(MANUAL)) == sorted(TABLES)


def test_readme_is_short() -> None:
    assert len(README_TEXT.splitlines()) <= MAX_README_LINES


def test_every_file_of_the_guide_is_a_page() -> None:
    files = {path.stem for path in (ROOT / "cdptui" / "guide").iterdir()}
    assert {*files, "changelog"} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_page_begins_with_a_title_and_a_summary_of_one_line(page: str) -> None:
    title, summary, _ = TEXTS[page_path(page)].split("\n\n", 2)
    assert title.startswith("# ")
    assert summary == page_summary(page)
    assert "\n" not in summary
    assert summary.endswith(".")


def test_pages_are_part_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["cdptui"]}
    assert all(page_path(page).is_relative_to(ROOT / "cdptui") for page in PAGES)


def test_every_setting_is_in_one_row_with_its_option_and_its_variables() -> None:
    lines = [line.replace("\\|", "/").strip("|").split("|") for line in CONFIGURATION.splitlines() if line[:1] == "|"]
    rows = [cells for cells in lines if len(cells) == 4]
    for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS):
        (row,) = (cells for cells in rows if f"`{'.'.join(item.path)}`" in cells[2])
        assert item.option in row[0]
        assert [name for name in item.variables if f"`{name}`" not in row[1]] == []


def test_configuration_in_the_guide_is_valid(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    path = tmp_path / "config.toml"
    path.write_text(shown)
    assert load_config(path, known_names, system=tmp_path / "nowhere").profiles == ("prod", "test")


def test_filter_in_the_readme_is_valid() -> None:
    (shown,) = re.findall(r"<!-- a filter: .*?-->\n```\n(.*?)\n```", README_TEXT)
    parse(shown)


def test_every_tab_is_in_the_guide() -> None:
    assert [tab.title for tab in TABS if f"| {tab.title} |" not in TEXTS[page_path("tabs-and-problems")]] == []


def test_every_exit_code_is_in_the_guide() -> None:
    table = TEXTS[page_path("files-and-exit-codes")].partition("## Exit codes")[2].partition("##")[0]
    listed = {int(code) for codes in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in codes.split(",")}
    assert {*ExitCode, *EXIT_CODES.values()} <= listed


def test_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    assert re.findall(r"^## \[(.+?)\]", TEXTS[page_path("changelog")], re.MULTILINE)[0] == __version__


def test_every_option_is_in_the_guide() -> None:
    options = [name for parameter in cdptui.params if isinstance(parameter, click.Option) for name in parameter.opts]
    assert not [name for name in options if name.startswith("--") and name not in MANUAL]


def test_every_environment_variable_is_in_the_guide() -> None:
    source = (ROOT / "cdptui/config/environment.py").read_text(encoding="utf-8")
    assert not [name for name in re.findall(r"(?:ZSTACK|CDPTUI)_\w+", source) if name not in MANUAL]


def test_every_command_is_in_the_guide() -> None:
    context = click.Context(cdptui)
    named = {command.arguments[0] for command in commands_of("cdptui") if command.arguments}
    assert set(cdptui.list_commands(context)) <= named


def test_commands_of_the_manual_are_found() -> None:
    assert len(commands_of("cdptui")) >= 20
    assert len(commands_of("python", "python3", "pytest", "bash", "pip", "pipx")) >= 12


def test_every_program_of_a_shell_block_is_known() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", MANUAL, re.DOTALL | re.MULTILINE)
    commands = [command for block in blocks for line in block.splitlines() for command in _simple_commands(line)]
    assert {command.program for command in commands} <= PROGRAMS


@pytest.mark.parametrize("command", commands_of("cdptui"), ids=_id)
def test_arguments_of_cdptui_are_accepted(command: ManualCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    invoked: list[click.Command] = []
    monkeypatch.setattr(click.Command, "invoke", lambda self, _context: invoked.append(self))
    arguments = list(command.arguments)
    cdptui.main(arguments, prog_name="cdptui", standalone_mode=False)
    assert invoked or {"--help", "--help-all", "--version"} & set(arguments)


@pytest.mark.parametrize("options", re.findall(r"`(--[^` ]+ [^`]+)`", TEXTS[page_path("connecting")]))
def test_login_options_are_accepted(options: str, monkeypatch: pytest.MonkeyPatch) -> None:
    invoked: list[click.Command] = []
    monkeypatch.setattr(click.Command, "invoke", lambda self, _context: invoked.append(self))
    cdptui.main(["--url", "node", *options.split()], prog_name="cdptui", standalone_mode=False)
    assert invoked


@pytest.mark.parametrize(
    "command",
    [
        command
        for command in commands_of("cdptui")
        if command.arguments[:1] == ("guide",)
        or command.arguments[:2] in {("config", "path"), ("config", "check"), ("config", "init")}
        or {"--help", "--help-all", "--version"} & set(command.arguments)
    ],
    ids=_id,
)
def test_commands_that_print_and_end_run(
    command: ManualCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("CDPTUI_CONFIG", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "cdptui", *command.arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("command", commands_of("python", "python3"), ids=_id)
def test_python_modules_and_their_options_exist(command: ManualCommand) -> None:
    flag, module, *arguments = command.arguments
    assert flag == "-m"
    assert importlib.util.find_spec(module) is not None
    options = [argument for argument in arguments if argument.startswith("--")]
    if options:
        done = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert [option for option in options if option not in done.stdout] == []


@pytest.mark.parametrize("command", commands_of("pytest", "bash"), ids=_id)
def test_paths_in_commands_exist(command: ManualCommand) -> None:
    assert [word for word in command.arguments if "/" in word and not (ROOT / word).exists()] == []
    if command.program == "bash":
        subprocess.run(["bash", "-n", *command.arguments], cwd=ROOT, check=True)


@pytest.mark.parametrize("command", commands_of("pip", "pipx"), ids=_id)
def test_extras_that_are_installed_exist(command: ManualCommand) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert command.arguments[0] == "install"
    found = re.fullmatch(r"(?:\.|cdptui)\[([\w,]+)\]", command.arguments[-1])
    assert found
    assert set(found[1].split(",")) <= set(project["optional-dependencies"])


STUB = "#!/bin/sh\nmkdir -p {bin}\nprintf '#!/bin/sh\\n' >{bin}/cdptui\nchmod 700 {bin}/cdptui\n"
"""A program that installs an empty cdptui."""


def test_install_commands_put_cdptui_on_the_path(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    scripts = {
        "pipx": STUB.format(bin=tmp_path / "pipx/bin"),
        "pip": STUB.format(bin="$(dirname $0)"),
        "python3": f'#!/bin/sh\n[ "$1 $2" = "-m venv" ]\nmkdir -p $3/bin\ncp {programs}/pip $3/bin/pip\n',
    }
    for name, script in scripts.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o700)
    section = README_TEXT.partition("## Install for daily use")[2].partition("\n## ")[0]
    with_pipx, with_venv = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    environment = {"HOME": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}
    for commands, installed in ((with_pipx, "pipx/bin/cdptui"), (with_venv, ".local/bin/cdptui")):
        subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=environment, cwd=tmp_path, check=True)
        assert os.access(tmp_path / installed, os.X_OK)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXTS[path])
    assert targets or path != README
    assert not [target for target in targets if not (path.parent / target).exists()]


def test_every_picture_is_in_the_readme() -> None:
    pictures = {f"screenshots/{path.name}" for path in (ROOT / "screenshots").iterdir()}
    assert pictures == set(re.findall(r"\]\((screenshots/[^)]+)\)", README_TEXT))
