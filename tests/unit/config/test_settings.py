from __future__ import annotations

import math
from pathlib import Path

import pytest

from cdptui.config import environment
from cdptui.config.errors import ConfigError
from cdptui.config.paths import default_log_file
from cdptui.config.settings import validate_seconds


@pytest.mark.parametrize("value", [1, 1.0, 10, 3600])
def test_valid_number_of_seconds_is_accepted(value: float) -> None:
    assert validate_seconds("--interval", value, 1, 3600) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0, -1, 0.999, 3600.001, 1e308])
def test_invalid_number_of_seconds_is_rejected(value: float) -> None:
    with pytest.raises(ConfigError, match="--interval must be from 1 to 3600 seconds"):
        validate_seconds("--interval", value, 1, 3600)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, None, id="not set"),
        pytest.param({"ZSTACK_ACCOUNT": "a"}, "a", id="the first name"),
        pytest.param({"ZSTACK_ACCOUNT_NAME": "b"}, "b", id="the other client's name"),
        pytest.param({"ZSTACK_ACCOUNT": "a", "ZSTACK_ACCOUNT_NAME": "b"}, "a", id="the first wins"),
        pytest.param({"ZSTACK_ACCOUNT": "", "ZSTACK_ACCOUNT_NAME": "b"}, "b", id="set to nothing is not set"),
        pytest.param({"ZSTACK_ACCOUNT": ""}, None, id="nothing at all"),
    ],
)
def test_variables_have_the_names_of_the_vendors_clients(environ: dict[str, str], expected: str | None) -> None:
    assert environment.get(environment.ACCOUNT, environ) == expected


def test_the_process_has_the_environment_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZSTACK_SESSION_ID", "given")
    assert environment.get(environment.SESSION) == "given"


def test_the_log_is_where_the_desktop_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = default_log_file()
    assert path.name == "cdptui.log"
    assert tmp_path in path.parents
    assert not path.parent.exists(), "asking for a path makes no folders"
