"""What is wished of the monitor: to poll now, more often, less often, with another password."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cdptui.models.failure import CredentialPrompt, Failure
from cdptui.monitor.schedule import next_longer_interval, next_shorter_interval
from cdptui.monitor.update import Update
from cdptui.tui.messages import RetryRequested
from cdptui.tui.target import Target

if TYPE_CHECKING:
    from textual.screen import Screen

    from cdptui.monitor.connection import NodeConnection

    _Part = Screen[None]
else:
    # Part of a screen, not one of its own: each class that Textual knows costs a millisecond before the first frame.
    _Part = object


class PollWishes(_Part):
    """A screen that passes wishes to one monitor, as soon as there is one."""

    _link: NodeConnection | None
    _update: Update
    _target: Target

    @abstractmethod
    def show_notice(self, notice: str) -> None:
        """Tell something for a few seconds."""

    @abstractmethod
    def look(self, *, is_anew: bool = False) -> None:
        """Ask for what is shown beside the list; `is_anew` even for what is there already."""

    def action_refresh(self) -> None:
        """Poll now; a refused login needs the person's password or code first."""
        failure = self._update.failure
        wanted = failure.credential_prompt if failure is not None else None
        if failure is not None and wanted is not None:
            from cdptui.tui.screens.login_prompt import LoginPrompt  # noqa: PLC0415 - not needed for the first frame

            reason = failure.detail if wanted is CredentialPrompt.FIRST_PASSWORD else ""
            screen = LoginPrompt(wanted, self._target.account, self._target.node, reason)
            self.app.push_screen(screen, partial(self._submit_secret, wanted))
            return
        self.post_message(RetryRequested())
        if self._link is not None:
            self._link.monitor.refresh()
            self.look(is_anew=True)
            self.show_notice("refreshing")

    def prompt_if_missing(self, before: Failure | None) -> None:
        """Ask for a password that nothing gave, once, when that turns out; `before` is what was wrong until now."""
        failure = self._update.failure
        is_news = before is None or failure is None or before.kind is not failure.kind
        if (
            failure is not None
            and failure.credential_prompt is CredentialPrompt.FIRST_PASSWORD
            and is_news
            and self.is_current
        ):
            self.action_refresh()

    def action_slower(self) -> None:
        """A longer interval."""
        self._change_interval(next_longer_interval)

    def action_faster(self) -> None:
        """A shorter interval."""
        self._change_interval(next_shorter_interval)

    def _submit_secret(self, wanted: CredentialPrompt, secret: str | None) -> None:
        if secret and self._link is not None:
            use = self._link.use_code if wanted is CredentialPrompt.OTP else self._link.use_password
            use(secret)
            self.show_notice("logging in")

    def _change_interval(self, step: Callable[[float], float]) -> None:
        if self._link is not None:
            before_s = self._link.monitor.interval_s
            interval_s = step(before_s)
            self._link.monitor.set_interval(interval_s)
            is_end = (
                f", the {'longest' if step is next_longer_interval else 'shortest'} there is"
                if interval_s == before_s
                else ""
            )
            self.show_notice(f"polling every {interval_s:g} s{is_end}")
