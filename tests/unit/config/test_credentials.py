from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from cdptui.config.credentials import read_password, read_password_file
from cdptui.config.errors import ConfigError


def password_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "password"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"secret\n", "secret", id="a line"),
        pytest.param(b"secret", "secret", id="without an end"),
        pytest.param(b"secret\r\n", "secret", id="from Windows"),
        pytest.param(b"secret\nmore\n", "secret", id="the first line only"),
        pytest.param(b" se cret \n", " se cret ", id="blanks belong to it"),
        pytest.param("密码\n".encode(), "密码", id="any language"),
    ],
)
def test_the_first_line_is_the_password(tmp_path: Path, content: bytes, expected: str) -> None:
    assert read_password_file(password_file(tmp_path, content)) == expected


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_a_file_of_the_owner_alone_is_taken(tmp_path: Path, mode: int) -> None:
    assert read_password_file(password_file(tmp_path, b"secret", mode)) == "secret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o666])
def test_a_file_that_others_can_read_or_write_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = password_file(tmp_path, b"secret", mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        read_password_file(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "no password in"), (b"\n", "no password in"), (b"\r\nsecret", "no password in"), (b"\xff\xfe", "not UTF-8")],
)
def test_a_file_without_a_password_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read_password_file(password_file(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_password_file(tmp_path / "nowhere")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a file"):
        read_password_file(tmp_path)


def test_a_pipe_of_a_shell_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o644)
    writer = threading.Thread(target=path.write_text, args=("secret\n",))
    writer.start()
    assert read_password_file(path) == "secret"
    writer.join()


def test_bytes_on_stdin_that_are_no_text_are_refused() -> None:
    with (
        io.TextIOWrapper(io.BytesIO(b"p\xe4ss\n"), encoding="utf-8") as piped,
        pytest.raises(ConfigError, match="not UTF-8"),
    ):
        read_password(piped, "stdin")


def test_an_empty_pipe_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match="no password in stdin"):
        read_password(io.StringIO(""), "stdin")
