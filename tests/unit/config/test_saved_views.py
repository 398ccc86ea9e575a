from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.config.errors import ConfigError
from cdptui.config.saved_views import PRESETS, SavedView, SavedViews, SavedViewsFile
from cdptui.query.parser import parse
from cdptui.render.columns import BY_KEY
from cdptui.render.groups import BY_KEY as BY_GROUPING
from cdptui.render.sort_order import WORST_FIRST
from tests.capabilities import run_as_ordinary_user

FULL = SavedView(name="nearly full", filter="used>90%", sort="use", columns=("name", "use"), group="storage", wide=True)


def test_missing_views_file_is_no_problem(tmp_path: Path) -> None:
    file = SavedViewsFile(tmp_path / "none" / "views.json")
    assert file.read() == SavedViews()
    assert not file.problem
    assert not (tmp_path / "none").exists()


def test_saved_views_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "views.json"
    SavedViewsFile(path).update(lambda views: views.with_view(3, FULL))
    SavedViewsFile(path).update(lambda views: views.with_default("production", 3))
    views = SavedViewsFile(path).read()
    assert views.view(3) == FULL
    assert views.defaults == {"production": 3}


def test_two_monitors_do_not_undo_each_other(tmp_path: Path) -> None:
    one, other = SavedViewsFile(tmp_path / "views.json"), SavedViewsFile(tmp_path / "views.json")
    one.read()
    other.read()
    one.update(lambda views: views.with_view(1, FULL))
    other.update(lambda views: views.with_view(2, FULL))
    assert set(one.read().saved) == {1, 2}


def test_views_file_is_private_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "state" / "views.json"
    SavedViewsFile(path).update(lambda views: views.with_view(1, FULL))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["views.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"version": 2, "views": {}}',
        b'{"version": 1, "views": {"1": {"filter": "x"}}}',
        b'{"version": 1, "views": {"12": {"name": "x"}}}',
        b'{"version": 1, "views": {"one": {"name": "x"}}}',
        b'{"version": 1, "views": {"1": {"name": "x", "columns": "name"}}}',
        b" " * (1 << 21),
        b"[" * 100_000,
        b'{"version": 1, "x": ' + b"[" * 100_000,
        b'{"version": 1, "views": {"1": {"name": "x", "y": ' + b'{"a":' * 100_000,
    ],
)
def test_unreadable_views_file_is_reported_and_renamed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "views.json"
    for name in ("views.json.broken", "views.json.broken2"):
        path.write_bytes(content)
        file = SavedViewsFile(path)
        assert file.update(lambda views: views.with_view(1, FULL)).saved == {1: FULL}
        assert name in file.problem
        assert "\n" not in file.problem
        assert (tmp_path / name).read_bytes() == content


@given(st.binary(max_size=200))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("views") / "views.json"
    path.write_bytes(content)
    SavedViewsFile(path).read()


def test_unwritable_views_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="state is not a folder"):
        SavedViewsFile(tmp_path / "state" / "views.json").update(lambda views: views.with_view(1, FULL))


def test_saved_view_is_written_through_links(tmp_path: Path) -> None:
    dotfiles, state = tmp_path / "dotfiles", tmp_path / "state"
    dotfiles.mkdir()
    (state / "cdptui").mkdir(parents=True)
    target, link = dotfiles / "views.json", state / "cdptui" / "views.json"
    link.symlink_to("../../dotfiles/views.json")
    SavedViewsFile(link).update(lambda views: views.with_view(1, FULL))
    target.chmod(0o644)
    SavedViewsFile(link).update(lambda views: views.with_view(2, FULL))
    assert link.is_symlink()
    assert set(SavedViewsFile(target).read().saved) == {1, 2}
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    target.write_bytes(b"{")
    SavedViewsFile(link).update(lambda views: views.with_view(3, FULL))
    assert link.is_symlink()
    assert (dotfiles / "views.json.broken").read_bytes() == b"{"
    assert sorted(path.name for path in dotfiles.iterdir()) == ["views.json", "views.json.broken"]


def test_file_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    SavedViewsFile(path).update(lambda views: views.with_view(1, FULL))
    before = path.read_bytes()
    path.chmod(0)
    with pytest.raises(ConfigError, match="Permission denied"):
        run_as_ordinary_user(lambda: SavedViewsFile(path).update(lambda views: views.with_view(2, FULL)))
    path.chmod(0o600)
    assert path.read_bytes() == before


def test_ninety_nine_broken_files_are_enough(tmp_path: Path) -> None:
    for number in ("", *range(2, 100)):
        (tmp_path / f"views.json.broken{number}").touch()
    (tmp_path / "views.json").write_bytes(b"{")
    with pytest.raises(ConfigError, match="already 99 renamed files"):
        SavedViewsFile(tmp_path / "views.json").update(lambda views: views.with_view(1, FULL))
    assert (tmp_path / "views.json").read_bytes() == b"{"


def test_view_name_is_sanitized(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text(json.dumps({"version": 1, "views": {"1": {"name": "a\x1b[31m" + "b" * 100}}}))
    view = SavedViewsFile(path).read().view(1)
    assert view is not None
    assert view.name == "a␛[31m" + "b" * 33 + "…"


def test_view_is_found_by_number_and_by_name() -> None:
    views = SavedViews({8: FULL})
    assert [views.find(wanted) for wanted in (8, "Nearly Full", 9, "nothing", "disabled")] == [8, 8, None, None, 4]


@pytest.mark.parametrize("number", PRESETS)
def test_filters_of_preset_views_are_valid(number: int) -> None:
    view = PRESETS[number]
    if view.filter:
        parse(view.filter)
    assert view.sort == WORST_FIRST or view.sort in BY_KEY
    assert not view.group or view.group in BY_GROUPING
