from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Never

import pytest

from cdptui.config.errors import ConfigError
from cdptui.config.loader import (
    CONNECTION,
    GLOBAL_SETTINGS,
    LOG,
    POLLING_SETTINGS,
    PROFILE_SETTINGS,
    UI_SETTINGS,
    Origin,
    ResolvedSetting,
    Source,
    load_config,
    user_config_path,
)
from cdptui.config.schema import ConfigSchema, ProfileTable
from tests.unit.config.files import loaded

ACCOUNT = next(item for item in CONNECTION if item.name == "account")
INTERVAL = next(item for item in POLLING_SETTINGS if item.name == "interval")
THEME = next(item for item in UI_SETTINGS if item.name == "theme")
CA_FILE = next(item for item in CONNECTION if item.name == "ca_file")

USER = """
[defaults]
account = "of-file"

[profiles.prod]
url = "node"
account = "of-profile"
"""

PLACES = {
    Source.OPTION: "--account",
    Source.ENVIRONMENT: "ZSTACK_ACCOUNT_NAME",
    Source.PROFILE: "config.toml:7",
    Source.FILE: "config.toml:3",
    Source.DEFAULT: "",
}
STRENGTH = list(PLACES)


@pytest.mark.parametrize(
    "present",
    [chosen for size in range(5) for chosen in combinations(STRENGTH[:-1], size)],
    ids=lambda chosen: "+".join(chosen) or "nothing",
)
def test_the_strongest_place_that_says_something_wins(tmp_path: Path, present: tuple[Source, ...]) -> None:
    lines = {Source.PROFILE: 'account = "of-profile"', Source.FILE: 'account = "of-file"'}
    text = USER
    for source, line in lines.items():
        text = text if source in present else text.replace(line, "")
    setting = loaded(tmp_path, text).resolve(
        ACCOUNT,
        {"account": "of-option"} if Source.OPTION in present else {},
        {"ZSTACK_ACCOUNT_NAME": "of-environment"} if Source.ENVIRONMENT in present else {},
        "prod",
    )
    winner = next((source for source in STRENGTH if source in present), Source.DEFAULT)
    assert setting.value == ("admin" if winner is Source.DEFAULT else f"of-{winner}")
    assert setting.origin.source is winner
    assert setting.origin.where.endswith(PLACES[winner])


def test_the_users_file_lies_above_the_machines_key_by_key(tmp_path: Path) -> None:
    system = '[profiles.prod]\nurl = "node"\ninterval = 30\ntimeout = 9\n[ui]\ntheme = "light"\n'
    configuration = loaded(tmp_path, "[profiles.prod]\ninterval = 5\n", system)
    interval = configuration.from_files(INTERVAL, "prod")
    assert interval == ResolvedSetting(5, Origin(Source.PROFILE, f"{tmp_path}/config.toml:2"))
    url = configuration.from_files(CONNECTION[0], "prod")
    assert url == ResolvedSetting("node", Origin(Source.PROFILE, f"{tmp_path}/etc.toml:2"))
    assert configuration.from_files(THEME, "prod") == ResolvedSetting(
        "light", Origin(Source.FILE, f"{tmp_path}/etc.toml:6")
    )


def test_system_profile_overrides_user_defaults(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, "[defaults]\ninterval = 5\n", '[profiles.prod]\nurl = "n"\ninterval = 30\n')
    assert configuration.from_files(INTERVAL, "prod").value == 30
    assert configuration.from_files(INTERVAL, None).value == 5


def test_without_files_there_are_defaults(tmp_path: Path) -> None:
    configuration = loaded(tmp_path)
    assert configuration.files == ()
    assert {configuration.from_files(item, None).origin for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS)} == {
        Origin(Source.DEFAULT)
    }


def test_relative_paths_are_relative_to_the_configuration_folder(tmp_path: Path) -> None:
    text = '[profiles.a]\nurl = "n"\ntls.ca_file = "ca.pem"\n[profiles.b]\nurl = "n"\ntls.ca_file = "/x/ca.pem"\n'
    text += '[profiles.c]\nurl = "n"\ntls.ca_file = "~/ca.pem"\n'
    configuration = loaded(tmp_path, text)
    found = [configuration.from_files(CA_FILE, profile).value for profile in "abc"]
    assert found == [tmp_path / "ca.pem", Path("/x/ca.pem"), Path.home() / "ca.pem"]


def test_ways_to_log_in_are_not_mixed(tmp_path: Path) -> None:
    configuration = loaded(
        tmp_path,
        '[profiles.prod]\nurl = "n"\n[profiles.prod.auth]\nkeyring = true\n[defaults.auth]\npassword_file = "f"\n',
        '[profiles.prod.auth]\npassword_command = "pass"\n',
    )
    assert configuration.credential_source("prod") == (
        "keyring",
        True,
        Origin(Source.PROFILE, f"{tmp_path}/config.toml:4"),
    )
    fallen_back = configuration.credential_source(None)
    assert fallen_back is not None
    assert fallen_back[:2] == ("password_file", tmp_path / "f")


TWO = '[profiles.prod]\nurl = "a"\n[profiles.test]\nurl = "b"\n'


@pytest.mark.parametrize(
    ("text", "typed", "environ", "is_node_given", "expected"),
    [
        pytest.param(TWO, "test", {"CDPTUI_PROFILE": "prod"}, False, ("test", "option --profile"), id="typed"),
        pytest.param(
            TWO, None, {"CDPTUI_PROFILE": "prod"}, False, ("prod", "environment CDPTUI_PROFILE"), id="environment"
        ),
        pytest.param(
            f'default_profile = "test"\n{TWO}', None, {}, False, ("test", "file config.toml:1"), id="the default one"
        ),
        pytest.param(
            TWO.partition("[profiles.test]")[0],
            None,
            {},
            False,
            ("prod", "default the only profile"),
            id="the only profile",
        ),
        pytest.param(
            f'default_profile = "test"\n{TWO}', None, {}, True, (None, "default a node was given"), id="a url"
        ),
        pytest.param(TWO, "test", {}, True, ("test", "option --profile"), id="a url and a profile"),
        pytest.param("", None, {}, False, (None, "default"), id="no profiles"),
        pytest.param(f'{TWO}[defaults]\nurl = "c"\n', None, {}, False, (None, "default"), id="a url for no profile"),
    ],
)
def test_the_profile_to_begin_with(
    tmp_path: Path,
    text: str,
    typed: str | None,
    environ: Mapping[str, str],
    is_node_given: bool,
    expected: tuple[str | None, str],
) -> None:
    value, origin = loaded(tmp_path, text).select_profile(typed, environ, is_node_given=is_node_given)
    assert (value, str(origin).replace(f"{tmp_path}/", "")) == expected


def test_several_profiles_and_no_choice_are_listed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"several profiles.*prod, test. or set default_profile"):
        loaded(tmp_path, TWO).select_profile(None, {}, is_node_given=False)


@pytest.mark.parametrize(
    ("text", "typed", "why"),
    [
        (TWO, "tset", "did you mean 'test'"),
        (TWO, "zzz", "available: prod, test"),
        ("", "zzz", "no profiles are configured"),
    ],
)
def test_unknown_profile_is_reported(tmp_path: Path, text: str, typed: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown profile '{typed}'; {why}"):
        loaded(tmp_path, text).select_profile(typed, {}, is_node_given=False)


def test_the_users_file_can_be_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_config_path(None, {}) == (tmp_path / "cdptui" / "config.toml", False)
    assert user_config_path(None, {"CDPTUI_CONFIG": "/else.toml"}) == (Path("/else.toml"), True)
    assert user_config_path(Path("/given.toml"), {"CDPTUI_CONFIG": "/else.toml"}) == (Path("/given.toml"), True)


def test_no_file_costs_nothing(tmp_path: Path) -> None:
    def no_words() -> Never:
        raise AssertionError("nothing is to be checked")

    configuration = load_config(None, no_words, {"CDPTUI_CONFIG": ""}, system=tmp_path / "nowhere")
    assert configuration.files == ()


def test_every_item_has_its_place_in_the_schema() -> None:
    for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS):
        content: object = ProfileTable() if item in PROFILE_SETTINGS else ConfigSchema()
        for name in item.path:
            content = getattr(content, name)
        assert content is None


def test_items_have_names_of_their_own() -> None:
    names = [item.name for item in (*PROFILE_SETTINGS, *GLOBAL_SETTINGS)]
    assert len(set(names)) == len(names)
    assert {item.name for item in LOG} == {"log_file", "log_level"}
