"""Logging in, asking after a session, logging out."""

from __future__ import annotations

from hashlib import sha512
from hmac import compare_digest
from typing import TYPE_CHECKING

from cdptui.simulator import errors
from cdptui.simulator.exchange import ApiRefusal, Reply
from cdptui.simulator.faults import FaultKind
from cdptui.simulator.routing import Api, Body, Call
from cdptui.simulator.sessions import ADMIN_ACCOUNT_UUID
from cdptui.simulator.wire import encode, in_hash_order

if TYPE_CHECKING:
    from cdptui.simulator.node import ManagementNode

_IDENTITY = "org.zstack.header.identity"


class Accounts:
    """The APIs around sessions. All are open: they need no session of their own."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node

    def apis(self) -> list[Api]:
        """What is on offer."""
        session = "/accounts/sessions/{sessionUuid}"
        return [
            Api(
                name=f"{_IDENTITY}.APILogInByAccountMsg",
                method="PUT",
                paths=("/accounts/login",),
                handle=lambda call: self._login(call.parameters, "accountName"),
                word="logInByAccount",
                is_open=True,
            ),
            Api(
                name=f"{_IDENTITY}.login.APILogInMsg",
                method="PUT",
                paths=("/login",),
                handle=self._login_unified,
                word="logIn",
                is_open=True,
            ),
            Api(name=f"{_IDENTITY}.APILogOutMsg", method="DELETE", paths=(session,), handle=self._logout, is_open=True),
            Api(
                name=f"{_IDENTITY}.APIValidateSessionMsg",
                method="GET",
                paths=(f"{session}/valid",),
                handle=self._valid,
                is_open=True,
            ),
        ]

    def log_in(self, account: object, password: object) -> dict[str, object]:
        """The inventory of a new session. Passwords come as the hexadecimal SHA-512 of their UTF-8, never plain.

        Raises ApiRefusal: SYS.1007 for a missing parameter, ID.1000 for wrong ones, ID.1006 for too many sessions.
        """
        for name, value in (("accountName", account), ("password", password)):
            if not isinstance(value, str) or not value:
                text = f"field[{name}] of message[{_IDENTITY}.APILogInByAccountMsg] is mandatory, can not be null"
                raise ApiRefusal(errors.invalid_argument(text))
        settings = self._node.settings
        wanted = sha512(settings.password.encode()).hexdigest()
        if account != settings.account or not compare_digest(wanted.encode(), str(password).encode()):
            raise ApiRefusal(errors.wrong_credentials())
        session = self._node.sessions.open(unique=self._node.faults.is_on(FaultKind.UNIQUE_SESSION))
        return in_hash_order(
            {
                "uuid": session.uuid,
                "accountUuid": ADMIN_ACCOUNT_UUID,
                "userUuid": ADMIN_ACCOUNT_UUID,
                "expiredDate": self._node.date(session.expires_at),
                "createDate": self._node.date(session.created_at),
                "noSessionEvaluation": False,
            }
        )

    def _login(self, parameters: Body, account: str) -> Reply:
        inventory = self.log_in(parameters.get(account), parameters.get("password"))
        return Reply(200, encode({"inventory": inventory}))

    def _login_unified(self, call: Call) -> Reply:
        if call.parameters.get("loginType", "account") != "account":
            raise ApiRefusal(errors.invalid_argument(f"unsupported loginType[{call.parameters.get('loginType')}]"))
        return self._login(call.parameters, "username")

    def _logout(self, call: Call) -> Reply:
        self._node.sessions.close(call.variables["sessionUuid"])
        return Reply(200, b"{}")

    def _valid(self, call: Call) -> Reply:
        return Reply(200, encode({"valid": self._node.sessions.is_valid(call.variables["sessionUuid"])}))
