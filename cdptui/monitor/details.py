"""Names for uuids, asked for beside the polls and never in their way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from cdptui.clock import Clock
from cdptui.monitor.turns import Turns

log = logging.getLogger(__name__)

RETRY_S: Final = 300.0
"""After a refusal or an answer without the name, the same uuid is not asked for again sooner."""

BATCH: Final = 150


class Names:
    """A cache of names by uuid. One request in flight, only while no poll is; failures leave uuids as they are."""

    def __init__(
        self,
        fetch: Callable[[Sequence[str]], Awaitable[dict[str, str]]],
        clock: Clock,
        turns: Turns,
        errors: tuple[type[Exception], ...],
    ) -> None:
        """`fetch` answers at most `BATCH` uuids and raises one of `errors`."""
        self._fetch = fetch
        self._clock = clock
        self._turns = turns
        self._errors = errors
        self._names: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}
        self._wanted: dict[str, None] = {}
        self._wake = asyncio.Event()
        self.problem: str = ""
        """Why names are missing, in the server's words; empty when the last call went well."""

    @property
    def known(self) -> Mapping[str, str]:
        """Names by uuid, as far as they are known; grows in place."""
        return self._names

    def want(self, uuids: Iterable[str]) -> None:
        """Ask for the names of what is on screen now; what was wanted before and is not any more is dropped."""
        now = self._clock.monotonic()
        self._wanted = {
            uuid: None
            for uuid in uuids
            if uuid not in self._names and now - self._asked_at.get(uuid, -RETRY_S) >= RETRY_S
        }
        if self._wanted:
            self._wake.set()

    async def run(self, on_change: Callable[[], None]) -> None:
        """Fetch what is wanted, for ever; calls `on_change` when a name became known."""
        while True:
            await self._wake.wait()
            async with self._turns.side_question():
                self._wake.clear()
                batch = list(self._wanted)[:BATCH]
                is_news = bool(batch) and await self._learn(batch)
            if is_news:
                on_change()

    async def _learn(self, batch: Sequence[str]) -> bool:
        self._asked_at.update(dict.fromkeys(batch, self._clock.monotonic()))
        try:
            found = await self._fetch(batch)
        except self._errors as error:
            if not self.problem:
                log.warning("names are not to be had: %s", error)
            self.problem = str(error)
            return False
        self.problem = ""
        self._names.update(found)
        for uuid in batch:
            self._wanted.pop(uuid, None)
        if self._wanted:
            self._wake.set()
        return bool(found)
