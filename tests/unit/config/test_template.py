from __future__ import annotations

import re
import stat
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import pytest
from msgspec import Struct
from msgspec.structs import fields

from cdptui.config.errors import ConfigError
from cdptui.config.schema import CREDENTIAL_KEYS, ConfigSchema
from cdptui.config.template import TEMPLATE, write_template
from tests.unit.config.files import loaded

UNCOMMENTED = re.sub(r"^#(?=[a-z\[])", "", TEMPLATE, flags=re.MULTILINE)


def keys_of(type_: Any) -> set[str]:
    """The names of all keys of a table and of those in it."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        return {name for field in fields(type_) for name in {field.name} | keys_of(field.type)}
    if isinstance(type_, UnionType) or hasattr(type_, "__args__"):
        return {name for part in get_args(type_) for name in keys_of(part)}
    return set()


def test_template_is_a_valid_configuration_without_values(tmp_path: Path) -> None:
    (file,) = loaded(tmp_path, TEMPLATE).files
    assert file.content == ConfigSchema()


@pytest.mark.parametrize("way", CREDENTIAL_KEYS)
def test_uncommented_template_is_valid_and_sets_every_key(tmp_path: Path, way: str) -> None:
    others = "|".join(other for other in CREDENTIAL_KEYS if other != way)
    text = re.sub(rf"^(?:{others}) .*\n", "", UNCOMMENTED, flags=re.MULTILINE)
    configuration = loaded(tmp_path, text)
    assert configuration.profiles == ("prod",)
    found = configuration.credential_source("prod")
    assert found is not None
    assert found.kind == way


def test_every_key_is_in_the_template() -> None:
    assert not [key for key in keys_of(ConfigSchema) if not re.search(rf"^#?\[?.*\b{key}\b", TEMPLATE, re.MULTILINE)]


def test_the_file_is_the_owners_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_template(path)
    assert path.read_text() == TEMPLATE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("mine")
    with pytest.raises(ConfigError, match="already exists"):
        write_template(path)
    assert path.read_text() == "mine"


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        write_template(tmp_path / "file" / "config.toml")
