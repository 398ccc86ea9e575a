from __future__ import annotations

import hashlib

import pytest

from cdptui.api.auth import AccountLogin, GivenSession
from cdptui.config.settings import MonitorSettings

SECRET = "correct horse"


def test_the_body_of_a_login_has_the_wrapper_and_the_hash() -> None:
    digest = hashlib.sha512(SECRET.encode()).hexdigest()
    assert AccountLogin.with_password("admin", SECRET).body() == {
        "logInByAccount": {"accountName": "admin", "password": digest}
    }


def test_the_hash_is_the_one_that_the_server_compares() -> None:
    assert AccountLogin.with_password("admin", "password").password_hash.startswith("b109f3bbbc244eb8")


@pytest.mark.parametrize("password", ["", "密码", "p\u00e4ss", " "])
def test_any_text_can_be_a_password(password: str) -> None:
    expected = hashlib.sha512(password.encode()).hexdigest()
    assert AccountLogin.with_password("admin", password).password_hash == expected


def test_a_password_from_an_environment_that_is_no_utf8_keeps_its_bytes() -> None:
    password = b"p\xe4ss".decode("utf-8", errors="surrogateescape")
    assert AccountLogin.with_password("admin", password).password_hash == hashlib.sha512(b"p\xe4ss").hexdigest()


@pytest.mark.parametrize(
    "holder",
    [
        AccountLogin.with_password("admin", SECRET),
        GivenSession(SECRET),
        MonitorSettings(base_url="http://x/zstack/v1", account="admin", password=SECRET, session_id=SECRET),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_holds_a_secret_does_not_show_it(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}"):
        assert SECRET not in shown
        assert hashlib.sha512(SECRET.encode()).hexdigest() not in shown
