"""The management node itself: all its state, and what it answers. It survives restarts of the server in front of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from cdptui.simulator import errors
from cdptui.simulator.apis.accounts import Accounts, LoginApis
from cdptui.simulator.apis.management import Management
from cdptui.simulator.apis.metrics import Metrics
from cdptui.simulator.apis.queries import Queries
from cdptui.simulator.apis.recovery_points import RecoveryPointApis
from cdptui.simulator.apis.task_operations import TaskOperations
from cdptui.simulator.authentication import authenticate
from cdptui.simulator.faults.rules import FaultRules
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Request, Response
from cdptui.simulator.inventories import Inventories
from cdptui.simulator.java_json import java_date
from cdptui.simulator.jobs import Jobs
from cdptui.simulator.message_rpc import MessageRpc
from cdptui.simulator.request_log import RequestLog
from cdptui.simulator.routing import Route, Router
from cdptui.simulator.sessions import LoginControl, Sessions
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.task_inventory import TaskInventory
from cdptui.simulator.world.world import World


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
        self.faults = FaultRules()
        self.journal = RequestLog()
        self.task_table = TaskInventory(self.world, self.zone, settings.dialect)
        self.inventories = Inventories(self.world, self.zone, settings.dialect)
        self.login_control = LoginControl(settings, now)
        logins, queries = LoginApis(self), Queries(self)
        rooms = (
            queries,
            logins,
            Accounts(self),
            TaskOperations(self),
            Management(self),
            RecoveryPointApis(self),
            Metrics(self),
        )
        self.router = Router([api for room in rooms for api in room.apis()])
        self._rpc = MessageRpc(self, logins, queries)

    def server_time(self) -> float:
        """What the node believes the time is: the wall clock, and a fault's skew."""
        return self._now() + self.faults.skew_s

    def date(self, moment: float) -> str:
        """A moment as the node writes it."""
        return java_date(moment, self.zone, java9=self.settings.dialect.java9_dates)

    def answer(self, request: Request) -> Response:
        """Answer a request under `/zstack`: refusals are answers too."""
        with self.world.lock:
            self.world.advance()
            self.jobs.finish_due()
            try:
                if request.path.startswith("/zstack/api/"):
                    return self._rpc.answer(request)
                api, call = self.router.find(request)
                self._note_ignored(api, request)
                if not api.is_public and not authenticate(request, self.sessions, self.settings, self.server_time()):
                    return self.error_response(errors.denied(api.name), request)
                return api.handle(call)
            except PlainTextError as refusal:
                return Response(refusal.status, refusal.text.encode())
            except ApiErrorResponse as refusal:
                return self.error_response(refusal.error, request)

    def error_response(self, error: errors.ErrorCode, request: Request) -> Response:
        """The 503 of a business error."""
        language = request.headers.get("accept-language", "")
        return Response(503, errors.body(error, self.settings.dialect, accept_language=language))

    def permission_denied(self, request: Request) -> Response:
        """The refusal that a normal account without the right gets."""
        try:
            api, _ = self.router.find(request)
        except PlainTextError as refusal:
            return Response(refusal.status, refusal.text.encode())
        return self.error_response(errors.denied(api.name), request)

    def _note_ignored(self, api: Route, request: Request) -> None:
        names = set(request.params) - api.parameters
        if names:
            self.journal.ignore(request.path, names)
