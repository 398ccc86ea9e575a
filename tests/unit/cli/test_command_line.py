"""The command line: output, stream and exit code of every command and error."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cdptui import __version__
from cdptui.cli.demo import demo
from cdptui.cli.main import cdptui as group
from cdptui.cli.options import DISPLAY_OPTION_NAMES

ROOT = Path(__file__).resolve().parents[3]
QUIET = {
    name: value for name, value in os.environ.items() if not name.startswith(("ZSTACK_", "COLUMNS", "LC_", "LANG"))
}
LINE = "cdptui: "


def cdptui(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run cdptui without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "cdptui", *arguments],
        cwd=ROOT,
        env={**QUIET, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_terminal(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run cdptui on its own terminal, with stderr in a pipe."""
    ours, theirs = pty.openpty()
    try:
        return subprocess.run(
            [sys.executable, "-m", "cdptui", *arguments],
            cwd=ROOT,
            env={**QUIET, "TERM": "xterm", **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


def assert_one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(LINE)
    for word in words:
        assert word in line


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A FIFO that no other process has open."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("option", ["--config", "--log-file", "--password-file", "--access-key-file", "--ca-file"])
def test_fifo_without_its_other_end_is_a_usage_error(fifo: Path, option: str) -> None:
    url = "https://node" if option == "--ca-file" else "http://node"
    session = {"ZSTACK_SESSION_ID": "given"} if option in {"--log-file", "--ca-file"} else {}
    assert_one_clear_line(on_terminal("--url", url, option, str(fifo), **session), str(fifo), "it is a pipe (FIFO)")


@pytest.mark.parametrize("command", [["config", "check"], ["config", "show"], []])
def test_configuration_that_is_a_dangling_link_is_a_usage_error(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "cdptui").mkdir()
    (tmp_path / "cdptui" / "config.toml").symlink_to("dotfiles/config.toml")
    done = on_terminal(*command, XDG_CONFIG_HOME=str(tmp_path))
    assert_one_clear_line(done, "cdptui/config.toml", "it is a link to dotfiles/config.toml, which does not exist")


def test_password_of_a_process_substitution_is_read(tmp_path: Path) -> None:
    # The password was read if the next thing is refused.
    line = f"exec {sys.executable} -m cdptui --url node --log-file {tmp_path} --password-file"
    shell = ["bash", "-c", f"{line} <(sleep 0.2; echo hunter2)"]
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            shell,
            cwd=ROOT,
            env={**QUIET, "TERM": "xterm", "PATH": os.environ["PATH"]},
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert_one_clear_line(done, f"cannot write the log file {tmp_path}: Is a directory")


def test_record_offers_no_option_to_record_nothing(tmp_path: Path) -> None:
    assert "--no-record" not in cdptui("record", "--help").stdout
    assert "--no-record" in cdptui("--help-all").stdout
    assert_one_clear_line(cdptui("record", "--url", "node", "--no-record"), "No such option '--no-record'")
    config, password = tmp_path / "config.toml", tmp_path / "password"
    config.write_text("[record]\nenabled = false\n")
    password.write_text("secret")
    password.chmod(0o600)
    done = cdptui("record", "--url", "node", "--user", "a", "--password-file", str(password), "--config", str(config))
    assert "record does nothing with enabled = false" in done.stderr


@pytest.mark.parametrize("interval", ["nan", "inf", "0", "-1", "0.5", "3601", "abc", ""])
def test_invalid_interval_is_a_usage_error(interval: str) -> None:
    assert_one_clear_line(cdptui("--url", "node", f"--interval={interval}"), "--interval")


@pytest.mark.parametrize("timeout", ["nan", "0", "301"])
def test_invalid_timeout_is_a_usage_error(timeout: str) -> None:
    assert_one_clear_line(cdptui("--url", "node", f"--timeout={timeout}"), "--timeout")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://node", "must be http or https"),
        ("http://", "host is missing"),
        ("node:port", "port"),
        ("http://admin:secret@node", "credentials"),
    ],
)
def test_invalid_url_is_a_usage_error_without_the_password(url: str, why: str) -> None:
    done = cdptui("--url", url)
    assert_one_clear_line(done, why)
    assert "secret" not in done.stderr


def test_invalid_url_of_the_environment_is_a_usage_error() -> None:
    assert_one_clear_line(cdptui(ZSTACK_API_URL="ftp://node"), "ftp://node")


def test_missing_url_shows_how_to_give_one() -> None:
    assert_one_clear_line(cdptui(), "--url", "ZSTACK_API_URL", "cdptui demo")


@pytest.mark.parametrize(
    "arguments",
    [("--colour", "red"), ("--theme", "pink"), ("frobnicate",), ("--password-stdin", "--password-file", "x")],
)
def test_unknown_option_or_command_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    done = cdptui("--url", "node", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert any(argument in done.stderr.splitlines()[-1] for argument in arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--url", "node", "demo"], "--url means nothing to demo", id="URL for the demo"),
        pytest.param(
            ["--url", "node", "--interval", "60", "demo"], "--url and --interval mean nothing to demo", id="two options"
        ),
        pytest.param(["-P", "prod", "demo"], "--profile means nothing to demo", id="short option"),
        pytest.param(["--insecure", "simulate"], "--insecure means nothing to simulate", id="simulate"),
        pytest.param(
            ["--account", "eve", "simulate"],
            "--account before simulate means nothing to it: write simulate --account",
            id="option of the command itself",
        ),
        pytest.param(["--config", "f", "guide", "keys"], "--config means nothing to guide", id="guide"),
        pytest.param(["--config", "f", "reset"], "--config means nothing to reset", id="reset"),
        pytest.param(["--theme", "light", "config", "path"], "--theme means nothing to config path", id="config path"),
        pytest.param(["--url", "n", "config", "init"], "--url means nothing to config init", id="config init"),
        pytest.param(["--no-mouse", "config", "check"], "--no-mouse means nothing to config check", id="config check"),
    ],
)
def test_option_that_a_command_ignores_is_refused(arguments: list[str], message: str, tmp_path: Path) -> None:
    assert_one_clear_line(cdptui(*arguments, XDG_CONFIG_HOME=str(tmp_path)), message)
    assert not list(tmp_path.iterdir())
    assert cdptui(*arguments, "--help").returncode == 0


def test_environment_variables_are_ignored_by_commands_without_them() -> None:
    done = cdptui("demo", ZSTACK_API_URL="node", ZSTACK_ACCOUNT="eve", CDPTUI_PROFILE="prod")
    assert_one_clear_line(done, "not a terminal")


def test_display_options_are_accepted_before_demo(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    values = {"theme": "light", "log_file": "log", "log_level": "info", "config": str(tmp_path / "config.toml")}
    own = {parameter.name: parameter.opts[0] for parameter in demo.params if parameter.name in DISPLAY_OPTION_NAMES}
    typed = [word for name, option in own.items() if name != "debug" for word in (option, values.get(name)) if word]
    assert set(own) == set(DISPLAY_OPTION_NAMES)
    assert_one_clear_line(cdptui(*typed, "demo"), "not a terminal")


@pytest.mark.parametrize("command", [["reset"], ["simulate", "--port", "x"], ["config", "check"]])
def test_debug_is_accepted_before_every_command(command: list[str], tmp_path: Path) -> None:
    done = cdptui("--debug", *command, XDG_CONFIG_HOME=str(tmp_path))
    assert "means nothing" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["--foo"], "cdptui"),
        (["foo"], "cdptui"),
        (["--url", ""], "cdptui"),
        (["simulate", "--fault", "foo"], "cdptui simulate"),
        (["demo", "--tasks", "-1"], "cdptui demo"),
        (["config", "foo"], "cdptui config"),
        (["config", "show", "--foo"], "cdptui config show"),
    ],
)
def test_usage_error_names_the_help_of_its_command(arguments: list[str], command: str) -> None:
    assert_one_clear_line(cdptui(*arguments), f"({command} --help shows the usage)")


@pytest.mark.parametrize("arguments", [("demo", "--tasks", "abc"), ("simulate", "--port", "1.5")])
def test_text_for_a_number_is_a_usage_error_that_asks_for_a_whole_number(arguments: tuple[str, ...]) -> None:
    assert_one_clear_line(cdptui(*arguments), f"'{arguments[-1]}' is not a valid whole number")


def test_config_without_command_shows_its_help() -> None:
    done = cdptui("config")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == cdptui("config", "--help").stdout
    assert done.stderr.startswith("Usage: cdptui config [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize(("command", "count"), [([], 10), (["config"], 4), (["recordings"], 5)])
def test_no_summary_of_a_command_is_cut(command: list[str], count: int) -> None:
    _, _, commands = cdptui(*command, "--help").stdout.partition("Commands:\n")
    listed = commands.partition("\n\n")[0].splitlines()
    assert len(listed) == count
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


@pytest.mark.parametrize(
    "arguments",
    [("--url", "node"), ("demo",), ("--url", "node", "--password-stdin")],
    ids=["monitor", "demo", "password from a pipe"],
)
def test_missing_terminal_is_an_error(arguments: tuple[str, ...]) -> None:
    assert_one_clear_line(cdptui(*arguments), "not a terminal")


def test_reset_without_terminal_names_the_reason() -> None:
    done = cdptui("reset")
    assert_one_clear_line(done, "not a terminal: reset restores the terminal that it runs on")
    assert "monitor" not in done.stderr


def test_output_to_a_pipe_is_an_error_before_the_password_prompt() -> None:
    assert_one_clear_line(cdptui("--url", "node", "--account", "admin"), "not a terminal")


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        pytest.param(None, 0, "No such file", id="missing"),
        pytest.param(b"secret\n", 0o644, "chmod 600", id="readable by all"),
        pytest.param(b"secret\n", 0o640, "chmod 600", id="readable by group"),
        pytest.param(b"", 0o600, "no password", id="empty"),
        pytest.param(b"\xff\xfe", 0o600, "not UTF-8", id="not UTF-8"),
    ],
)
def test_unusable_password_file_is_a_usage_error(tmp_path: Path, content: bytes | None, mode: int, why: str) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    done = on_terminal("--url", "node", "--password-file", str(path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(LINE)
    assert why in line
    assert "secret" not in line


def test_simulator_refuses_an_unusable_password_file(tmp_path: Path) -> None:
    assert_one_clear_line(cdptui("simulate", "--password-file", str(tmp_path / "nowhere")), "No such file")


def test_unwritable_log_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = on_terminal("--url", "node", "--log-file", str(tmp_path / "file" / "log"), ZSTACK_SESSION_ID="given")
    assert done.returncode == 2
    assert "cannot write the log file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_debug_shows_the_traceback() -> None:
    done = cdptui("--debug", "--url", "ftp://node")
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith(LINE)


@pytest.mark.parametrize(
    "command",
    [("--help",), ("--help-all",), ("demo", "--help"), ("guide", "--help"), ("simulate", "--help")],
    ids=" ".join,
)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_eighty_columns(command: tuple[str, ...], columns: str) -> None:
    done = cdptui(*command, COLUMNS=columns)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: cdptui")
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []


def test_help_fits_a_screen_of_forty_lines_with_the_prompts_before_and_after_it() -> None:
    lines = cdptui("--help", COLUMNS="80").stdout.splitlines()
    assert len(lines) <= 38
    assert max(map(len, lines)) <= 80


def test_help_lists_common_options_and_names_the_option_that_lists_all() -> None:
    text = cdptui("--help").stdout
    assert [name for name in ("--url", "--profile", "--account", "--help-all", "-h, --help") if name not in text] == []
    assert "--client-key" not in text
    assert "--help-all lists all options" in text


def test_full_help_lists_every_option_under_its_heading() -> None:
    done = cdptui("--help-all")
    options = [name for parameter in group.params if isinstance(parameter, click.Option) for name in parameter.opts]
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in (*options, "--help") if name not in done.stdout] == []
    assert [name for name in ("Connection:", "Login:", "TLS:", "Display:") if name not in done.stdout] == []


def test_full_help_names_every_variable_and_every_default() -> None:
    text = " ".join(cdptui("--help-all").stdout.split())
    variables = (
        "ZSTACK_API_URL",
        "ZSTACK_HOST",
        "ZSTACK_PORT",
        "ZSTACK_ACCOUNT",
        "ZSTACK_ACCOUNT_NAME",
        "ZSTACK_PASSWORD",
        "ZSTACK_ACCOUNT_PASSWORD",
        "ZSTACK_SESSION_ID",
    )
    assert [name for name in variables if name not in text] == []
    for option, default in (
        ("--account", "admin"),
        ("--interval", "10.0"),
        ("--timeout", "15.0"),
        ("--theme", "dark"),
        ("--log-level", "warning"),
        ("--log-file", "in the user's log folder"),
    ):
        _, _, after = text.partition(option)
        assert f"[default: {default}]" in after.partition(" --")[0], option


def test_no_option_takes_a_password() -> None:
    text = cdptui("--help-all").stdout
    assert "--password " not in text
    assert cdptui("--url", "node", "--password", "secret").returncode == 2


def test_version_is_printed() -> None:
    done = cdptui("--version")
    assert (done.returncode, done.stdout) == (0, f"cdptui, version {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--help-all",),
        ("--version",),
        ("demo", "--help"),
        ("guide",),
        ("guide", "keys"),
        ("guide", "kyes"),
        ("--url", "ftp://node"),
        ("--url", "node"),
    ],
    ids=" ".join,
)
def test_what_ends_at_once_loads_neither_textual_nor_the_network(arguments: tuple[str, ...]) -> None:
    code = f"""
import atexit, sys
sys.argv = ["cdptui", *{arguments!r}]
heavy = ("textual", "rich", "httpx", "starlette", "uvicorn", "asyncio")
atexit.register(lambda: print("loaded:", *[name for name in heavy if name in sys.modules], file=sys.__stdout__))
from cdptui.cli.main import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=QUIET,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (loaded,) = (line for line in done.stdout.splitlines() if line.startswith("loaded:"))
    assert loaded.split()[1:] == []


@pytest.mark.parametrize(
    ("options", "password", "what"),
    [
        (("--account", "ad\udcff"), "password", "the account"),
        (("--login-type", "ldap"), "p\udcff", "the password"),
        (("--login-type", "iam2", "--project", "\udcff"), "password", "the project"),
    ],
)
def test_bytes_that_are_not_utf8_are_refused(options: tuple[str, ...], password: str, what: str) -> None:
    done = on_terminal("--url", "10.0.0.5", *options, ZSTACK_PASSWORD=password)
    assert_one_clear_line(done, f"{what} contains bytes that are not UTF-8")
