"""All login types of the simulator and their errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha512
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cdptui.simulator.authentication import sign
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import Dialect, SimulatorSettings
from tests.wire.simulated import LOGIN, new_client

SETTINGS = SimulatorSettings(port=0, tasks=3)
HASH = sha512(b"password").hexdigest()
ADMIN = "36c27e8ff05c4780bf6d2fa65700f22e"
WRONG = {"logInByAccount": {"accountName": "admin", "password": "0" * 128}}


@contextmanager
def serving(settings: SimulatorSettings = SETTINGS) -> Iterator[tuple[ManagementNode, httpx.Client]]:
    with EmbeddedServer(ManagementNode(settings)) as server, new_client(server) as client:
        yield server.node, client


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving() as (_, client):
        yield client


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 503
    code: str = answer.json()["error"]["code"]
    return code


def can_query(client: httpx.Client, answer: httpx.Response) -> bool:
    assert answer.status_code == 200
    header = {"Authorization": f"OAuth {answer.json()['inventory']['uuid']}"}
    return client.get("/cdp-task", headers=header).status_code == 200


@pytest.mark.parametrize(
    ("path", "word", "name", "password"),
    [
        ("/accounts/login", "logInByAccount", {"accountName": "admin"}, HASH),
        ("/accounts/users/login", "logInByUser", {"accountName": "admin", "userName": "operator"}, HASH),
        ("/accounts/users/login", "logInByUser", {"accountUuid": ADMIN, "userName": "operator"}, HASH),
        ("/login", "logIn", {"username": "admin"}, HASH),
        ("/login", "logIn", {"username": "admin", "loginType": "account"}, HASH),
        ("/login", "logIn", {"username": "virtual-operator", "loginType": "iam2"}, HASH),
        ("/login", "logIn", {"username": "directory-operator", "loginType": "ldap"}, "password"),
        ("/iam2/virtual-ids/login", "loginIAM2VirtualID", {"name": "virtual-operator"}, HASH),
        ("/iam2/login/virtual-ids/ldap", "loginIAM2VirtualIDWithLdap", {"uid": "directory-operator"}, "password"),
        ("/ldap/login", "logInByLdap", {"uid": "directory-operator"}, "password"),
    ],
)
def test_each_login_type_has_its_path_body_key_and_password_form(
    client: httpx.Client, path: str, word: str, name: dict[str, str], password: str
) -> None:
    assert can_query(client, client.put(path, json={word: {**name, "password": password}}))
    other = "password" if password == HASH else HASH
    assert code_of(client.put(path, json={word: {**name, "password": other}})) == "ID.1000"
    nobody = {**name, list(name)[-1] if "loginType" not in name else "username": "nobody"}
    assert code_of(client.put(path, json={word: {**nobody, "password": password}})) == "ID.1000"
    assert code_of(client.put(path, json={word: name})) == "SYS.1007"


def test_user_of_another_account_and_unknown_login_type_are_refused(client: httpx.Client) -> None:
    fallback = {"accountName": "other", "userName": "operator", "password": HASH}
    assert code_of(client.put("/accounts/users/login", json={"logInByUser": fallback})) == "ID.1000"
    for kind in ("cas", ["iam2"]):
        unknown = {"username": "admin", "loginType": kind, "password": HASH}
        assert code_of(client.put("/login", json={"logIn": unknown})) == "SYS.1007"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/iam2/projects/login", {"loginIAM2Project": {"projectName": "production"}}),
        ("/iam2/platform/login", {"loginIAM2Platform": {}}),
    ],
)
def test_project_and_platform_logins_need_the_session_of_a_virtual_id(
    client: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    assert client.put(path, json=body).text == "missing header 'Authorization'"
    theirs = {"loginIAM2VirtualID": {"name": "virtual-operator", "password": HASH}}
    first = client.put("/iam2/virtual-ids/login", json=theirs).json()["inventory"]
    second = client.put(path, json=body, headers={"Authorization": f"OAuth {first['uuid']}"})
    assert can_query(client, second)
    assert second.json()["inventory"]["uuid"] != first["uuid"]
    assert second.json()["inventory"]["userUuid"] == first["userUuid"]
    admins = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
    assert code_of(client.put(path, json=body, headers={"Authorization": f"OAuth {admins}"})) == "SYS.1006"
    assert code_of(client.put(path, json=body, headers={"Authorization": "OAuth none"})) == "ID.1001"


def test_login_to_an_unknown_project_is_not_found(client: httpx.Client) -> None:
    theirs = {"loginIAM2VirtualID": {"name": "virtual-operator", "password": HASH}}
    session = client.put("/iam2/virtual-ids/login", json=theirs).json()["inventory"]["uuid"]
    header = {"Authorization": f"OAuth {session}"}
    body = {"loginIAM2Project": {"projectName": "nowhere"}}
    assert code_of(client.put("/iam2/projects/login", json=body, headers=header)) == "SYS.1003"


def test_unique_session_is_per_user() -> None:
    with serving(replace(SETTINGS, dialect=Dialect(unique_session=True))) as (node, client):
        theirs = {"loginIAM2VirtualID": {"name": "virtual-operator", "password": HASH}}
        client.put("/iam2/virtual-ids/login", json=theirs)
        for _ in range(3):
            assert can_query(client, client.put("/accounts/login", json=LOGIN))
        assert node.sessions.alive() == 2


def test_session_is_renewed_by_a_job() -> None:
    with serving(replace(SETTINGS, session_timeout_s=100)) as (node, client):
        node.jobs.duration_s = 0
        session = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
        client.headers["Authorization"] = f"OAuth {session}"
        path = f"/accounts/sessions/{session}/renew"
        for bad in (59, 31_536_001, "60", True, None):
            assert code_of(client.put(path, json={"renewSession": {"duration": bad}})) == "SYS.1007"
        accepted = client.put(path, json={"renewSession": {"duration": 86_400}})
        assert accepted.status_code == 202
        job = client.get(accepted.json()["location"])
        assert (job.status_code, job.text) == (200, "{}")
        left_s = node.sessions.renew(session).expires_at - node.state.server_time()
        assert 86_000 < left_s <= 86_400
        gone = client.put("/accounts/sessions/gone/renew", json={"renewSession": {"duration": 60}})
        assert code_of(client.get(gone.json()["location"])) == "ID.1001"
        bare = {"Authorization": "OAuth none"}
        assert code_of(client.put(path, json={"renewSession": {"duration": 60}}, headers=bare)) == "ID.1001"


def test_second_factor_is_checked_after_the_password() -> None:
    with serving(replace(SETTINGS, two_factor_code="123456")) as (node, client):
        assert code_of(client.put("/accounts/login", json=WRONG)) == "ID.1000"
        asked = client.put("/accounts/login", json=LOGIN)
        assert code_of(asked) == "ID.2001"
        assert asked.json()["error"]["details"] == '{"authentications":["googleAuth"],"credentials":"admin"}'
        wrong = client.put("/accounts/login", json={**LOGIN, "systemTags": ["twofatoken::000000"]})
        assert code_of(wrong) == "ID.2002"
        assert node.sessions.alive() == 0
        assert can_query(client, client.put("/accounts/login", json={**LOGIN, "systemTags": ["twofatoken::123456"]}))


def test_newer_server_names_the_second_factor_in_opaque() -> None:
    newer = replace(SETTINGS, two_factor_code="123456", dialect=Dialect(newer_errors=True))
    with serving(newer) as (_, client):
        error = client.put("/accounts/login", json=LOGIN).json()["error"]
        assert error["opaque"] == {"authentications": ["googleAuth"], "credentials": "admin"}
        assert "authentications" not in error["details"]


def test_captcha_is_required_after_six_failures() -> None:
    with serving(replace(SETTINGS, login_control="captcha")) as (_, client):
        codes = [code_of(client.put("/accounts/login", json=WRONG)) for _ in range(7)]
        assert codes == ["ID.1000"] * 6 + ["LOGIN_CONTROL.1005"]
        assert code_of(client.put("/accounts/login", json=LOGIN)) == "LOGIN_CONTROL.1005"
        guessed = {"logInByAccount": {**LOGIN["logInByAccount"], "captchaUuid": "a", "verifyCode": "b"}}
        assert code_of(client.put("/accounts/login", json=guessed)) == "LOGIN_CONTROL.1003"
        other = {"username": "virtual-operator", "loginType": "iam2", "password": HASH}
        assert can_query(client, client.put("/login", json={"logIn": other}))


def test_correct_password_resets_the_count_of_failures() -> None:
    with serving(replace(SETTINGS, login_control="lock")) as (_, client):
        for _ in range(2):
            codes = [code_of(client.put("/accounts/login", json=WRONG)) for _ in range(5)]
            assert codes == ["ID.1000"] * 5
            assert client.put("/accounts/login", json=LOGIN).status_code == 200


def test_error_of_a_locked_account_has_the_seconds_left() -> None:
    with serving(replace(SETTINGS, login_control="lock", dialect=Dialect(locale="en_US"))) as (_, client):
        for _ in range(6):
            client.put("/accounts/login", json=WRONG)
        answer = client.put("/accounts/login", json=LOGIN)
        assert code_of(answer) == "LOGIN_CONTROL.1002"
        words = answer.json()["error"]["details"].split()
        assert 590 < int(words[-2]) <= 600


@pytest.mark.parametrize("owner", [None, "admin", "eve"])
def test_access_key_has_the_permissions_of_its_owner(owner: str | None) -> None:
    with serving(replace(SETTINGS, access_key_owner=owner)) as (node, client):
        now = datetime.fromtimestamp(node.state.server_time(), ZoneInfo(SETTINGS.zone))
        date = f"{now:%a, %d %b %Y %H:%M:%S} GMT+08:00"
        signature = sign(SETTINGS.access_key_secret, "GET", date, "/v1/cdp-task")
        headers = {"Date": date, "Authorization": f"ZStack {SETTINGS.access_key_id}:{signature}"}
        answer = client.get("/cdp-task", headers=headers)
        if owner == "eve":
            assert code_of(answer) == "SYS.1006"
            assert "denied by default" in answer.json()["error"]["details"]
        else:
            assert answer.status_code == 200
        assert node.sessions.alive() == 0
