"""The simulated management node: finds the API for a request and answers it."""

from __future__ import annotations

import time
from collections.abc import Callable

from cdptui.simulator import errors
from cdptui.simulator.apis.accounts import Accounts, LoginApis
from cdptui.simulator.apis.long_jobs import LongJobProgress
from cdptui.simulator.apis.management import Management
from cdptui.simulator.apis.metrics import Metrics
from cdptui.simulator.apis.queries import Queries
from cdptui.simulator.apis.recovery_points import RecoveryPointApis
from cdptui.simulator.apis.task_operations import TaskOperations
from cdptui.simulator.apis.zwatch import Histories
from cdptui.simulator.authentication import authenticate
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Request, Response
from cdptui.simulator.jobs import Job
from cdptui.simulator.message_rpc import MessageRpc
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.routing import Route, Router
from cdptui.simulator.settings import SimulatorSettings


class ManagementNode:
    """Dispatches requests to the APIs. `now` is the wall clock, in epoch seconds."""

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float] = time.time) -> None:
        state = self.state = NodeState(settings, now)
        self.settings, self.zone = settings, state.zone
        self.world, self.sessions, self.jobs = state.world, state.sessions, state.jobs
        self.faults, self.journal = state.faults, state.journal
        self.task_table, self.inventories = state.task_table, state.inventories
        queries = Queries(state)
        apis = (
            queries,
            LoginApis(state),
            Accounts(state),
            TaskOperations(state),
            Management(state),
            RecoveryPointApis(state),
            Metrics(state),
            Histories(state),
            LongJobProgress(state),
        )
        self.router = Router([route for api in apis for route in api.apis()])
        state.supported_messages = [route.message for route in self.router.apis if route.name != "api-jobs"]
        self._rpc = MessageRpc(state, self.router.apis, queries)

    def answer(self, request: Request) -> Response:
        """Answer a request under `/zstack`; errors are responses too."""
        with self.world.lock:
            self.world.advance()
            self.jobs.finish_due()
            try:
                if request.path.startswith("/zstack/api/"):
                    return self._rpc.answer(request)
                api, call = self.router.find(request)
                self._note_ignored(api, request)
                if not api.is_public and not authenticate(
                    request, self.sessions, self.settings, self.state.server_time()
                ):
                    return self.error_response(errors.denied(api.name), request)
                return api.handle(call)
            except PlainTextError as refusal:
                return Response(refusal.status, refusal.text.encode())
            except ApiErrorResponse as refusal:
                return self.error_response(refusal.error, request)

    def seconds_until_finished(self, job: Job) -> float | None:
        """Finish the jobs that are due, and return the seconds that this one still takes; None if it is finished."""
        with self.world.lock:
            self.world.advance()
            self.jobs.finish_due()
            return self.jobs.seconds_left(job)

    def error_response(self, error: errors.ErrorCode, request: Request) -> Response:
        """Return the 503 of a business error."""
        language = request.headers.get("accept-language", "")
        return Response(503, errors.body(error, self.settings.dialect, accept_language=language))

    def permission_denied(self, request: Request) -> Response:
        """Return the permission error that a normal account gets."""
        try:
            api, _ = self.router.find(request)
        except PlainTextError as refusal:
            return Response(refusal.status, refusal.text.encode())
        return self.error_response(errors.denied(api.name), request)

    def _note_ignored(self, api: Route, request: Request) -> None:
        names = set(request.params) - api.parameters
        if names:
            self.journal.ignore(request.path, names)
