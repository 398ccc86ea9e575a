"""The worker when the connection fails repeatedly."""

from __future__ import annotations

import asyncio
import errno

import pytest
from textual.message import Message

from cdptui.api.errors import ApiError
from cdptui.api.http import HttpClient, Timeouts
from cdptui.config.errors import ConfigError
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.proxy import Proxy
from cdptui.monitor.connection import NodeConnection
from cdptui.tui.messages import MonitorUpdated
from cdptui.tui.monitor_worker import MonitorWorker
from cdptui.tui.target import Target
from tests.doubles import FakeClock, ScriptedNode, a_task

_GUARD_S = 60.0


class Recorder:
    """Records the messages to the screen."""

    def __init__(self) -> None:
        self.failures: list[tuple[Failure, int]] = []
        self.has_list = asyncio.Event()
        self.waits = asyncio.Event()

    def post_message(self, message: Message) -> bool:
        if isinstance(message, MonitorUpdated):
            failure = message.update.failure
            if failure is None:
                self.has_list.set()
            else:
                self.failures.append((failure, message.update.attempt))
                if failure.needs_user_action:
                    self.waits.set()
        return True

    def set_connection(self, link: NodeConnection) -> None:
        """Do nothing; the connection is not used here."""


class Connector:
    """Fails with the given errors, then connects, or with the last one for ever if `is_last_for_ever`."""

    def __init__(self, clock: FakeClock, *errors: Exception, is_last_for_ever: bool = True) -> None:
        self.calls = 0
        self._clock = clock
        self._errors = errors
        self._is_last_for_ever = is_last_for_ever

    async def __call__(self) -> NodeConnection:
        self.calls += 1
        if self._is_last_for_ever or self.calls <= len(self._errors):
            raise self._errors[min(self.calls, len(self._errors)) - 1]
        return NodeConnection.create(ScriptedNode([a_task()]), self._clock, 3600.0, (ApiError,))


async def run_until(event: asyncio.Event, watch: MonitorWorker) -> None:
    running = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(_GUARD_S):
            await event.wait()
    finally:
        await watch.stop()
        running.cancel()


async def test_same_fault_three_times_waits_for_the_user() -> None:
    clock, screen = FakeClock(), Recorder()
    connect = Connector(clock, ZeroDivisionError("x"))
    await run_until(screen.waits, MonitorWorker(Target(connect, "n", "a", 10.0), clock, screen))
    kinds = [failure.kind for failure, _ in screen.failures]
    assert kinds == [FailureKind.INTERNAL, FailureKind.INTERNAL, FailureKind.INTERNAL_AGAIN]
    assert [attempt for _, attempt in screen.failures] == [1, 2, 3]
    assert connect.calls == 3
    assert clock.waits == [30.0, 30.0, None]


def no_thread() -> OSError:
    error = OSError(errno.EAGAIN, "the system has no thread left for this")
    error.__cause__ = RuntimeError("can't start new thread")
    return error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (no_thread(), "no thread can be started"),
        (RuntimeError("can't start new thread"), "no thread can be started"),
        (ExceptionGroup("of a task group", [no_thread()]), "no thread can be started"),
        (MemoryError(), "not enough memory"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files"),
    ],
    ids=repr,
)
async def test_machine_limit_is_reported_and_retried(error: Exception, detail: str) -> None:
    clock, screen = FakeClock(), Recorder()
    connect = Connector(clock, *[error] * 5, is_last_for_ever=False)
    await run_until(screen.has_list, MonitorWorker(Target(connect, "n", "a", 10.0), clock, screen))
    assert {(failure.kind, failure.detail) for failure, _ in screen.failures} == {(FailureKind.MACHINE_LIMIT, detail)}
    assert [attempt for _, attempt in screen.failures] == [1, 2, 3, 4, 5]


async def test_different_faults_are_tried_again() -> None:
    clock, screen = FakeClock(), Recorder()
    errors = [ZeroDivisionError(str(number)) for number in range(5)]
    connect = Connector(clock, *errors, is_last_for_ever=False)
    await run_until(screen.has_list, MonitorWorker(Target(connect, "n", "a", 10.0), clock, screen))
    assert [failure.kind for failure, _ in screen.failures] == [FailureKind.INTERNAL] * 5


async def test_retry_connects_after_a_repeated_fault() -> None:
    clock, screen = FakeClock(), Recorder()
    fault = ZeroDivisionError("x")
    watch = MonitorWorker(
        Target(Connector(clock, fault, fault, fault, is_last_for_ever=False), "n", "a", 10.0), clock, screen
    )
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(_GUARD_S):
        await screen.waits.wait()
        # The event is cleared in the same step of the loop in which the failure was posted.
        watch.retry()
        await screen.has_list.wait()
    await watch.stop()
    running.cancel()


async def test_configuration_error_is_tried_again_and_counted() -> None:
    clock, screen = FakeClock(), Recorder()
    error = ConfigError("password_command failed")
    connect = Connector(clock, error, error, error, error, is_last_for_ever=False)
    await run_until(screen.has_list, MonitorWorker(Target(connect, "n", "a", 10.0), clock, screen))
    assert [attempt for _, attempt in screen.failures] == [1, 2, 3, 4]
    assert {failure.kind for failure, _ in screen.failures} == {FailureKind.CONFIGURATION}


@pytest.mark.parametrize("error", [ZeroDivisionError("with hunter2"), ConfigError("with hunter2")])
async def test_secret_in_an_error_of_ours_is_not_shown(error: Exception) -> None:
    clock, screen = FakeClock(), Recorder()
    connect = Connector(clock, error, is_last_for_ever=False)
    target = Target(connect, "n", "a", 10.0, redact=lambda text: text.replace("hunter2", "***"))
    await run_until(screen.has_list, MonitorWorker(target, clock, screen))
    assert "hunter2" not in screen.failures[0][0].detail
    assert "with ***" in screen.failures[0][0].detail


@pytest.mark.parametrize(
    ("base_url", "proxy"),
    [
        ("http://10.0.0.300/zstack/v1", None),
        ("http://10.0.0.5/zstack/v1", "http://u:hunter2@10.0.0.300:3128"),
        ("http://10.0.0.5/zstack/v1", "ftp://u:hunter2@proxy:1"),
        ("http://10.0.0.5/zstack/v1", "http://u:hunter2@[::x]:1"),
    ],
)
async def test_url_that_the_http_library_refuses_waits_for_the_user(base_url: str, proxy: str | None) -> None:
    clock, screen = FakeClock(), Recorder()

    async def connect() -> NodeConnection:
        HttpClient(base_url, Timeouts.of(1.0), clock, proxy=None if proxy is None else Proxy(proxy))
        raise AssertionError

    await run_until(screen.waits, MonitorWorker(Target(connect, "n", "a", 10.0), clock, screen))
    assert [failure.kind for failure, _ in screen.failures] == [FailureKind.ADDRESS]
    assert "hunter2" not in screen.failures[0][0].detail
