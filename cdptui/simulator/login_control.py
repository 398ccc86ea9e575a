"""What stands between right credentials and a session: too many failures before, and the second factor.

Both are off unless the settings say otherwise. Where a captcha comes from is not simulated, since the vendor's page of
it is not known: one that is demanded cannot be solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cdptui.simulator import errors
from cdptui.simulator.exchange import ApiRefusal
from cdptui.simulator.settings import SimulatorSettings

MAX_FAILURES = 6
"""So many failed logins of one name are answered as such; what follows is the login control's."""
_LOCKED_S = 600.0
_TOKEN_TAG = "twofatoken::"  # noqa: S105 - the name of a tag


@dataclass(slots=True)
class _Record:
    failures: int = 0
    locked_until: float = 0.0


class LoginControl:
    """Counts failed logins by name. Times are epoch seconds."""

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._records: dict[str, _Record] = {}

    def admit(self, name: str, *, has_captcha: bool) -> None:
        """Before the credentials are looked at. Raises ApiRefusal LOGIN_CONTROL.1002, .1003 or .1005."""
        record = self._records.get(name)
        if self._settings.login_control == "off" or record is None or record.failures < MAX_FAILURES:
            return
        if self._settings.login_control == "captcha":
            raise ApiRefusal(errors.of_code("LOGIN_CONTROL.1003" if has_captcha else "LOGIN_CONTROL.1005"))
        left_s = record.locked_until - self._now()
        if left_s > 0:
            raise ApiRefusal(errors.locked(math.ceil(left_s)))
        del self._records[name]

    def failed(self, name: str) -> None:
        """The credentials were wrong."""
        record = self._records.setdefault(name, _Record())
        record.failures += 1
        record.locked_until = self._now() + _LOCKED_S

    def passed(self, name: str) -> None:
        """The credentials were right: the count begins again."""
        self._records.pop(name, None)

    def check_second_factor(self, name: str, system_tags: object) -> None:
        """After the credentials. Raises ApiRefusal ID.2001 without a code, ID.2002 with a wrong one."""
        wanted = self._settings.two_factor_code
        if wanted is None:
            return
        tags = system_tags if isinstance(system_tags, list) else []
        codes = [str(tag).removeprefix(_TOKEN_TAG) for tag in tags if str(tag).startswith(_TOKEN_TAG)]
        if not codes:
            raise ApiRefusal(errors.second_factor(name))
        if wanted not in codes:
            raise ApiRefusal(errors.of_code("ID.2002"))
