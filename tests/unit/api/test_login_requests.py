from __future__ import annotations

import hashlib

import pytest

from cdptui.api.login_requests import login_requests, password_hash
from cdptui.config.settings import MonitorSettings
from cdptui.models.auth import AccessKey, LoginType, PasswordLogin, SessionToken
from cdptui.models.proxy import Proxy
from cdptui.models.tls import TlsSettings

SECRET = "correct horse"
HASH = hashlib.sha512(SECRET.encode()).hexdigest()
PROJECT = {"loginIAM2Project": {"projectName": "production"}}


@pytest.mark.parametrize("password", ["", "密码", "p\u00e4ss", " "])
def test_password_hash_of_any_text_is_sha512_of_its_utf8(password: str) -> None:
    assert password_hash(password) == hashlib.sha512(password.encode()).hexdigest()


def test_password_hash_of_surrogate_escapes_uses_the_original_bytes() -> None:
    password = b"p\xe4ss".decode("utf-8", errors="surrogateescape")
    assert password_hash(password) == hashlib.sha512(b"p\xe4ss").hexdigest()


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        (LoginType.ACCOUNT, "/accounts/login", {"logInByAccount": {"accountName": "eve", "password": HASH}}),
        (
            LoginType.USER,
            "/accounts/users/login",
            {"logInByUser": {"userName": "eve", "password": HASH, "accountName": "admin"}},
        ),
        (LoginType.LDAP, "/ldap/login", {"logInByLdap": {"uid": "eve", "password": SECRET}}),
        (LoginType.IAM2, "/iam2/virtual-ids/login", {"loginIAM2VirtualID": {"name": "eve", "password": HASH}}),
        (
            LoginType.IAM2_LDAP,
            "/iam2/login/virtual-ids/ldap",
            {"loginIAM2VirtualIDWithLdap": {"uid": "eve", "password": SECRET}},
        ),
        (LoginType.UNIFIED, "/login", {"logIn": {"username": "eve", "password": HASH, "loginType": "account"}}),
        (LoginType.UNIFIED_IAM2, "/login", {"logIn": {"username": "eve", "password": HASH, "loginType": "iam2"}}),
        (LoginType.UNIFIED_LDAP, "/login", {"logIn": {"username": "eve", "password": SECRET, "loginType": "ldap"}}),
    ],
)
def test_each_login_type_has_its_path_wrapper_and_password_format(
    kind: LoginType, path: str, body: dict[str, object]
) -> None:
    account = "admin" if kind is LoginType.USER else None
    (call,) = login_requests(PasswordLogin(name="eve", password=SECRET, type=kind, account=account))
    assert (call.path, call.body, call.needs_session) == (path, body, False)


def test_project_login_uses_the_session_of_the_virtual_id() -> None:
    login = PasswordLogin(name="eve", password=SECRET, type=LoginType.IAM2, project="production")
    first, second = login_requests(login)
    assert first.path == "/iam2/virtual-ids/login"
    assert (second.path, second.body, second.needs_session) == ("/iam2/projects/login", PROJECT, True)


def test_one_time_code_is_a_system_tag_of_the_first_request_only() -> None:
    login = PasswordLogin(name="eve", password=SECRET, type=LoginType.IAM2, project="production")
    first, second = login_requests(login, "123456")
    assert first.body["systemTags"] == ["twofatoken::123456"]
    assert second.body == PROJECT


@pytest.mark.parametrize(
    "holder",
    [
        PasswordLogin(name="admin", password=SECRET),
        login_requests(PasswordLogin(name="admin", password=SECRET, type=LoginType.LDAP)),
        SessionToken(session_id=SECRET),
        AccessKey(key_id="id", secret=SECRET),
        TlsSettings(key_passphrase=SECRET),
        Proxy(f"http://u:{SECRET}@p", "HTTP_PROXY"),
        MonitorSettings(
            base_url="http://x/zstack/v1",
            auth=PasswordLogin(name="a", password=SECRET),
            proxy=Proxy(f"http://u:{SECRET}@p"),
        ),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_repr_of_objects_with_secrets_does_not_show_them(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}"):
        assert SECRET not in shown
        assert HASH not in shown


def test_settings_list_all_secrets() -> None:
    settings = MonitorSettings(
        base_url="http://x/zstack/v1",
        auth=AccessKey(key_id="id", secret="one"),
        tls=TlsSettings(key_passphrase="two"),
        proxy=Proxy("http://u:three@p"),
    )
    assert set(settings.secrets) == {"one", "two", "three", "http://u:three@p"}
