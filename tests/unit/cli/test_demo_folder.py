"""The temporary folders of demos: those of demos that no longer run are removed, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.cli.demo_folder import DemoFolder


def a_folder(parent: Path, name: str = "cdptui-demo-abcdef") -> Path:
    folder = parent / name
    folder.mkdir(mode=0o700)
    (folder / "demo.sqlite").write_bytes(b"x")
    return folder


def abandoned(parent: Path) -> Path:
    folder = a_folder(parent)
    (folder / "demo.lock").touch()
    return folder


def with_a_link_inside(parent: Path) -> Path:
    other = parent / "other"
    other.mkdir()
    (other / "file").touch()
    folder = abandoned(parent)
    (folder / "link").symlink_to(other)
    return folder


def of_another_name(parent: Path) -> Path:
    folder = a_folder(parent, "cdptui-test-abcdef")
    (folder / "demo.lock").touch()
    return folder


def without_a_lock(parent: Path) -> Path:
    return a_folder(parent)


def readable_by_others(parent: Path) -> Path:
    folder = abandoned(parent)
    folder.chmod(0o755)
    return folder


def with_a_linked_lock(parent: Path) -> Path:
    folder = a_folder(parent)
    (parent / "file").touch()
    (folder / "demo.lock").symlink_to(parent / "file")
    return folder


def a_link_to_an_abandoned_one(parent: Path) -> Path:
    (parent / "elsewhere").mkdir()
    folder = abandoned(parent / "elsewhere")
    link = parent / folder.name
    link.symlink_to(folder)
    return link


def of_another_user(parent: Path) -> Path:
    folder = abandoned(parent)
    os.chown(folder, 1234, -1)
    return folder


@pytest.mark.parametrize("create", [abandoned, with_a_link_inside])
def test_folder_of_a_demo_that_no_longer_runs_is_removed(tmp_path: Path, create: Callable[[Path], Path]) -> None:
    folder = create(tmp_path)
    DemoFolder(tmp_path).remove_abandoned()
    assert not folder.exists()
    assert create is abandoned or (tmp_path / "other" / "file").exists()


@pytest.mark.parametrize(
    "create",
    [of_another_name, without_a_lock, readable_by_others, with_a_linked_lock, a_link_to_an_abandoned_one],
)
def test_any_other_folder_is_left(tmp_path: Path, create: Callable[[Path], Path]) -> None:
    folder = create(tmp_path)
    DemoFolder(tmp_path).remove_abandoned()
    assert (folder / "demo.sqlite").exists()
    assert (folder / "demo.sqlite").read_bytes() == b"x"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can create files of another user")
def test_folder_of_another_user_is_left(tmp_path: Path) -> None:
    folder = of_another_user(tmp_path)
    DemoFolder(tmp_path).remove_abandoned()
    assert (folder / "demo.sqlite").exists()


def test_folder_of_a_running_demo_is_left_until_it_is_killed(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cdptui.cli.demo_folder import DemoFolder\n"
    code += "print(DemoFolder(Path(sys.argv[1])).path, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        folder, later = Path(demo.stdout.readline().strip()), DemoFolder(tmp_path)
        later.remove_abandoned()
        assert folder.is_dir()
        demo.send_signal(signal.SIGKILL)
        demo.wait()
    later.remove_abandoned()
    assert not folder.exists()
    assert later.path.is_dir()
