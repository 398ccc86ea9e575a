"""The time machine: which moment of the recording is shown in place of the present."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, Protocol

from cdptui.clock import Clock
from cdptui.models.severity import Severity
from cdptui.models.trend import HOUR_MS, Timeline
from cdptui.monitor.update import Update
from cdptui.render.past import PastState, Ruler
from cdptui.tui.controllers.latest_reading import RunWorker

if TYPE_CHECKING:
    from cdptui.monitor.past_view import PastView
    from cdptui.monitor.replay import PastFleet
    from cdptui.monitor.time_machine import TimeMachine

SPEEDS: Final = (0, 1, 10, 60)
"""How many times as fast as it was the recording plays; 0 stops it."""

PLAY_S: Final = 0.5
"""Seconds between two moments while it plays."""

_REFRESH_S: Final = 30.0
"""Seconds after which the end of the ruler is read again."""

_NOT_RECORDED: Final = "Nothing is recorded (--no-record), so there is nothing to look back at"
_NOTHING_YET: Final = "Nothing is recorded yet"
_AT_END: Final = "This is the newest recorded poll"
_AT_START: Final = "This is the first recorded poll"
_NO_MORE_EVENTS: Final = {-1: "No event before this moment", 1: "No event after this moment"}
_NO_PRESENT: Final = "This is a recording, without its node; q quits"
_FAILED: Final = "The recording cannot be read: {error}"

_LIVE: Final = "Live: {name} {problem}{others}"
_OUTAGE: Final = "Live: {cause}"


Move = Callable[["TimeMachine", int], Awaitable["int | str"]]
"""Returns the moment to go to from another one, or why there is none."""


class PastSource(Protocol):
    """A recording: that of a node that is monitored, or one without its node."""

    def open_time_machine(self) -> TimeMachine | None:
        """Return what goes to any moment, to be closed after use; None without a recording."""
        ...

    def past_view(self, machine: TimeMachine, fleet: PastFleet, on_read: Callable[[], None]) -> PastView:
        """Return what the screen shows at a moment. `on_read` is called when a history was read for it."""
        ...


class PastHost(Protocol):
    """The screen, as the time machine sees it."""

    @property
    def present(self) -> Update:
        """The newest update."""
        ...

    def show_past(self, view: PastView, update: Update) -> None:
        """Show a moment in place of the present."""
        ...

    def show_present(self) -> None:
        """Show the newest update again."""
        ...

    def past_changed(self) -> None:
        """Draw what says which moment is shown."""
        ...

    def show_notice(self, notice: str) -> None:
        """Show a message for a few seconds."""
        ...


class TimeTravelController:
    """Goes to moments of the recording. Keys that come while a moment is read are all obeyed, then shown as one."""

    def __init__(
        self,
        host: PastHost,
        clock: Clock,
        zone: tzinfo | None,
        run: RunWorker,
        on_history_read: Callable[[], None],
        *,
        has_present: bool,
    ) -> None:
        """`run` starts a coroutine; `on_history_read` is called when the chart of a task was read.

        `has_present` is False for a recording without its node.
        """
        self._has_present = has_present
        self._host = host
        self._clock = clock
        self._zone = zone
        self._run = run
        self._on_history_read = on_history_read
        self._source: PastSource | None = None
        self._machine: TimeMachine | None = None
        self._timeline: Timeline | None = None
        self._timeline_at = 0.0
        self._fleet: PastFleet | None = None
        self._moment_ms = 0
        """The moment that was asked for; the shown poll is the last one before it."""
        self._moves: deque[Move] = deque()
        self._is_moving = False
        self._speed = 0
        self._played_at = 0.0
        self._critical: frozenset[str] = frozenset()
        """UUIDs of the tasks that are critical in the present."""
        self._is_failing = False

    @property
    def is_active(self) -> bool:
        """Whether a moment of the recording is shown, or is being read to be shown."""
        return self._machine is not None

    @property
    def is_playing(self) -> bool:
        """Whether the recording plays."""
        return self._speed > 0

    def set_source(self, source: PastSource) -> None:
        """Look back at this recording from now on."""
        self._source = source

    def state(self, node: str, label: str) -> PastState | None:
        """Return what the banner says; None while the present is shown."""
        fleet = self._fleet
        if fleet is None:
            return None
        gap = self._timeline.gap_at(self._moment_ms) if self._timeline is not None else None
        at, now = fleet.snapshot.taken_at, self._clock.now()
        return PastState(
            at, now, node, self._zone, gap, fleet.thinned, self._speed, label, has_present=self._has_present
        )

    def ruler(self) -> Ruler | None:
        """Return the time that is recorded; None while the present is shown."""
        timeline, fleet = self._timeline, self._fleet
        if timeline is None or fleet is None:
            return None
        return Ruler(timeline.first_ms, timeline.last_ms, timeline.gaps, timeline.marks, fleet.at_ms)

    # Commands

    def toggle(self) -> None:
        """Show the newest recorded poll, or the present again."""
        if self.is_active:
            self.leave()
        else:
            self.go_to(None)

    def go_to(self, moment_ms: int | None) -> None:
        """Go to a moment, in milliseconds since 1970; None is that of the newest poll."""

        async def move(machine: TimeMachine, before_ms: int) -> int | str:
            timeline = self._timeline
            if timeline is None or moment_ms is None:
                return before_ms
            return max(timeline.first_ms, min(moment_ms, timeline.last_ms))

        self._move(move)

    def move_poll(self, step: int) -> None:
        """Go to the next poll (1) or to the one before (-1)."""

        async def move(machine: TimeMachine, before_ms: int) -> int | str:
            if step > 0:
                return await machine.poll_after(before_ms) or _AT_END
            shown_ms = await machine.poll_before(before_ms + 1) or before_ms
            return await machine.poll_before(shown_ms) or _AT_START

        self._move(move)

    def move_event(self, step: int) -> None:
        """Go to the next event (1) or to the one before (-1)."""

        async def move(machine: TimeMachine, before_ms: int) -> int | str:
            read = machine.event_after if step > 0 else machine.event_before
            return await read(before_ms) or _NO_MORE_EVENTS[step]

        self._move(move)

    def move_hours(self, hours: int) -> None:
        """Go forward or back by some hours."""

        async def move(machine: TimeMachine, before_ms: int) -> int | str:
            timeline = self._timeline
            if timeline is None:
                return before_ms
            moment_ms = max(timeline.first_ms, min(before_ms + hours * HOUR_MS, timeline.last_ms))
            return moment_ms if moment_ms != before_ms else (_AT_END if hours > 0 else _AT_START)

        self._move(move)

    def toggle_play(self) -> None:
        """Play once, 10 times, 60 times as fast, then stop."""
        if not self.is_active:
            self.go_to(None)
        self.play(SPEEDS[(SPEEDS.index(self._speed) + 1) % len(SPEEDS)])

    def play(self, speed: int) -> None:
        """Play so many times as fast as it was; 0 stops."""
        self._speed = speed
        self._played_at = self._clock.monotonic()
        self._host.past_changed()

    def play_on(self) -> None:
        """Go to the moment that is due while the recording plays."""
        if not self.is_playing or self._is_moving or self._fleet is None or self._timeline is None:
            return
        now = self._clock.monotonic()
        moment_ms = self._moment_ms + round(1000 * self._speed * (now - self._played_at))
        if moment_ms >= self._timeline.last_ms:
            self._speed = 0
            self._host.show_notice(_AT_END)
        self._played_at = now
        if self._fleet.next_ms is None or moment_ms < self._fleet.next_ms:
            # Nothing was read yet at that moment.
            self._moment_ms = moment_ms
            return
        self.go_to(moment_ms)

    def leave(self) -> None:
        """Show the present again; a recording without its node has none."""
        if not self._has_present:
            self._host.show_notice(_NO_PRESENT)
            return
        self._close()

    def _close(self) -> None:
        machine, self._machine = self._machine, None
        self._moves.clear()
        self._fleet = self._timeline = None
        self._speed = 0
        if machine is not None:
            self._run(machine.aclose())
            self._host.show_present()

    def on_live_update(self, update: Update) -> None:
        """Report what becomes critical while a moment is shown."""
        if update.failure is not None:
            if not self._is_failing:
                from cdptui.render.failure_messages import failure_label

                self._host.show_notice(_OUTAGE.format(cause=failure_label(update.failure)))
            self._is_failing = True
            return
        self._is_failing = False
        before, self._critical = self._critical, _critical_tasks(update)
        new = [row for row in update.rows if row.task.uuid in self._critical - before]
        if new:
            from cdptui.render.problem_text import problem_phrase

            reasons = new[0].reasons
            problem = problem_phrase(reasons[0].kind) if reasons else new[0].task.status
            others = f" and {len(new) - 1} more" if len(new) > 1 else ""
            self._host.show_notice(_LIVE.format(name=new[0].task.name, problem=problem, others=others))

    # Moving

    def _move(self, move: Move) -> None:
        source = self._source
        if self._machine is None:
            self._machine = source.open_time_machine() if source is not None else None
            self._critical = _critical_tasks(self._host.present)
            self._is_failing = self._host.present.failure is not None
            if self._machine is None:
                self._host.show_notice(_NOTHING_YET if source is None else _NOT_RECORDED)
                return
        self._moves.append(move)
        if not self._is_moving:
            self._is_moving = True
            self._run(self._obey())

    async def _obey(self) -> None:
        from cdptui.history.recording_file import RecordingError

        try:
            while self._moves and (machine := self._machine) is not None:
                try:
                    await self._obey_all(machine)
                except RecordingError as error:
                    # A machine that was left meanwhile is closed.
                    if machine is self._machine:
                        self._host.show_notice(_FAILED.format(error=error))
                        self._close()
        finally:
            self._is_moving = False

    async def _obey_all(self, machine: TimeMachine) -> None:
        """Obey the moves that wait, and show the moment to which they lead, unless the user leaves meanwhile."""
        now = self._clock.monotonic()
        timeline = self._timeline
        if timeline is None or now - self._timeline_at > _REFRESH_S:
            timeline = await machine.timeline()
            if machine is not self._machine:
                return
            self._timeline, self._timeline_at = timeline, now
            if timeline is None:
                self._host.show_notice(_NOTHING_YET)
                self._close()
                return
        moment_ms = self._moment_ms if self._fleet is not None else timeline.last_ms
        while self._moves and machine is self._machine:
            target = await self._moves.popleft()(machine, moment_ms)
            if isinstance(target, str):
                self._host.show_notice(target)
            else:
                moment_ms = target
        fleet = await machine.fleet_at(moment_ms)
        if fleet is None or machine is not self._machine or self._source is None:
            return
        self._fleet, self._moment_ms = fleet, moment_ms
        update = Update(snapshot=fleet.snapshot, rows=fleet.rows, fleet=fleet.summary)
        self._host.show_past(self._source.past_view(machine, fleet, self._on_history_read), update)


def _critical_tasks(update: Update) -> frozenset[str]:
    return frozenset(row.task.uuid for row in update.rows if row.severity is Severity.CRITICAL)
