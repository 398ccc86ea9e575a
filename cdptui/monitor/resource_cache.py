"""Names by uuid, in batches: which of them are wanted, known, or not to be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Generic, TypeVar

from msgspec import structs

from cdptui.models.failure import Failure
from cdptui.models.inventory import FetchState
from cdptui.models.task import Task

T = TypeVar("T")


class ResourceCache(Generic[T]):
    """Keeps what was read, when, and why there is nothing newer."""

    def __init__(self, name: str, maxsize: int = 1) -> None:
        """`maxsize` is how many are kept; the ones that were tried longest ago go first."""
        self.name: Final = name
        self._most = maxsize
        self._parts: dict[str, FetchState[T]] = {}

    def get(self, key: str) -> FetchState[T]:
        """What is known of one thing."""
        return self._parts.get(key) or FetchState()

    def values(self) -> Iterator[tuple[str, T]]:
        """All that was read."""
        return ((key, part.value) for key, part in self._parts.items() if part.value is not None)

    def needs_fetch(self, key: str, now: float, max_age_s: float, retry_s: float) -> bool:
        """Whether it should be read: it is older than it may be, and the last try was not just now."""
        part = self._parts.get(key)
        if part is None or part.attempted_at is None:
            return True
        if part.is_fetching:
            return False
        return now - part.attempted_at >= (retry_s if part.failure is not None else max_age_s)

    def invalidate(self, key: str | None) -> None:
        """Let it be read again at once."""
        part = self._parts.get(key or "")
        if part is not None and not part.is_fetching:
            self._parts[key or ""] = structs.replace(part, attempted_at=None)

    def start_fetch(self, key: str, now: float) -> None:
        """It is being read."""
        part = self._parts.pop(key, None) or FetchState()
        self._parts[key] = structs.replace(part, is_fetching=True, attempted_at=now)
        while len(self._parts) > self._most:
            self._parts.pop(next(iter(self._parts)))

    def set_value(self, key: str, value: T | None, now: float, *, is_partial: bool = False) -> bool:
        """It was read; whether that is news. None is an answer too: there is no such thing."""
        self._parts[key] = FetchState(value, fetched_at=now, attempted_at=now, is_partial=is_partial)
        return True

    def set_failure(self, key: str, failure: Failure) -> None:
        """It could not be read."""
        self._parts[key] = structs.replace(self.get(key), is_fetching=False, failure=failure)

    def cancel_fetch(self, key: str) -> None:
        """Nobody wants it any more; it was never tried."""
        self._parts[key] = structs.replace(self.get(key), is_fetching=False, attempted_at=None)


NAME_RETRY_S: Final = 300.0
"""After a refusal or an answer without the name, the same uuid is not asked for again sooner."""

BATCH: Final = 150


def referenced_uuids(tasks: Iterable[Task]) -> Iterator[str]:
    """Uuids of everything with a name that hangs on some tasks, each VM before what many share.

    Of a task with very many resources only the first are among them: 100,000 names would take 667 requests.
    """
    for task in tasks:
        yield from (ref.resource_uuid for ref in islice(task.resource_refs, BATCH))
        yield from (uuid for uuid in (task.backup_storage_uuid, task.policy_uuid) if uuid)


class NameCache(ResourceCache[Mapping[str, str]]):
    """What is known of names, and which of those in sight are to be asked for next."""

    def __init__(self) -> None:
        super().__init__("names")
        self._known: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}
        self._wanted: dict[str, None] = {}
        self._asked: tuple[str, ...] = ()
        """The batch that was asked for last."""
        self._rest: tuple[str, ...] = ()
        """What the last answer left out although it had others: a front may have cut it."""
        self.failure: Failure | None = None

    @property
    def known(self) -> Mapping[str, str]:
        """Names by uuid; grows in place."""
        return self._known

    def request(self, uuids: Iterable[str], now: float) -> bool:
        """Want these and no others; whether there is anything to ask for."""
        self._wanted = {
            uuid: None
            for uuid in uuids
            if uuid not in self._known and now - self._asked_at.get(uuid, -NAME_RETRY_S) >= NAME_RETRY_S
        }
        return bool(self._wanted)

    def batch(self) -> tuple[str, ...]:
        """The uuids to ask for next: the rest of the last batch, or new ones."""
        return self._rest or tuple(list(self._wanted)[:BATCH])

    def update(self, names: Mapping[str, str]) -> None:
        """Take names that came with something else."""
        self._known.update((uuid, name) for uuid, name in names.items() if name)

    def forget(self, uuids: Iterable[str]) -> None:
        """Let go of what is no longer there; should it be all the same, it is asked for again."""
        gone = set(uuids)
        for uuid in gone:
            for kept in (self._known, self._asked_at, self._wanted):
                kept.pop(uuid, None)
        self._rest = tuple(uuid for uuid in self._rest if uuid not in gone)

    def start_fetch(self, key: str, now: float) -> None:
        """The next batch is being asked for."""
        self._asked, self._rest = self.batch(), ()
        self._asked_at.update(dict.fromkeys(self._asked, now))
        for uuid in self._asked:
            self._wanted.pop(uuid, None)
        super().start_fetch(key, now)

    def set_value(self, key: str, value: Mapping[str, str] | None, now: float, *, is_partial: bool = False) -> bool:
        """A batch was answered; whether it brought a name.

        Names that are missing in it are asked for once more, until an answer brings none of them.
        """
        had_failed, self.failure = self.failure is not None, None
        self.update(value or {})
        missing = tuple(uuid for uuid in self._asked if uuid not in self._known)
        self._rest = missing if len(missing) < len(self._asked) else ()
        self._parts[key] = FetchState(None, fetched_at=now, attempted_at=now, is_partial=is_partial)
        return bool(value) or had_failed

    def set_failure(self, key: str, failure: Failure) -> None:
        """A batch was refused: what else is wanted would be as well."""
        self.failure = failure
        self._wanted = {}
        self._rest = ()
        super().set_failure(key, failure)
