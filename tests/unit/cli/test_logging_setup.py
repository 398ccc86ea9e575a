from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdptui.cli.diagnostics import CommandError, ExitCode
from cdptui.cli.log_handler import LogFileHandler, configure_logging, open_log
from cdptui.cli.output_boundary import hide
from tests.capabilities import run_as_ordinary_user

PASSWORD = "correct horse"
HASH = hashlib.sha512(PASSWORD.encode()).hexdigest()
SESSION = "7c1e2d3f4a5b46c7988d9e0f1a2b3c4d"
SECRETS = (PASSWORD, HASH, SESSION)

log = logging.getLogger("cdptui.test")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Restore the loggers of the process after each test."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    chatty = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "asyncio", "uvicorn")}
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    for name, was in chatty.items():
        logging.getLogger(name).setLevel(was)


def start(path: Path, *secrets: str, level: str = "debug", is_asked_for: bool = True) -> None:
    configure_logging(open_log(path) if is_asked_for else LogFileHandler(path), level, secrets)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"logging in with {PASSWORD}", id="password"),
        pytest.param(f'{{"logInByAccount":{{"accountName":"admin","password":"{HASH}"}}}}', id="login body"),
        pytest.param(f"hash {HASH}", id="password hash"),
        pytest.param(f"Authorization: OAuth {SESSION}", id="header"),
        pytest.param(f"('authorization', 'OAuth {SESSION}')", id="header in a repr"),
        pytest.param(f"b'OAuth {SESSION}'", id="header as bytes"),
        pytest.param(f"DELETE http://node/zstack/v1/accounts/sessions/{SESSION} 200", id="logout URL"),
        pytest.param(f"Set-Cookie: JSESSIONID={SESSION}; Path=/zstack", id="cookie"),
        pytest.param(f"given {SESSION}", id="given session"),
        pytest.param(f"Authorization: ZStack KEYID01:{SESSION}", id="signature"),
        pytest.param(f"Proxy-Authorization: Basic {SESSION}", id="proxy password"),
        pytest.param(f'"systemTags": ["twofatoken::{SESSION}"]', id="second-factor code"),
    ],
)
def test_secrets_are_masked_in_the_log(tmp_path: Path, message: str) -> None:
    start(tmp_path / "log", PASSWORD, SESSION if message.startswith("given") else "")
    log.error("%s", message)
    text = (tmp_path / "log").read_text()
    assert "***" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_secrets_are_masked_in_tracebacks(tmp_path: Path) -> None:
    start(tmp_path / "log", PASSWORD)
    try:
        try:
            int(f"OAuth {SESSION} and {PASSWORD}")
        except ValueError as error:
            raise RuntimeError("/accounts/sessions/" + SESSION, HASH) from error
    except RuntimeError:
        log.exception("it failed")
    text = (tmp_path / "log").read_text()
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_other_text_is_written_unchanged(tmp_path: Path) -> None:
    start(tmp_path / "log", PASSWORD, "")
    log.error("task %s of %s is Failed", "财务系统-CDP", "d2f9a6c5c69c4be28bfa1c85d1e4652d")
    line = (tmp_path / "log").read_text(encoding="utf-8")
    assert line.endswith("ERROR cdptui.test: task 财务系统-CDP of d2f9a6c5c69c4be28bfa1c85d1e4652d is Failed\n")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_log_file_is_readable_only_by_its_owner(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        start(tmp_path / "made" / "log", PASSWORD)
        log.error("something")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "made" / "log") == 0o600


def test_rotated_log_file_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        start(tmp_path / "log")
        for _ in range(30):
            log.error("x" * 100_000)
    finally:
        os.umask(before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert {mode_of(path) for path in tmp_path.iterdir()} == {0o600}
    assert all(path.stat().st_size <= 2_000_000 for path in tmp_path.iterdir())


def test_no_file_is_created_before_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "log"
    start(path, is_asked_for=False, level="warning")
    log.info("not worth a line")
    assert not path.parent.exists()
    log.warning("worth a line")
    assert path.read_text().count("\n") == 1


def test_requested_log_file_is_created_at_once(tmp_path: Path) -> None:
    start(tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b""


def test_unwritable_requested_log_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot write the log file") as caught:
        start(tmp_path / "file" / "log")
    assert caught.value.code is ExitCode.USAGE


def test_unwritable_default_log_file_is_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    start(tmp_path / "file" / "log", is_asked_for=False)
    log.error("not logged anywhere")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("device", ["null", "zero"])
def test_device_keeps_its_mode_and_type(device: str) -> None:
    path = Path("/dev", device)
    before = path.stat()
    start(path)
    log.error("a line")
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_rdev) == (before.st_mode, before.st_uid, before.st_rdev)


@pytest.mark.parametrize("is_dangling", [True, False])
def test_link_is_followed_and_its_target_keeps_its_mode(tmp_path: Path, is_dangling: bool) -> None:
    target, link = tmp_path / "elsewhere" / "target", tmp_path / "log"
    link.symlink_to(target)
    if not is_dangling:
        target.parent.mkdir()
        target.write_text("before\n")
        target.chmod(0o640)
    start(link)
    for _ in range(30):
        log.error("x" * 100_000)
    assert link.readlink() == target
    assert sorted(path.name for path in target.parent.iterdir()) == ["target", "target.1"]
    assert mode_of(target.with_name("target.1")) == (0o600 if is_dangling else 0o640)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_created_folders_are_private(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        start(tmp_path / "one" / "two" / "log")
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / "one"), mode_of(tmp_path / "one" / "two")] == [0o700, 0o700]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("folder", "Is a directory"),
        ("fifo", r"it is a pipe \(FIFO\) that no program reads"),
        ("socket", "it is a socket"),
        ("full", "No space left on device"),
        ("below a file", "file is not a folder"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_unusable_kind_of_log_file_is_a_usage_error(tmp_path: Path, kind: str, why: str) -> None:
    path = tmp_path / "log"
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path))
        case "full":
            path = Path("/dev/full")
        case "below a file":
            (tmp_path / "file").touch()
            path = tmp_path / "file" / "log"
        case "loop":
            path.symlink_to(path)
    with pytest.raises(CommandError, match=why) as caught:
        start(path)
    assert caught.value.code is ExitCode.USAGE
    assert str(path) in caught.value.message


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A FIFO and the descriptor of its reader, which holds one page."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    yield path, reader
    os.close(reader)


def test_pipe_gets_the_log(pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    start(path)
    log.error("a line")
    assert os.read(reader, 4096).endswith(b"ERROR cdptui.test: a line\n")
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_open_descriptor_gets_the_log_by_its_name_in_dev(pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    writer = os.open(path, os.O_WRONLY)
    inner_reader, inner_writer = os.pipe()
    try:
        for descriptor, source in ((writer, reader), (inner_writer, inner_reader)):
            start(Path(f"/dev/fd/{descriptor}"))
            log.error("a line")
            assert os.read(source, 4096).endswith(b"a line\n")
    finally:
        for descriptor in (writer, inner_reader, inner_writer):
            os.close(descriptor)


def test_open_file_that_was_removed_gets_the_log_and_its_link_stays(tmp_path: Path) -> None:
    with (tmp_path / "removed").open("wb") as file:
        (tmp_path / "removed").unlink()
        start(Path(f"/dev/fd/{file.fileno()}"))
        for _ in range(30):
            log.error("x" * 100_000)
        assert os.fstat(file.fileno()).st_size > 3_000_000
    assert not [*tmp_path.iterdir()]


def test_full_pipe_drops_lines_and_reports_their_number(pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    start(path)
    for _ in range(30):
        log.error("%s", "x" * 300)
    first = os.read(reader, 100_000).decode()
    log.error("after")
    *lines, after = (first + os.read(reader, 100_000).decode()).splitlines()
    written = sum(line.endswith("x" * 300) for line in lines)
    dropped = [int(found[1]) for line in lines if (found := re.search(r"(\d+) log lines before this one", line))]
    assert 0 < written < 30
    assert written + sum(dropped) == 30
    assert after.endswith("after")


def test_line_longer_than_the_pipe_is_finished_before_the_next(pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    start(path)
    log.error("%s", "x" * 6000)
    text = os.read(reader, 100_000)
    log.error("after")
    text += os.read(reader, 100_000)
    long, after = text.decode().splitlines()
    assert long.endswith(" " + "x" * 6000)
    assert after.endswith("after")


def test_reader_that_reconnects_gets_the_log_again(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    start(path)
    os.close(reader)
    log.error("dropped")
    log.error("dropped")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log.error("after")
    text = os.read(reader, 4096).decode()
    os.close(reader)
    assert "2 log lines before this one could not be written" in text
    assert text.endswith("after\n")


@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_older_log_that_is_not_a_regular_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    older = tmp_path / "log.1"
    if kind == "folder":
        older.mkdir()
    elif kind == "fifo":
        os.mkfifo(older)
    else:
        older.symlink_to(tmp_path / "other")
    before = older.lstat()
    start(tmp_path / "log")
    for _ in range(50):
        log.error("x" * 100_000)
    assert (older.lstat().st_mode, older.lstat().st_ino) == (before.st_mode, before.st_ino)
    lines = (tmp_path / "log").read_text().splitlines()
    assert sum("x" * 100_000 in line for line in lines) == 50
    assert next(line for line in lines if "x" * 100_000 not in line).endswith(
        "cannot be rotated at 2000000 bytes and will grow: log.1 is not a regular file"
    )
    assert len(lines) == 51


def test_log_in_an_unwritable_folder_grows_and_reports_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("of another program\n")
    tmp_path.chmod(0o500)

    def write() -> None:
        start(path)
        for number in range(50):
            log.error("line %d %s", number, "x" * 100_000)

    try:
        run_as_ordinary_user(write)
    finally:
        tmp_path.chmod(0o700)
    assert [other.name for other in tmp_path.iterdir()] == ["log"]
    lines = path.read_text().splitlines()
    assert lines[0] == "of another program"
    assert [int(line.split("line ")[1].split()[0]) for line in lines if "x" * 100_000 in line] == list(range(50))
    others = [line for line in lines[1:] if "x" * 100_000 not in line]
    assert len(others) == 1
    assert others[0].endswith("cannot be rotated at 2000000 bytes and will grow: Permission denied")


def test_log_is_rotated_when_its_folder_is_writable_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    (tmp_path / "log.1").mkdir()
    start(path)
    for _ in range(25):
        log.error("x" * 100_000)
    (tmp_path / "log.1").rmdir()
    for _ in range(30):
        log.error("x" * 100_000)
    assert path.stat().st_size <= 2_000_000
    assert (tmp_path / "log.1").is_file()


def test_log_that_was_removed_is_created_again_when_it_is_full(tmp_path: Path) -> None:
    start(tmp_path / "log")
    log.error("x")
    (tmp_path / "log").unlink()
    for _ in range(30):
        log.error("x" * 100_000)
    assert (tmp_path / "log").exists()


@pytest.mark.parametrize("name", ["httpx", "httpcore", "asyncio", "uvicorn.access"])
def test_libraries_that_log_urls_log_only_warnings(tmp_path: Path, name: str) -> None:
    start(tmp_path / "log")
    logging.getLogger(name).info("GET /accounts/sessions/%s", SESSION)
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_log_level_is_applied(tmp_path: Path, level: str, lines: int) -> None:
    start(tmp_path / "log", level=level)
    for method in (log.debug, log.info, log.warning, log.error):
        method("a line")
    assert (tmp_path / "log").read_text().count("\n") == lines


def test_secrets_typed_later_stay_masked(tmp_path: Path) -> None:
    start(tmp_path / "log", PASSWORD)
    hide("typed later")
    hide("")
    start(tmp_path / "log", "of the next node")
    log.error("%s, typed later, of the next node", PASSWORD)
    assert (tmp_path / "log").read_text().endswith("***, ***, ***\n")
