"""Every file that is read or written, and every kind of thing that may have its name.

Each is answered in words that name the file and what is wrong, or works; nothing that was there is changed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import pytest
import trustme

from cdptui.cli.diagnostics import CommandError
from cdptui.cli.log_handler import open_log
from cdptui.config import private_files
from cdptui.config.credentials import read_access_key_file, read_password_file, read_session_file
from cdptui.config.errors import ConfigError
from cdptui.config.loader import load_config
from cdptui.config.paths import clipboard_file
from cdptui.config.saved_views import SavedView, SavedViewsFile
from cdptui.config.template import write_template
from cdptui.config.terminal import TerminalCapabilities
from cdptui.config.tls import load_tls_settings
from cdptui.tui import export_files
from cdptui.tui.terminal.clipboard import Clipboard
from tests.capabilities import run_as_ordinary_user
from tests.device_guard import DEVICES
from tests.unit.config.files import words

Result = TypeVar("Result")

KINDS: Final = (
    "regular",
    "link",
    "dangling link",
    "link to itself",
    "folder",
    "fifo",
    "null",
    "zero",
    "full",
    "socket",
    "empty",
    "huge",
    "unreadable",
    "no folder",
    "file as folder",
    "dangling folder",
)
OTHER_FOLDERS: Final = ("no folder", "file as folder", "dangling folder")
HANG_S: Final = 20.0
"""A guard against a hang; what takes long is measured elsewhere."""


def make(kind: str, path: Path, content: bytes) -> Path:
    """Make a thing of a kind, and return its path."""
    aside = path.with_name("aside")
    if kind in OTHER_FOLDERS:
        if kind == "file as folder":
            path.parent.joinpath("aside").touch()
            return aside / path.name
        folder = path.with_name("nowhere" if kind == "no folder" else "folder")
        if kind == "dangling folder":
            folder.symlink_to(aside)
        return folder / path.name
    _MAKE[kind](path, content)
    return path


def _make_regular(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def _make_link(path: Path, content: bytes) -> None:
    _make_regular(path.with_name("aside"), content)
    path.symlink_to(path.with_name("aside"))


def _make_device(number: int, name: str, path: Path, _content: bytes) -> None:
    """Make a device of its own for the test, if that is permitted: a defect would change that of the machine."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, number))
        path.chmod(0o666)
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        path.unlink(missing_ok=True)
        path.symlink_to(Path("/dev", name))


def _make_socket(path: Path, _content: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(path.parent)  # its name may have 107 characters only
        bound.bind(path.name)


def _make_huge(path: Path, _content: bytes) -> None:
    path.touch(0o600)
    os.truncate(path, 100_000_000)


def _make_unreadable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0)


_MAKE: Final[dict[str, Callable[[Path, bytes], None]]] = {
    "regular": _make_regular,
    "link": _make_link,
    "dangling link": lambda path, _: path.symlink_to(path.with_name("aside")),
    "link to itself": lambda path, _: path.symlink_to(path),
    "folder": lambda path, _: path.mkdir(),
    "fifo": lambda path, _: os.mkfifo(path, 0o640),
    "socket": _make_socket,
    "null": partial(_make_device, 3, "null"),
    "zero": partial(_make_device, 5, "zero"),
    "full": partial(_make_device, 7, "full"),
    "empty": lambda path, _: path.touch(0o600),
    "huge": _make_huge,
    "unreadable": _make_unreadable,
}


def states(folder: Path) -> dict[Path, tuple[object, ...]]:
    """What must not change: type, mode, owner, device and target of everything that is there."""
    found: dict[Path, tuple[object, ...]] = {}
    for path in (*folder.rglob("*"), *DEVICES):
        if os.path.lexists(path):
            status = path.lstat()
            link = path.readlink() if path.is_symlink() else None
            found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_rdev, link)
    return found


def answer(function: Callable[[], Result]) -> Result:
    """Call a function as an ordinary user, and fail rather than hang."""
    future: Future[Result] = Future()

    def call() -> None:
        try:
            future.set_result(run_as_ordinary_user(function))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return future.result(HANG_S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = tmp_path / "state" / "cdptui"
    place.mkdir(parents=True)
    return place


@pytest.fixture(scope="module")
def pems() -> dict[str, bytes]:
    authority = trustme.CA()
    issued = authority.issue_cert("operator@example.com")
    return {
        "CA": authority.cert_pem.bytes(),
        "client certificate": issued.cert_chain_pems[0].bytes(),
        "client key": issued.private_key_pem.bytes(),
    }


CONTENT: Final = {
    "configuration": b"[ui]\nmouse = true\n",
    "password": b"hunter2\n",
    "session": b"7c1e2d\n",
    "access key": b"KEYID01\nhunter2\n",
    "views": b'{"version": 1, "views": {}}',
}


def read(subject: str, path: Path, pems: dict[str, bytes]) -> None:
    """Read a file in its role. Raises ConfigError."""
    match subject:
        case "configuration":
            load_config(path, words, {}, system=Path("/nowhere"))
        case "system configuration":
            load_config(None, words, {"XDG_CONFIG_HOME": "/nowhere"}, system=path)
        case "password":
            assert read_password_file(path) == "hunter2"
        case "session":
            assert read_session_file(path) == "7c1e2d"
        case "access key":
            assert read_access_key_file(path).secret == "hunter2"
        case "views":
            file = SavedViewsFile(path)
            file.read()
            if file.problem:
                raise ConfigError(file.problem)
        case _:
            load_tls_settings(
                **tls_files(subject, path, pems), is_insecure=False, ask_passphrase=lambda _: "", environ={}
            )


def tls_files(subject: str, path: Path, pems: dict[str, bytes]) -> dict[str, Path | None]:
    """The files for TLS, of which `path` is one and the others are right."""
    options = {"ca_file": "CA", "client_cert": "client certificate", "client_key": "client key"}
    files: dict[str, Path | None] = dict.fromkeys(options)
    for option, name in options.items():
        if name == subject:
            files[option] = path
        elif "CA" not in {name, subject}:
            other = files[option] = path.with_name(option) if path.parent.is_dir() else Path.cwd() / option
            _make_regular(other, pems[name])
    return files


REASONS: Final = {
    "dangling link": "it is a link to .*aside, which does not exist",
    "link to itself": "Too many levels of symbolic links",
    "folder": "it is a folder",
    "fifo": r"it is a pipe \(FIFO\)",
    "zero": "it is a device",
    "full": "it is a device",
    "socket": "it is a socket",
    "huge": "it is larger than (64 KiB|1 MiB|8 MiB)",
    "unreadable": "Permission denied",
    "no folder": "there is no folder .*nowhere",
    "file as folder": "aside is not a folder",
    "dangling folder": "folder is a link to .*aside, which does not exist",
}
EMPTY: Final = {
    "password": "no password in",
    "session": "no session id in",
    "access key": "needs two lines",
    "CA": "it contains no certificate",
    "client certificate": "not a PEM file",
    "client key": "not a PEM file",
    "views": "broken",
}
READ: Final = ("configuration", *EMPTY, "system configuration")
WORKS: Final = {
    ("CA", "folder"),
    ("views", "null"),
    *(("views", kind) for kind in ("dangling link", "no folder", "dangling folder")),
    *(("system configuration", kind) for kind in ("no folder", "file as folder")),
}
"""A file that need not be there; a folder of certificates."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject", READ)
def test_what_is_read_works_or_is_refused_in_words(
    folder: Path, subject: str, kind: str, pems: dict[str, bytes]
) -> None:
    content = CONTENT.get(subject.removeprefix("system "), pems.get(subject, b""))
    path = make(kind, folder / "views.json", content)
    reason = EMPTY.get(subject) if kind in {"null", "empty"} else REASONS.get(kind)
    before = states(folder)
    if reason is None or (subject, kind) in WORKS:
        answer(lambda: read(subject, path, pems))
    else:
        with pytest.raises(ConfigError, match=reason) as caught:
            answer(lambda: read(subject, path, pems))
        assert path.name in str(caught.value)
        assert "hunter2" not in str(caught.value)
    after = states(folder)
    if subject == "views" and kind in {"empty", "huge"}:
        after[path] = after.pop(path.with_name("views.json.broken"))
    assert {name: after.get(name) for name in before} == before


def write_log(path: Path) -> None:
    try:
        handler = open_log(path)
    except CommandError as error:
        raise ConfigError(error.message) from error
    handler.close()


def change_views(path: Path) -> None:
    SavedViewsFile(path).update(lambda views: views.with_view(1, SavedView(name="mine")))


def copy(path: Path) -> None:
    assert clipboard_file() == path
    message = asyncio.run(Clipboard(TerminalCapabilities(is_legacy=True), lambda _: None).copy("text", "copied"))
    if not message.startswith("Wrote text to"):
        raise ConfigError(message)


WRITE: Final[dict[str, tuple[Callable[[Path], None], str, dict[str, str | None]]]] = {
    # The name of the file, and what is expected of each kind; None works, and is what is expected of the others.
    "log": (
        write_log,
        "log",
        {
            "link to itself": "Too many levels",
            "folder": "Is a directory",
            "fifo": r"it is a pipe \(FIFO\) that no program reads",
            "full": "No space left on device",
            "socket": "it is a socket",
            "unreadable": "Permission denied",
            "file as folder": "aside is not a folder",
        },
    ),
    "new configuration": (
        write_template,
        "config.toml",
        {
            **dict.fromkeys(("regular", "link", "empty", "huge", "unreadable"), "already exists"),
            "link to itself": "Too many levels",
            "folder": "already exists as a folder",
            "fifo": r"already exists as a pipe \(FIFO\)",
            **dict.fromkeys(("null", "zero", "full"), "already exists as a device"),
            "socket": "already exists as a socket",
            "file as folder": "aside is not a folder",
        },
    ),
    "changed views": (
        change_views,
        "views.json",
        {
            "link to itself": "Too many levels",
            "folder": "it is a folder",
            "fifo": r"it is a pipe \(FIFO\)",
            **dict.fromkeys(("null", "zero", "full"), "it is a device"),
            "socket": "it is a socket",
            "unreadable": "Permission denied",
            "file as folder": "aside is not a folder",
        },
    ),
    "copy": (
        copy,
        "copied.txt",
        {
            "link to itself": "Too many levels",
            "folder": "it is a folder",
            "fifo": r"it is a pipe \(FIFO\)",
            **dict.fromkeys(("null", "zero", "full"), "it is a device"),
            "socket": "it is a socket",
        },
    ),
}


@pytest.mark.parametrize(
    ("subject", "kind"),
    # The user does not choose the folder of the copy.
    [(subject, kind) for subject in WRITE for kind in KINDS if subject != "copy" or kind not in OTHER_FOLDERS],
)
def test_what_is_written_works_or_is_refused_in_words(folder: Path, subject: str, kind: str) -> None:
    write, name, reasons = WRITE[subject]
    path = make(kind, folder / name, CONTENT["views"])
    before = states(folder)
    reason = reasons.get(kind)
    if reason is None:
        answer(lambda: write(path))
        assert path.exists()
    else:
        with pytest.raises(ConfigError, match=reason) as caught:
            answer(lambda: write(path))
        assert path.name in str(caught.value)
    after = states(folder)
    assert {path: after.get(path) for path in before} == before
    created = {path: state[0] for path, state in after.items() if path not in before and not path.match("*.broken")}
    assert set(created.values()) <= {stat.S_IFREG | 0o600, stat.S_IFDIR | 0o700}
    assert bool(created) == (reason is None and kind in {"dangling link", "no folder", "dangling folder"})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OTHER_FOLDERS])
def test_export_never_replaces_anything(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make(kind, folder / "x.csv", b"before")
    monkeypatch.chdir(folder)
    before = states(folder)
    written = answer(lambda: asyncio.run(export_files.write_new_file("x", "csv", ["a\n", "b\n"])))
    assert written == folder / "x-2.csv"
    assert written.read_text() == "a\nb\n"
    after = states(folder)
    assert after.pop(written)[0] == stat.S_IFREG | 0o600
    assert after == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("subject", WRITE)
def test_created_folders_and_files_are_private_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str, umask: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "one" / "state"))
    write, name, _ = WRITE[subject]
    before = os.umask(umask)
    try:
        write(tmp_path / "one" / "state" / "cdptui" / name)
    finally:
        os.umask(before)
    modes = {stat.S_IFMT(path.stat().st_mode): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {stat.S_IFDIR: 0o700, stat.S_IFREG: 0o600}


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_replaced_file_keeps_its_mode_and_owner(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    before = path.stat()
    private_files.replace_file(path, b"after")
    assert path.read_text() == "after"
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
