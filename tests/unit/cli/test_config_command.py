"""`cdptui config`, and the effect of configuration files on other commands."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cdptui.config.template import TEMPLATE
from tests.unit.cli.test_command_line import assert_one_clear_line, cdptui, on_terminal

PROD = """\
default_profile = "prod"
[defaults]
interval = 20
[profiles.prod]
url = "http://10.0.0.5"
account = "eve"
accent = "red"
auth.password_command = "pass show hunter2"
[profiles.test]
url = "10.0.0.6"
auth.keyring = true
[keys]
quit = "Q"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "cdptui" / "config.toml"
    path.parent.mkdir()
    path.write_text(PROD)
    return path


def shown(config: Path, *arguments: str, **environment: str) -> dict[str, list[str]]:
    """Return the output of `config show --origin` by name: the value, and the words of its origin."""
    home = str(config.parents[1])
    done = cdptui(*arguments, "config", "show", "--origin", XDG_CONFIG_HOME=home, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "hunter2" not in done.stdout
    assert "sesame" not in done.stdout
    rows = [line.replace(f"{config}:", "line ").split(None, 2) for line in done.stdout.splitlines()]
    return {name: [value, origin] for name, value, origin in rows}


def test_each_value_is_shown_with_its_origin(config: Path) -> None:
    values = shown(config, "--timeout", "3", "--ascii", "--no-mouse", ZSTACK_ACCOUNT="mallory")
    assert values["profile"] == ["prod", "file line 1"]
    assert values["url"] == ["http://10.0.0.5", "profile line 5"]
    assert values["account"] == ["mallory", "environment ZSTACK_ACCOUNT"]
    assert values["interval"] == ["20", "file line 3"]
    assert values["timeout"] == ["3", "option --timeout"]
    assert values["theme"] == ["dark", "default"]
    assert values["ascii"] == ["true", "option --ascii"]
    assert values["mouse"] == ["false", "option --no-mouse"]
    assert values["keys.quit"] == ["Q", "file line 13"]


def test_password_command_is_shown_without_arguments_and_secrets_are_masked(config: Path) -> None:
    home = str(config.parents[1])
    output = cdptui("config", "show", XDG_CONFIG_HOME=home).stdout
    assert "password_command  pass …" in output
    assert shown(config, ZSTACK_PASSWORD="sesame")["password"] == ["***", "environment ZSTACK_PASSWORD"]
    assert shown(config, ZSTACK_SESSION_ID="sesame")["session"] == ["***", "environment ZSTACK_SESSION_ID"]
    assert shown(config, ZSTACK_ACCESS_KEY_ID="sesame")["access_key"] == ["***", "environment ZSTACK_ACCESS_KEY_ID"]
    assert shown(config, "--password-stdin")["password_stdin"] == ["***", "option --password-stdin"]


def test_password_is_not_used_for_another_account(config: Path) -> None:
    home = str(config.parents[1])
    output = cdptui("--account", "mallory", "config", "show", XDG_CONFIG_HOME=home).stdout
    assert "password_command" not in output
    assert "prompted" in output
    assert "password_command" in shown(config, "--account", "eve")


@pytest.mark.parametrize("way", ["option", "environment"])
def test_connection_settings_of_a_profile_are_not_used_for_another_node(config: Path, way: str) -> None:
    arguments = ["--url", "elsewhere"] if way == "option" else []
    environment = {"ZSTACK_API_URL": "elsewhere"} if way == "environment" else {}
    home = str(config.parents[1])
    done = cdptui("-P", "prod", *arguments, "config", "show", "--origin", XDG_CONFIG_HOME=home, **environment)
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "names another node" in lines["profile"]
    assert lines["url"].split()[1] == "elsewhere"
    assert lines["account"].split()[1] == "admin"
    assert lines["accent"].split()[1] == "-"
    assert "prompted" in lines["password"]
    assert lines["interval"].split()[1] == "20"


def test_same_node_in_another_spelling_is_that_of_the_profile(config: Path) -> None:
    values = shown(config, "-P", "prod", "--url", "http://10.0.0.5/zstack")
    assert values["accent"][0] == "red"


def test_config_option_replaces_the_user_file(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[defaults]\ninterval = 7\nurl = "n"\n')
    home = str(config.parents[1])
    for arguments, environment in ((["--config", str(other)], {}), ([], {"CDPTUI_CONFIG": str(other)})):
        done = cdptui(*arguments, "config", "show", XDG_CONFIG_HOME=home, **environment)
        assert "interval" in done.stdout
        assert " 7" in done.stdout
        assert cdptui(*arguments, "config", "path", XDG_CONFIG_HOME=home, **environment).stdout == f"{other}\n"


def test_profile_is_selected_by_option_then_environment(config: Path) -> None:
    assert shown(config, CDPTUI_PROFILE="test")["url"][0] == "10.0.0.6"
    assert shown(config, "-P", "prod", CDPTUI_PROFILE="test")["url"][0] == "http://10.0.0.5"
    home = str(config.parents[1])
    assert_one_clear_line(cdptui("-P", "tset", XDG_CONFIG_HOME=home), "unknown profile 'tset'", "did you mean 'test'?")


def test_several_profiles_without_selection_are_listed(config: Path) -> None:
    config.write_text(PROD.partition("\n")[2])
    home = str(config.parents[1])
    assert_one_clear_line(cdptui(XDG_CONFIG_HOME=home), "several profiles", "prod, test", "default_profile")


@pytest.mark.parametrize("option", ["--interval=0", "--timeout=301"])
def test_values_that_the_monitor_refuses_are_errors(config: Path, option: str) -> None:
    home = str(config.parents[1])
    shown_instead, started = (cdptui(option, *command, XDG_CONFIG_HOME=home) for command in (["config", "show"], []))
    assert_one_clear_line(shown_instead, option.partition("=")[0], "seconds")
    assert shown_instead.stderr == started.stderr


def test_template_is_private_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "cdptui" / "config.toml"
    done = cdptui("config", "init", XDG_CONFIG_HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote {path}\n", "")
    assert path.read_text() == TEMPLATE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert_one_clear_line(cdptui("config", "init", XDG_CONFIG_HOME=str(tmp_path)), "already exists")
    assert cdptui("config", "check", XDG_CONFIG_HOME=str(tmp_path)).returncode == 0


def test_all_problems_are_listed_by_every_command_that_reads_the_file(config: Path) -> None:
    config.write_text('[ui]\nmuose = true\ntheme = 3\n[keys]\nquit = "x"\n')
    expected = [
        f"cdptui: {config}:2: unknown key 'muose' in [ui]; did you mean 'mouse'?",
        f"cdptui: {config}:3: 'theme' in [ui] must be text, not 3",
        f"cdptui: {config}:5: key 'x' is assigned to both 'profile' and 'quit'",
    ]
    home = str(config.parents[1])
    for arguments in (["config", "check"], ["config", "show"], ["--url", "n"], ["demo"]):
        done: subprocess.CompletedProcess[str] = on_terminal(*arguments, XDG_CONFIG_HOME=home)
        assert (done.returncode, done.stderr.splitlines()) == (2, expected)


def test_invalid_file_does_not_affect_commands_without_it(config: Path) -> None:
    config.write_text("=")
    home = str(config.parents[1])
    for arguments in (["--help"], ["--version"], ["config", "path"], ["config", "--help"], ["simulate", "--help"]):
        assert cdptui(*arguments, XDG_CONFIG_HOME=home).returncode == 0


def test_failed_password_command_is_reported_with_its_line(config: Path) -> None:
    config.write_text(PROD.replace("pass show hunter2", "false hunter2"))
    done = on_terminal(XDG_CONFIG_HOME=str(config.parents[1]))
    assert_one_clear_line(done, f"{config}:8: password_command 'false' failed: exit code 1")
    assert "hunter2" not in done.stderr


def test_missing_file_imports_no_validation() -> None:
    code = (
        "import sys\nfrom cdptui.cli.main import cdptui\n"
        "try:\n cdptui(['--url', 'n'], prog_name='cdptui', standalone_mode=False)\nexcept Exception: pass\n"
        "print([name for name in ('tomllib', 'cdptui.config.schema', 'keyring') if name in sys.modules])"
    )

    environment = {**os.environ, "XDG_CONFIG_HOME": "/nowhere"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
