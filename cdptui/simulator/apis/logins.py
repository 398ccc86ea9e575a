"""All ways to log in that are known: by account, by user, unified, IAM2 and LDAP.

Passwords come as the hexadecimal SHA-512 of their UTF-8, never plain; only LDAP's come plain, since the directory has
to see them. Everybody in the settings has the same password.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha512
from hmac import compare_digest
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from cdptui.simulator import errors
from cdptui.simulator.exchange import ApiRefusal, Reply
from cdptui.simulator.faults import FaultKind
from cdptui.simulator.routing import Api, Body, Call
from cdptui.simulator.sessions import ADMIN_ACCOUNT_UUID, Session
from cdptui.simulator.wire import encode, in_hash_order

if TYPE_CHECKING:
    from cdptui.simulator.node import ManagementNode

_IDENTITY = "org.zstack.header.identity"
_IAM2 = "org.zstack.iam2.api"
BY_ACCOUNT = f"{_IDENTITY}.APILogInByAccountMsg"
_BY_USER = f"{_IDENTITY}.APILogInByUserMsg"
_UNIFIED = f"{_IDENTITY}.login.APILogInMsg"
_BY_VIRTUAL_ID = f"{_IAM2}.APILoginIAM2VirtualIDMsg"
_BY_VIRTUAL_ID_WITH_LDAP = f"{_IAM2}.APILoginIAM2VirtualIDWithLdapMsg"
_BY_LDAP = "org.zstack.ldap.APILogInByLdapMsg"
_PROJECT = f"{_IAM2}.APILoginIAM2ProjectMsg"
_PLATFORM = f"{_IAM2}.APILoginIAM2PlatformMsg"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in."""

    name: str
    uuid: str
    is_plain: bool = False
    """The password comes as it is."""


class Logins:
    """The login APIs. Those to an IAM2 project and to the platform need the session of a virtual ID."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node
        settings = node.settings
        self.account = Person(settings.account, ADMIN_ACCOUNT_UUID)
        self._user = Person(settings.user, _uuid_of(settings.user))
        self._virtual_id = Person(settings.virtual_id, _uuid_of(settings.virtual_id))
        self._ldap = Person(settings.ldap_uid, _uuid_of(settings.ldap_uid), is_plain=True)

    def apis(self) -> list[Api]:
        """What is on offer."""
        return [
            _open(BY_ACCOUNT, "/accounts/login", "logInByAccount", self._by("accountName", BY_ACCOUNT, self.account)),
            _open(_BY_USER, "/accounts/users/login", "logInByUser", self._by_user),
            _open(_UNIFIED, "/login", "logIn", self._unified),
            _open(
                _BY_VIRTUAL_ID,
                "/iam2/virtual-ids/login",
                "loginIAM2VirtualID",
                self._by("name", _BY_VIRTUAL_ID, self._virtual_id),
            ),
            _open(
                _BY_VIRTUAL_ID_WITH_LDAP,
                "/iam2/login/virtual-ids/ldap",
                "loginIAM2VirtualIDWithLdap",
                self._by("uid", _BY_VIRTUAL_ID_WITH_LDAP, self._ldap),
            ),
            _open(_BY_LDAP, "/ldap/login", "logInByLdap", self._by("uid", _BY_LDAP, self._ldap)),
            Api(
                name=_PROJECT,
                method="PUT",
                paths=("/iam2/projects/login",),
                handle=self._project,
                word="loginIAM2Project",
            ),
            Api(
                name=_PLATFORM,
                method="PUT",
                paths=("/iam2/platform/login",),
                handle=self._platform,
                word="loginIAM2Platform",
            ),
        ]

    def log_in(self, message: str, field: str, parameters: Body, person: Person, tags: object) -> dict[str, object]:
        """The inventory of a new session of that person, whose name stands in `field`.

        Raises ApiRefusal: SYS.1007 for a missing parameter, ID.1000 for wrong ones, ID.1006 for too many sessions, and
        what the login control has against it.
        """
        name, password = (_mandatory(message, parameters, key) for key in (field, "password"))
        control = self._node.login_control
        control.admit(name, has_captcha=bool(parameters.get("captchaUuid") and parameters.get("verifyCode")))
        wanted = self._node.settings.password
        if not person.is_plain:
            wanted = sha512(wanted.encode()).hexdigest()
        if name != person.name or not compare_digest(wanted.encode(), password.encode(errors="replace")):
            control.failed(name)
            raise ApiRefusal(errors.wrong_credentials())
        control.passed(name)
        control.check_second_factor(name, tags)
        unique = self._node.faults.is_on(FaultKind.UNIQUE_SESSION)
        return self._inventory(self._node.sessions.open(person.uuid, unique=unique), ADMIN_ACCOUNT_UUID)

    def _by(self, field: str, message: str, person: Person) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            inventory = self.log_in(message, field, call.parameters, person, call.body.get("systemTags"))
            return Reply(200, encode({"inventory": inventory}))

        return handle

    def _by_user(self, call: Call) -> Reply:
        account = call.parameters.get("accountUuid"), call.parameters.get("accountName")
        if account not in (
            (self.account.uuid, None),
            (None, self.account.name),
            (self.account.uuid, self.account.name),
        ):
            raise ApiRefusal(errors.wrong_credentials())
        return self._by("userName", _BY_USER, self._user)(call)

    def _unified(self, call: Call) -> Reply:
        kinds = {"account": self.account, "iam2": self._virtual_id, "ldap": self._ldap}
        kind = call.parameters.get("loginType", "account")
        person = kinds.get(kind) if isinstance(kind, str) else None
        if person is None:
            raise ApiRefusal(errors.invalid_argument(f"unsupported loginType[{kind}]"))
        return self._by("username", _UNIFIED, person)(call)

    def _project(self, call: Call) -> Reply:
        name = _mandatory(_PROJECT, call.parameters, "projectName")
        session = self._session_of_virtual_id(call, _PROJECT)
        if name != self._node.settings.project:
            raise ApiRefusal(errors.not_found("IAM2ProjectVO", name))
        return self._again(session, _uuid_of(f"project {name}"))

    def _platform(self, call: Call) -> Reply:
        return self._again(self._session_of_virtual_id(call, _PLATFORM), ADMIN_ACCOUNT_UUID)

    def _session_of_virtual_id(self, call: Call, message: str) -> Session:
        """The caller's session. Raises ApiRefusal when there is none, as with an access key, or it is another's."""
        header = call.request.headers.get("authorization", "").strip()
        session = self._node.sessions.renew(header.removeprefix("OAuth").strip())
        if session.owner not in (self._virtual_id.uuid, self._ldap.uuid):
            raise ApiRefusal(errors.denied(message))
        return session

    def _again(self, session: Session, account: str) -> Reply:
        new = self._node.sessions.open(session.owner)
        return Reply(200, encode({"inventory": self._inventory(new, account)}))

    def _inventory(self, session: Session, account: str) -> dict[str, object]:
        return in_hash_order(
            {
                "uuid": session.uuid,
                "accountUuid": account,
                "userUuid": session.owner,
                "expiredDate": self._node.date(session.expires_at),
                "createDate": self._node.date(session.created_at),
                "noSessionEvaluation": False,
            }
        )


def _open(name: str, path: str, word: str, handle: Callable[[Call], Reply]) -> Api:
    return Api(name=name, method="PUT", paths=(path,), handle=handle, word=word, is_open=True)


def _mandatory(message: str, parameters: Body, name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value:
        raise ApiRefusal(errors.invalid_argument(f"field[{name}] of message[{message}] is mandatory, can not be null"))
    return value


def _uuid_of(name: str) -> str:
    """The same on every node, as the administrator's is."""
    return uuid5(NAMESPACE_OID, name).hex
