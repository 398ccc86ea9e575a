"""Login, session check, session renewal and logout APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha512
from hmac import compare_digest
from uuid import NAMESPACE_OID, uuid5

from cdptui.simulator import errors
from cdptui.simulator.faults.rules import FaultKind
from cdptui.simulator.http_types import ApiErrorResponse, Response
from cdptui.simulator.java_json import encode, in_hash_order
from cdptui.simulator.jobs import Result, accept_job, requested_job_uuid
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.routing import Body, Call, Route
from cdptui.simulator.sessions import ADMIN_ACCOUNT_UUID, Session

_IDENTITY = "org.zstack.header.identity"
_RENEW = f"{_IDENTITY}.APIRenewSessionMsg"
_DURATION_S = range(60, 31_536_001)


class Accounts:
    """Session APIs. All except renewal need no session."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        session = "/accounts/sessions/{sessionUuid}"
        return [
            Route(
                name=f"{_IDENTITY}.APILogOutMsg", method="DELETE", paths=(session,), handle=self._logout, is_public=True
            ),
            Route(
                name=f"{_IDENTITY}.APIValidateSessionMsg",
                method="GET",
                paths=(f"{session}/valid",),
                handle=self._valid,
                is_public=True,
            ),
            Route(name=_RENEW, method="PUT", paths=(f"{session}/renew",), handle=self._renew, body_key="renewSession"),
        ]

    def _logout(self, call: Call) -> Response:
        self._state.sessions.end(call.variables["sessionUuid"])
        return Response(200, b"{}")

    def _valid(self, call: Call) -> Response:
        return Response(200, encode({"valid": self._state.sessions.is_valid(call.variables["sessionUuid"])}))

    def _renew(self, call: Call) -> Response:
        duration = call.parameters.get("duration")
        if isinstance(duration, bool) or not isinstance(duration, int) or duration not in _DURATION_S:
            text = f"field[duration] of message[{_RENEW}] must be in the range of [60, 31536000]"
            raise ApiErrorResponse(errors.invalid_argument(text))
        uuid = call.variables["sessionUuid"]

        def finish() -> Result:
            try:
                self._state.sessions.renew(uuid, duration)
            except ApiErrorResponse as refusal:
                return refusal.error
            # The other fields of the real answer are unknown.
            return {}

        return accept_job(self._state.jobs, call, finish, requested_job_uuid(self._state.jobs, call))


_LOGIN_PREFIX = "org.zstack.header.identity"
_IAM2 = "org.zstack.iam2.api"
BY_ACCOUNT = f"{_LOGIN_PREFIX}.APILogInByAccountMsg"
_BY_USER = f"{_LOGIN_PREFIX}.APILogInByUserMsg"
_UNIFIED = f"{_LOGIN_PREFIX}.login.APILogInMsg"
_BY_VIRTUAL_ID = f"{_IAM2}.APILoginIAM2VirtualIDMsg"
_BY_VIRTUAL_ID_WITH_LDAP = f"{_IAM2}.APILoginIAM2VirtualIDWithLdapMsg"
_BY_LDAP = "org.zstack.ldap.APILogInByLdapMsg"
_PROJECT = f"{_IAM2}.APILoginIAM2ProjectMsg"
_PLATFORM = f"{_IAM2}.APILoginIAM2PlatformMsg"


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal that can log in."""

    name: str
    uuid: str
    is_plain: bool = False
    """Whether the password is sent in plain text."""


class LoginApis:
    """Login APIs. Logins to an IAM2 project or the platform need the session of a virtual ID."""

    def __init__(self, state: NodeState) -> None:
        self._state = state
        settings = state.settings
        self.account = Principal(settings.account, ADMIN_ACCOUNT_UUID)
        self._user = Principal(settings.user, _uuid_of(settings.user))
        self._virtual_id = Principal(settings.virtual_id, _uuid_of(settings.virtual_id))
        self._ldap = Principal(settings.ldap_uid, _uuid_of(settings.ldap_uid), is_plain=True)

    def apis(self) -> list[Route]:
        """Return the APIs."""
        return [
            _public(BY_ACCOUNT, "/accounts/login", "logInByAccount", self._by("accountName", BY_ACCOUNT, self.account)),
            _public(_BY_USER, "/accounts/users/login", "logInByUser", self._by_user),
            _public(_UNIFIED, "/login", "logIn", self._unified),
            _public(
                _BY_VIRTUAL_ID,
                "/iam2/virtual-ids/login",
                "loginIAM2VirtualID",
                self._by("name", _BY_VIRTUAL_ID, self._virtual_id),
            ),
            _public(
                _BY_VIRTUAL_ID_WITH_LDAP,
                "/iam2/login/virtual-ids/ldap",
                "loginIAM2VirtualIDWithLdap",
                self._by("uid", _BY_VIRTUAL_ID_WITH_LDAP, self._ldap),
            ),
            _public(_BY_LDAP, "/ldap/login", "logInByLdap", self._by("uid", _BY_LDAP, self._ldap)),
            Route(
                name=_PROJECT,
                method="PUT",
                paths=("/iam2/projects/login",),
                handle=self._project,
                body_key="loginIAM2Project",
            ),
            Route(
                name=_PLATFORM,
                method="PUT",
                paths=("/iam2/platform/login",),
                handle=self._platform,
                body_key="loginIAM2Platform",
            ),
        ]

    def _by(self, field: str, message: str, person: Principal) -> Callable[[Call], Response]:
        def handle(call: Call) -> Response:
            name = str(call.parameters.get(field, ""))
            now, client = self._state.server_time(), call.request.client
            try:
                inventory = self._log_in(message, field, call.parameters, person, call.body.get("systemTags"))
            except ApiErrorResponse as refusal:
                self._state.audit.record_login(message, now, name, client=client, error=refusal.error)
                raise
            self._state.audit.record_login(message, now, name, client=client)
            return Response(200, encode({"inventory": inventory}))

        return handle

    def _log_in(self, message: str, field: str, parameters: Body, person: Principal, tags: object) -> dict[str, object]:
        """Return the inventory of a new session of the principal whose name is in `field`.

        Raises ApiErrorResponse: SYS.1007 for a missing parameter, ID.1000 for wrong credentials, ID.1006 for too many
        sessions, LOGIN_CONTROL.* when the login control refuses.
        """
        name, password = (_mandatory(message, parameters, key) for key in (field, "password"))
        control = self._state.login_control
        control.check_allowed(name, has_captcha=bool(parameters.get("captchaUuid") and parameters.get("verifyCode")))
        expected = self._state.settings.password
        if not person.is_plain:
            expected = sha512(expected.encode()).hexdigest()
        if name != person.name or not compare_digest(expected.encode(), password.encode(errors="replace")):
            control.record_failure(name)
            raise ApiErrorResponse(errors.wrong_credentials())
        control.record_success(name)
        control.check_second_factor(name, tags)
        unique = self._state.faults.is_on(FaultKind.UNIQUE_SESSION)
        return self._inventory(self._state.sessions.open(person.uuid, unique=unique), ADMIN_ACCOUNT_UUID)

    def _by_user(self, call: Call) -> Response:
        account = call.parameters.get("accountUuid"), call.parameters.get("accountName")
        if account not in (
            (self.account.uuid, None),
            (None, self.account.name),
            (self.account.uuid, self.account.name),
        ):
            raise ApiErrorResponse(errors.wrong_credentials())
        return self._by("userName", _BY_USER, self._user)(call)

    def _unified(self, call: Call) -> Response:
        kinds = {"account": self.account, "iam2": self._virtual_id, "ldap": self._ldap}
        kind = call.parameters.get("loginType", "account")
        person = kinds.get(kind) if isinstance(kind, str) else None
        if person is None:
            raise ApiErrorResponse(errors.invalid_argument(f"unsupported loginType[{kind}]"))
        return self._by("username", _UNIFIED, person)(call)

    def _project(self, call: Call) -> Response:
        name = _mandatory(_PROJECT, call.parameters, "projectName")
        session = self._session_of_virtual_id(call, _PROJECT)
        if name != self._state.settings.project:
            raise ApiErrorResponse(errors.not_found("IAM2ProjectVO", name))
        return self._open_second_session(session, _uuid_of(f"project {name}"))

    def _platform(self, call: Call) -> Response:
        return self._open_second_session(self._session_of_virtual_id(call, _PLATFORM), ADMIN_ACCOUNT_UUID)

    def _session_of_virtual_id(self, call: Call, message: str) -> Session:
        """Return the caller's session.

        Raises ApiErrorResponse without a session, as with an access key, and for the session of another user.
        """
        header = call.request.headers.get("authorization", "").strip()
        session = self._state.sessions.renew(header.removeprefix("OAuth").strip())
        if session.owner not in (self._virtual_id.uuid, self._ldap.uuid):
            raise ApiErrorResponse(errors.denied(message))
        return session

    def _open_second_session(self, session: Session, account: str) -> Response:
        new = self._state.sessions.open(session.owner)
        return Response(200, encode({"inventory": self._inventory(new, account)}))

    def _inventory(self, session: Session, account: str) -> dict[str, object]:
        return in_hash_order(
            {
                "uuid": session.uuid,
                "accountUuid": account,
                "userUuid": session.owner,
                "expiredDate": self._state.date(session.expires_at),
                "createDate": self._state.date(session.created_at),
                "noSessionEvaluation": False,
            }
        )


def _public(name: str, path: str, body_key: str, handle: Callable[[Call], Response]) -> Route:
    return Route(name=name, method="PUT", paths=(path,), handle=handle, body_key=body_key, is_public=True)


def _mandatory(message: str, parameters: Body, name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value:
        raise ApiErrorResponse(
            errors.invalid_argument(f"field[{name}] of message[{message}] is mandatory, can not be null")
        )
    return value


def _uuid_of(name: str) -> str:
    """Return a UUID that is the same on every node, like the administrator's."""
    return uuid5(NAMESPACE_OID, name).hex
