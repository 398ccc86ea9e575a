from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.config import input_files
from cdptui.config.credentials import (
    MAX_SECRET_BYTES,
    read_access_key_file,
    read_password,
    read_password_file,
    read_session_file,
    session_id,
)
from cdptui.config.errors import ConfigError
from cdptui.models.auth import AccessKey


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
def test_private_file_is_accepted(tmp_path: Path, mode: int) -> None:
    assert read_password_file(password_file(tmp_path, b"secret", mode)) == "secret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o666])
def test_file_accessible_by_others_is_rejected_with_the_chmod_command(tmp_path: Path, mode: int) -> None:
    path = password_file(tmp_path, b"secret", mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        read_password_file(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "no password in"), (b"\n", "no password in"), (b"\r\nsecret", "no password in"), (b"\xff\xfe", "not UTF-8")],
)
def test_empty_password_file_is_rejected(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read_password_file(password_file(tmp_path, content))


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_password_file(tmp_path / "nowhere")


def test_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is a folder"):
        read_password_file(tmp_path)


def test_shell_pipe_is_accepted(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "content",
    [
        "KEYID01\nsecret0123456789\n",
        "\n  KEYID01  \r\n# the secret\nsecret0123456789",
        "ZSTACK_ACCESS_KEY_ID=KEYID01\nZSTACK_ACCESS_KEY_SECRET=secret0123456789\n",
        "export ZSTACK_ACCESS_KEY_SECRET='secret0123456789'\nexport ZSTACK_ACCESS_KEY_ID=\"KEYID01\"\n",
        "# mine\naccess_key_id = KEYID01\naccess_key_secret = secret0123456789\nregion = here\n",
        "AccessKeyId=KEYID01\nAccessKeySecret=secret0123456789\n",
        "id=KEYID01\nsecret=secret0123456789\n",
    ],
)
def test_an_access_key_file_has_two_lines_or_names(tmp_path: Path, content: str) -> None:
    path = password_file(tmp_path, content.encode())
    assert read_access_key_file(path) == AccessKey(key_id="KEYID01", secret="secret0123456789")


def test_secret_may_end_with_equals_signs(tmp_path: Path) -> None:
    path = password_file(tmp_path, b"KEYID01\nc2VjcmV0/+==\n")
    assert read_access_key_file(path).secret == "c2VjcmV0/+=="


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"KEYID01\n",
        b"a\nb-secret\nc\n",
        b"id=KEYID01\n",
        b"KEY ID\nsecret-1\n",
        b"KEY:ID\nsecret-1\n",
        b"\xff\xfe\nsecret-1",
    ],
)
def test_invalid_access_key_is_rejected_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        read_access_key_file(password_file(tmp_path, content))
    assert "secret-1" not in str(caught.value)
    assert "b-secret" not in str(caught.value)


@pytest.mark.parametrize("read", [read_access_key_file, read_session_file])
def test_every_file_of_secrets_must_be_private(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        read(password_file(tmp_path, b"KEYID01\nsecret\n", 0o640))


LONGEST = "x" * (MAX_SECRET_BYTES - 1)


def stdin_of(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return read_password(file, "stdin")


@pytest.mark.parametrize("read", [read_password_file, read_session_file, stdin_of])
@pytest.mark.parametrize("password", ["x" * 4097, "密" * 5000, LONGEST])
def test_long_secret_is_whole(tmp_path: Path, read: Callable[[Path], str], password: str) -> None:
    if read is read_session_file:
        # A header carries ASCII only.
        password = password.replace("密", "x")
    assert read(password_file(tmp_path, f"{password}\n".encode())) == password


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (read_password_file, "it is larger than 64 KiB"),
        (read_session_file, "it is larger than 64 KiB"),
        (read_access_key_file, "it is larger than 64 KiB"),
        (stdin_of, "longer than 65,536 characters"),
    ],
)
def test_secret_that_is_too_long_is_refused(tmp_path: Path, read: Callable[[Path], object], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        read(password_file(tmp_path, b"xx" + LONGEST.encode() + b"\n"))
    assert "xxx" not in str(caught.value)


def test_long_access_key_is_whole(tmp_path: Path) -> None:
    assert read_access_key_file(password_file(tmp_path, f"KEYID01\n{'x' * 5000}\n".encode())).secret == "x" * 5000


def test_pipe_whose_writer_does_not_finish_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "PIPE_TIMEOUT_S", 0.3)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    # Linux opens a FIFO for both at once, without a reader.
    writer = os.open(path, os.O_RDWR)
    try:
        os.write(writer, b"half a pass")
        with pytest.raises(ConfigError, match=r"did not finish in 0\.3 s"):
            read_password_file(path)
    finally:
        os.close(writer)


def test_too_large_pipe_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=_write_until_closed, args=(path,))
    writer.start()
    with pytest.raises(ConfigError, match="it is larger than 64 KiB"):
        read_password_file(path)
    writer.join(20)
    assert not writer.is_alive()


def _write_until_closed(path: Path) -> None:
    with contextlib.suppress(BrokenPipeError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_session_id_is_read_from_a_file(tmp_path: Path) -> None:
    assert read_session_file(password_file(tmp_path, b" 7c1e2d \n")) == "7c1e2d"


@pytest.mark.parametrize("text", ["密", "a b", "a\x1bb", "a\x00b", "x" * (MAX_SECRET_BYTES + 1)])
def test_session_that_no_header_can_carry_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ConfigError, match="ZSTACK_SESSION_ID does not contain a valid session id") as caught:
        session_id(text, "ZSTACK_SESSION_ID")
    assert text not in str(caught.value)
