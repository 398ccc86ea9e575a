"""Effective settings from command line, environment and files."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from pathlib import Path

import pytest
from msgspec import structs

from cdptui.cli.demo import demo
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig, known_names
from cdptui.cli.main import cdptui
from cdptui.cli.monitor_settings import build_monitor_settings
from cdptui.cli.targets import profile_hint
from cdptui.config.errors import ConfigError
from cdptui.config.loader import load_config


@pytest.mark.parametrize(
    ("before", "behind", "theme", "has_mouse"),
    [
        ([], [], "dark", True),
        (["--theme", "light"], [], "light", True),
        ([], ["--theme", "light", "--no-mouse"], "light", False),
        (["--theme", "light", "--no-mouse"], ["--theme", "dark"], "dark", False),
    ],
)
def test_display_options_are_accepted_before_and_after_a_command(
    before: list[str], behind: list[str], theme: str, has_mouse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with (
        cdptui.make_context("cdptui", [*before, "demo"]) as context,
        demo.make_context("demo", list(behind), parent=context) as command,
    ):
        display = DisplaySettings.of(EffectiveConfig.from_context(command))
    assert (display.theme, display.has_mouse) == (theme, has_mouse)


@pytest.mark.parametrize(
    ("typed", "file", "zone"),
    [([], "", None), (["--utc"], "", UTC), ([], "[ui]\nutc = true\n", UTC), ([], "[ui]\nutc = false\n", None)],
)
def test_utc_is_the_zone_of_all_times_if_it_is_chosen(
    typed: list[str], file: str, zone: tzinfo | None, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(file)
    with cdptui.make_context("cdptui", ["--config", str(config), *typed, "demo"]) as context:
        assert DisplaySettings.of(EffectiveConfig.from_context(context)).zone is zone


@pytest.mark.parametrize("way", ["usual", "option", "environment", "of the machine only", "none"])
def test_profile_hint_names_the_file_or_the_command_that_writes_it(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "cdptui/config.toml" if way == "usual" else "other.toml"
    for variable, value in {"HOME": tmp_path, "XDG_CONFIG_HOME": tmp_path}.items():
        monkeypatch.setenv(variable, str(value))
    if way in {"usual", "option", "environment"}:
        (tmp_path / "cdptui").mkdir()
        (tmp_path / name).write_text("")
    if way == "environment":
        monkeypatch.setenv("CDPTUI_CONFIG", str(tmp_path / name))
    configuration = None
    if way == "of the machine only":
        (tmp_path / "etc.toml").write_text("")
        configuration = load_config(None, known_names, {}, system=tmp_path / "etc.toml")
    arguments = ["--config", str(tmp_path / name)] if way == "option" else []
    with cdptui.make_context("cdptui", [*arguments, "--url", "n"]) as context:
        effective_config = EffectiveConfig.from_context(context)
    hint = profile_hint(
        effective_config if configuration is None else structs.replace(effective_config, configuration=configuration)
    )
    is_there = way in {"usual", "option", "environment"}
    assert hint == (f"add one to ~/{name}" if is_there else "cdptui config init writes a file for profiles")


def test_profile_hint_of_the_demo() -> None:
    assert profile_hint(None) == "the demo has one node"


LONG = "x" * 1025
LONG_NAMES: dict[str, tuple[list[str], dict[str, str], str]] = {
    "option": (["--account", LONG], {}, "account in --account"),
    "variable": ([], {"ZSTACK_ACCOUNT": LONG}, "account in ZSTACK_ACCOUNT"),
    "other variable": ([], {"ZSTACK_ACCOUNT_NAME": "x" * 131_000}, "account in ZSTACK_ACCOUNT_NAME"),
    "user": (["--login-type", "user", "--user", LONG], {}, "user in --user"),
    "project": (["--login-type", "iam2", "--project", LONG], {}, "project in --project"),
    "file": (["--profile", "prod"], {}, "account in "),
}


@pytest.mark.parametrize(("arguments", "environ", "what"), LONG_NAMES.values(), ids=LONG_NAMES)
def test_too_long_name_is_refused_before_a_prompt_or_request(
    arguments: list[str], environ: dict[str, str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[profiles.prod]\nurl = "n"\naccount = "{LONG}"\n')
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "password"

    with cdptui.make_context("cdptui", ["--config", str(file), "--url", "n", *arguments]) as context:
        effective_config = EffectiveConfig.from_context(context).with_initial_profile()
    with pytest.raises(ConfigError, match=f"^the {re.escape(what)}.* is longer than 1,024 characters$"):
        build_monitor_settings(effective_config, prompt=ask)
    assert not asked


def test_longest_accepted_name_is_sent_complete(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    arguments = ["--config", str(tmp_path / "empty.toml"), "--url", "n", "--account", LONG[:-1]]
    with cdptui.make_context("cdptui", arguments) as context:
        auth = build_monitor_settings(
            EffectiveConfig.from_context(context).with_initial_profile(), prompt=lambda _: "password"
        ).auth
    assert auth.display_name == LONG[:-1]
