"""The management node itself: all its state, and what it answers. It survives restarts of the server in front of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from cdptui.simulator import errors
from cdptui.simulator.apis.accounts import Accounts
from cdptui.simulator.apis.logins import Logins
from cdptui.simulator.apis.management import Management
from cdptui.simulator.apis.metrics import Metrics
from cdptui.simulator.apis.operations import Operations
from cdptui.simulator.apis.queries import Queries
from cdptui.simulator.apis.recovery import Recovery
from cdptui.simulator.authentication import authenticate
from cdptui.simulator.exchange import ApiRefusal, Reply, Request, TextRefusal
from cdptui.simulator.faults import Faults
from cdptui.simulator.inventories import Inventories
from cdptui.simulator.jobs import Jobs
from cdptui.simulator.journal import Journal
from cdptui.simulator.login_control import LoginControl
from cdptui.simulator.routing import Api, Router
from cdptui.simulator.rpc import MessageRpc
from cdptui.simulator.sessions import Sessions
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.tasks import TaskTable
from cdptui.simulator.wire import java_date
from cdptui.simulator.world.fleet import World


class ManagementNode:
    """World, sessions, jobs, faults, journal. `now` is the wall clock, in epoch seconds."""

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.zone)
        self.started_at = now()
        self._now = now
        self.world = World(settings, now)
        self.sessions = Sessions(settings.session_timeout_s, now, unique=settings.dialect.unique_session)
        self.jobs = Jobs(now)
        self.faults = Faults()
        self.journal = Journal()
        self.task_table = TaskTable(self.world, self.zone, settings.dialect)
        self.inventories = Inventories(self.world, self.zone, settings.dialect)
        self.login_control = LoginControl(settings, now)
        logins, queries = Logins(self), Queries(self)
        rooms = (queries, logins, Accounts(self), Operations(self), Management(self), Recovery(self), Metrics(self))
        self.router = Router([api for room in rooms for api in room.apis()])
        self._rpc = MessageRpc(self, logins, queries)

    def wall(self) -> float:
        """What the node believes the time is: the wall clock, and a fault's skew."""
        return self._now() + self.faults.skew_s

    def date(self, moment: float) -> str:
        """A moment as the node writes it."""
        return java_date(moment, self.zone, java9=self.settings.dialect.java9_dates)

    def answer(self, request: Request) -> Reply:
        """Answer a request under `/zstack`: refusals are answers too."""
        with self.world.lock:
            self.world.advance()
            self.jobs.settle()
            try:
                if request.path.startswith("/zstack/api/"):
                    return self._rpc.answer(request)
                api, call = self.router.find(request)
                self._note_ignored(api, request)
                if not api.is_open and not authenticate(request, self.sessions, self.settings, self.wall()):
                    return self.refuse(errors.denied(api.name), request)
                return api.handle(call)
            except TextRefusal as refusal:
                return Reply(refusal.status, refusal.text.encode())
            except ApiRefusal as refusal:
                return self.refuse(refusal.error, request)

    def refuse(self, error: errors.ErrorCode, request: Request) -> Reply:
        """The 503 of a business error."""
        language = request.headers.get("accept-language", "")
        return Reply(503, errors.body(error, self.settings.dialect, accept_language=language))

    def denial(self, request: Request) -> Reply:
        """The refusal that a normal account without the right gets."""
        try:
            api, _ = self.router.find(request)
        except TextRefusal as refusal:
            return Reply(refusal.status, refusal.text.encode())
        return self.refuse(errors.denied(api.name), request)

    def _note_ignored(self, api: Api, request: Request) -> None:
        names = set(request.params) - api.parameters
        if names:
            self.journal.ignore(request.path, names)
