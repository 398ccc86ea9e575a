"""Asking after a session, renewing it, logging out; the logins are in `logins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdptui.simulator import errors
from cdptui.simulator.apis.accepting import accepted, wanted_uuid
from cdptui.simulator.exchange import ApiRefusal, Reply
from cdptui.simulator.jobs import Result
from cdptui.simulator.routing import Api, Call
from cdptui.simulator.wire import encode

if TYPE_CHECKING:
    from cdptui.simulator.node import ManagementNode

_IDENTITY = "org.zstack.header.identity"
_RENEW = f"{_IDENTITY}.APIRenewSessionMsg"
_DURATION_S = range(60, 31_536_001)


class Accounts:
    """The APIs around sessions. All but renewing are open: they need no session of their own."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node

    def apis(self) -> list[Api]:
        """What is on offer."""
        session = "/accounts/sessions/{sessionUuid}"
        return [
            Api(name=f"{_IDENTITY}.APILogOutMsg", method="DELETE", paths=(session,), handle=self._logout, is_open=True),
            Api(
                name=f"{_IDENTITY}.APIValidateSessionMsg",
                method="GET",
                paths=(f"{session}/valid",),
                handle=self._valid,
                is_open=True,
            ),
            Api(name=_RENEW, method="PUT", paths=(f"{session}/renew",), handle=self._renew, word="renewSession"),
        ]

    def _logout(self, call: Call) -> Reply:
        self._node.sessions.close(call.variables["sessionUuid"])
        return Reply(200, b"{}")

    def _valid(self, call: Call) -> Reply:
        return Reply(200, encode({"valid": self._node.sessions.is_valid(call.variables["sessionUuid"])}))

    def _renew(self, call: Call) -> Reply:
        duration = call.parameters.get("duration")
        if isinstance(duration, bool) or not isinstance(duration, int) or duration not in _DURATION_S:
            text = f"field[duration] of message[{_RENEW}] must be in the range of [60, 31536000]"
            raise ApiRefusal(errors.invalid_argument(text))
        uuid = call.variables["sessionUuid"]

        def finish() -> Result:
            try:
                self._node.sessions.renew(uuid, duration)
            except ApiRefusal as refusal:
                return refusal.error
            # What else the real answer holds is not known.
            return {}

        return accepted(self._node, call, finish, wanted_uuid(self._node, call))
