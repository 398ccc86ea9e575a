"""Polling from the keyboard: refresh, another interval, a password or code that the node asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cdptui.models.failure import CredentialPrompt, Failure
from cdptui.monitor.schedule import next_longer_interval, next_shorter_interval
from cdptui.monitor.update import Update
from cdptui.tui.notices import NoticeKind

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection


class PollingView(Protocol):
    """What the controller needs of the screen that holds it."""

    @property
    def is_current(self) -> bool:
        """Whether no dialog is open over the screen."""
        ...

    def show_notice(self, notice: str, kind: NoticeKind = NoticeKind.ANSWER) -> None:
        """Show a message for a few seconds."""
        ...

    def prompt_for(self, prompt: CredentialPrompt, reason: str, submit: Callable[[str | None], None]) -> None:
        """Ask the user for a credential; call `submit` with it, or with None if the user cancels."""
        ...

    def request_retry(self) -> None:
        """Connect again, if there is no connection."""
        ...

    def refresh_details(self) -> None:
        """Fetch what the detail pane shows, even if it is cached."""
        ...


class PollingController:
    """Passes commands about polling to the connection, once there is one."""

    def __init__(self, view: PollingView) -> None:
        self._view = view
        self._connection: NodeConnection | None = None
        self._failure: Failure | None = None

    def set_connection(self, connection: NodeConnection) -> None:
        """Use this connection from now on."""
        self._connection = connection

    def on_update(self, update: Update) -> None:
        """Ask for a password that no setting provides, once, when its absence is first reported."""
        before, self._failure = self._failure, update.failure
        failure = update.failure
        is_new = before is None or failure is None or before.kind is not failure.kind
        if (
            failure is not None
            and failure.credential_prompt is CredentialPrompt.FIRST_PASSWORD
            and is_new
            and self._view.is_current
        ):
            self.refresh()

    def refresh(self) -> None:
        """Poll now; after a refused login, ask for the credential first."""
        failure = self._failure
        prompt = failure.credential_prompt if failure is not None else None
        if failure is not None and prompt is not None:
            reason = failure.detail if prompt is CredentialPrompt.FIRST_PASSWORD else ""
            self._view.prompt_for(prompt, reason, partial(self._submit, prompt))
            return
        self._view.request_retry()
        if self._connection is not None:
            self._connection.monitor.refresh()
            self._view.refresh_details()
            self._view.show_notice("Refreshing", NoticeKind.PROGRESS)

    def slow_down(self) -> None:
        """Poll at the next longer interval."""
        self._change_interval(next_longer_interval, "Polling every {interval_s:g} s, the longest interval")

    def speed_up(self) -> None:
        """Poll at the next shorter interval."""
        self._change_interval(next_shorter_interval, "Polling every {interval_s:g} s, the shortest interval")

    def _submit(self, prompt: CredentialPrompt, secret: str | None) -> None:
        if secret and self._connection is not None:
            use = self._connection.use_code if prompt is CredentialPrompt.OTP else self._connection.use_password
            use(secret)
            self._view.show_notice("Logging in", NoticeKind.PROGRESS)

    def _change_interval(self, step: Callable[[float], float], at_limit: str) -> None:
        if self._connection is None:
            return
        before_s = self._connection.monitor.interval_s
        interval_s = step(before_s)
        self._connection.monitor.set_interval(interval_s)
        template = at_limit if interval_s == before_s else "Polling every {interval_s:g} s"
        self._view.show_notice(template.format(interval_s=interval_s))
