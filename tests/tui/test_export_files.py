"""Export to files."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import resource
import stat
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from cdptui.config.paths import display_path
from cdptui.models.snapshot import FetchProgress
from cdptui.tui import export_files
from tests.capabilities import run_as_ordinary_user
from tests.doubles import EPOCH, a_task
from tests.tui.running import Running, showing

FLEET = [a_task("b", status="Failed"), *(a_task(name) for name in "acd")]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = here / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def locked(here: Path, home: Path) -> Iterator[Path]:
    # The home folder is in it and must be created before.
    assert home.parent == here
    here.chmod(0o500)
    yield here
    here.chmod(0o700)


@pytest.fixture
def gone(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = here / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    yield
    monkeypatch.chdir(here)


def written(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*.{ending}"))


async def save(run: Running, letter: str) -> None:
    await run.press("ctrl+s", letter)
    await run.until(lambda: "Wrote" in run.notice or "Could not write" in run.notice)


async def test_csv_export_has_the_order_and_columns_of_the_list(here: Path) -> None:
    async with showing(FLEET, size=(200, 50)) as run:
        await run.press("greater_than_sign", "I", "o", "space", "enter")
        await save(run, "c")
        (path,) = written(here, "csv")
        assert f"Wrote 4 tasks to ./{path.name}" in run.notice
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == ["d", "c", "b", "a"]
        assert "policy_uuid" not in rows[0]
        assert "status" not in rows[0]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [(60, 20), (80, 24)], ids=str)
async def test_whole_name_of_the_file_is_shown_at_every_width(here: Path, size: tuple[int, int]) -> None:
    async with showing(FLEET, size=size) as run:
        await run.press("space")
        await save(run, "c")
        (path,) = written(here, "csv")
        assert f"./{path.name}" in run.screen
        assert "? help" in run.footer
        run.assert_every_line_fits()
        run.app._main.show_notice("Sorted by name")
        await run.until(lambda: len(run.footer.splitlines()) == 1)


async def test_csv_export_of_the_default_columns_says_which_task_where_what_and_since_when(here: Path) -> None:
    fleet = [a_task("b", "0b", status="Failed", backup_storage_uuid="s-1", policy_uuid="p-1", resource_refs=())]
    async with showing(fleet, zone=UTC) as run:
        await save(run, "c")
        (path,) = written(here, "csv")
        with path.open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert (row["uuid"], row["storage_uuid"], row["policy_uuid"]) == ("0b", "s-1", "p-1")
        assert row["problems"] == "failed; no-vm"
        assert row["since"] == "2025-12-31T22:00:00Z"


async def test_json_export_has_the_server_records_of_marked_tasks(here: Path) -> None:
    async with showing(FLEET) as run:
        await run.press("space", "space", "ctrl+s")
        assert "JSON: 2 marked" in run.screen
        await run.press("j")
        await run.until(lambda: "Wrote 2 marked tasks" in run.notice)
        (path,) = written(here, "json")
        saved = json.loads(path.read_text())
        assert saved["node"] == "http://node:8080"
        assert saved["is_complete"] is True
        assert saved["is_marked_only"] is True
        assert saved["filter"] is None
        assert saved["count"] == len(saved["tasks"]) == 2


async def test_export_has_the_filtered_tasks_and_the_filter(here: Path) -> None:
    async with showing(FLEET) as run:
        await run.press("space", "j", "space", "f")
        await run.until(lambda: run.names == ["b"])
        await run.until(lambda: "2 marked, 1 hidden by the filter" in run.notice)
        await save(run, "j")
        assert "Wrote 2 marked tasks (1 hidden by the filter)" in run.notice
        await run.press("ctrl+u")
        await run.press("ctrl+s", "j")
        await run.until(lambda: "Wrote 1 task to" in run.notice)
        saved = json.loads(written(here, "json")[0].read_text())
        assert saved["filter"] == "unhealthy"


async def test_export_includes_tasks_of_folded_groups(here: Path) -> None:
    async with showing(FLEET) as run:
        await run.press("b", "s", "Z")
        await save(run, "c")
        assert len(written(here, "csv")[0].read_text().splitlines()) == 5


async def test_svg_export_shows_the_screen_without_the_menu(here: Path) -> None:
    async with showing(FLEET) as run:
        await save(run, "s")
        (path,) = written(here, "svg")
        text = path.read_text()
        assert text.startswith("<svg")
        assert "Failed" in text
        assert "Save" not in text


async def test_export_overwrites_no_file(here: Path) -> None:
    async with showing(FLEET) as run:
        for count in (1, 2, 3):
            await run.press("ctrl+s", "c")
            await run.until(lambda: len(written(here, "csv")) == count)  # noqa: B023 - awaited at once
        assert [path.stem[-3:] for path in written(here, "csv")][:2] == ["Z-2", "Z-3"]


async def test_export_of_an_incomplete_list_says_so(here: Path) -> None:
    async with showing([FetchProgress(tuple(FLEET), 7, is_complete=True)]) as run:
        await save(run, "j")
        assert "the list was incomplete" in run.notice
        (path,) = written(here, "json")
        assert path.stem.endswith("-partial")
        saved = json.loads(path.read_text())
        assert saved["is_complete"] is False
        assert saved["tasks_on_node"] == 7


async def test_closed_export_menu_writes_nothing(here: Path) -> None:
    async with showing(FLEET) as run:
        await run.press("ctrl+s", "escape")
        assert not written(here, "*")


async def test_export_to_an_unwritable_folder_is_reported(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(export_files, "_folder", lambda: here / "gone")
    async with showing(FLEET) as run:
        await save(run, "c")
        assert re.search(r"Could not write the file \./gone/cdptui-\S+\.csv: No such file or directory", run.notice)


async def test_failed_export_leaves_no_file(here: Path) -> None:
    def pieces() -> Iterator[str]:
        yield "one"
        message = "no space left"
        raise OSError(message)

    with pytest.raises(OSError, match="no space left"):
        await export_files.write_new_file("x", "csv", pieces())
    assert not written(here, "*")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Limit files to 64 KiB, so that writing fails half way, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
async def test_full_disk_is_reported_and_leaves_no_file(here: Path) -> None:
    with pytest.raises(OSError, match="File too large") as caught:
        await export_files.write_new_file("x", "csv", ["x" * 1000] * 100)
    assert caught.value.filename == str(here / "x.csv")
    assert not written(here, "*")
    async with showing([a_task(f"task-{number:04}") for number in range(1000)]) as run:
        await save(run, "c")
        assert re.search(r"Could not write the file \./cdptui-\S+\.csv: File too large", run.notice)
    assert not written(here, "*")


@pytest.mark.usefixtures("locked")
def test_unwritable_folder_is_not_used(home: Path) -> None:
    path = run_as_ordinary_user(lambda: asyncio.run(export_files.write_new_file("x", "csv", ["one"])))
    assert path.parent == home


@pytest.mark.usefixtures("gone")
async def test_missing_folder_is_not_used(home: Path) -> None:
    path = await export_files.write_new_file("x", "csv", ["one"])
    assert path == home / "x.csv"
    assert display_path(path, is_relative=True) == "~/x.csv"


@pytest.mark.parametrize("node", ["http://10.0.0.5:8080", "https://[::1]:8443", "http://../../etc", "x" * 300, "…"])
def test_export_file_name_contains_no_path_separators(node: str) -> None:
    stem = export_files.export_stem(node, EPOCH, is_partial=False)
    assert "/" not in stem
    assert ".." not in stem.removeprefix("cdptui-")[:3]
    assert len(stem) < 120
