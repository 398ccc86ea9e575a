"""Commands about polling, without a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cdptui.api.errors import ApiError
from cdptui.models.failure import CredentialPrompt, Failure, FailureKind
from cdptui.monitor.connection import NodeConnection
from cdptui.monitor.update import Update
from cdptui.tui.controllers.polling import PollingController
from cdptui.tui.notices import NoticeKind
from tests.doubles import FakeClock, ScriptedNode


class View:
    """A screen that records the calls of the controller."""

    def __init__(self) -> None:
        self.is_current = True
        self.notices: list[str] = []
        self.prompts: list[tuple[CredentialPrompt, str]] = []
        self.submit: Callable[[str | None], None] = lambda _: None
        self.retries = self.refreshes = 0

    def show_notice(self, notice: str, kind: NoticeKind = NoticeKind.ANSWER) -> None:
        self.notices.append(notice)

    def prompt_for(self, prompt: CredentialPrompt, reason: str, submit: Callable[[str | None], None]) -> None:
        self.prompts.append((prompt, reason))
        self.submit = submit

    def request_retry(self) -> None:
        self.retries += 1

    def refresh_details(self) -> None:
        self.refreshes += 1


def a_controller(*, interval_s: float = 10.0) -> tuple[PollingController, View, NodeConnection]:
    view = View()
    connection = NodeConnection.create(ScriptedNode([]), FakeClock(), interval_s, (ApiError,))
    controller = PollingController(view)
    controller.set_connection(connection)
    return controller, view, connection


def failed(kind: FailureKind, detail: str = "") -> Update:
    return Update(snapshot=None, interval_s=10.0, failure=Failure(kind, detail, ""))


def test_refresh_polls_and_fetches_the_details_again() -> None:
    controller, view, _ = a_controller()
    controller.refresh()
    assert (view.retries, view.refreshes, view.notices) == (1, 1, ["Refreshing"])


def test_refresh_without_a_connection_only_asks_to_connect() -> None:
    view = View()
    PollingController(view).refresh()
    assert (view.retries, view.refreshes, view.notices) == (1, 0, [])


@pytest.mark.parametrize(
    "kind",
    [kind for kind in FailureKind if Failure(kind, "", "").credential_prompt is not None],
    ids=lambda kind: kind.value,
)
def test_refresh_after_a_refused_login_asks_for_the_credential(kind: FailureKind) -> None:
    controller, view, _ = a_controller()
    view.is_current = False
    controller.on_update(failed(kind))
    controller.refresh()
    assert [prompt for prompt, _ in view.prompts] == [Failure(kind, "", "").credential_prompt]
    assert view.retries == 0


def test_missing_password_is_asked_for_once() -> None:
    kinds = [kind for kind in FailureKind if Failure(kind, "", "").credential_prompt is CredentialPrompt.FIRST_PASSWORD]
    assert kinds
    controller, view, _ = a_controller()
    controller.on_update(failed(kinds[0], "no password"))
    controller.on_update(failed(kinds[0], "no password"))
    assert view.prompts == [(CredentialPrompt.FIRST_PASSWORD, "no password")]


def test_cancelled_prompt_does_not_log_in() -> None:
    controller, view, _ = a_controller()
    controller.on_update(
        failed(next(kind for kind in FailureKind if Failure(kind, "", "").credential_prompt is not None))
    )
    if not view.prompts:
        controller.refresh()
    view.submit(None)
    assert view.notices == []
    view.submit("secret")
    assert view.notices == ["Logging in"]


def test_interval_changes_by_steps_up_to_its_limits() -> None:
    controller, view, connection = a_controller(interval_s=10.0)
    controller.slow_down()
    longer_s = connection.monitor.interval_s
    assert longer_s > 10.0
    assert view.notices == [f"Polling every {longer_s:g} s"]
    for _ in range(30):
        controller.slow_down()
    assert view.notices[-1].endswith("the longest interval")
    for _ in range(60):
        controller.speed_up()
    assert view.notices[-1] == f"Polling every {connection.monitor.interval_s:g} s, the shortest interval"
