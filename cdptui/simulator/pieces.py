"""Answers that are not sent as a whole: in which pieces, how fast, and what comes after the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, repeat

from cdptui.simulator.exchange import Reply
from cdptui.simulator.faults import Fault, FaultKind

_DROP_BYTES = 64
_CHUNK_BYTES = 64 << 10
_ROW = b'{"uuid":"0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4","name":"cdp-erp-db","status":"Running","state":"Enabled"},'
_HEAD = b'{"schema":{},"total":1,"inventories":['
_PADDED = b'{"schema":{},"total":0,"inventories":[],"padding":"'
_PADDED_END = b'"}'


class Ending(Enum):
    """What follows the last piece."""

    COMPLETE = "complete"
    HANG = "hang"
    CUT = "cut"


@dataclass(frozen=True)
class Pieces:
    """One answer."""

    parts: Iterable[bytes] = field(repr=False)
    length: int | None
    """The announced length in bytes; None is chunked, without one."""
    pause_s: float = 0.0
    """Seconds after each piece."""
    ending: Ending = Ending.COMPLETE


def pieces_of(fault: Fault, reply: Reply) -> Pieces | None:
    """How the fault has the reply sent; None is as always."""
    body = reply.body
    pause_s = max(0.0, fault.seconds)
    match fault.kind:
        case FaultKind.TRICKLE:
            drops = (body[start : start + _DROP_BYTES] for start in range(0, len(body), _DROP_BYTES))
            return Pieces(drops, len(body), pause_s)
        case FaultKind.TRUNCATED:
            return Pieces((body[: len(body) // 2],), len(body), ending=Ending.CUT)
        case FaultKind.HANG_BODY:
            return Pieces((), len(body), ending=Ending.HANG)
        case FaultKind.ENDLESS_BODY:
            rows = _ROW * (_CHUNK_BYTES // len(_ROW))
            return Pieces(chain((_HEAD,), repeat(rows)), None, pause_s)
        case FaultKind.HUGE_BODY:
            return Pieces(_padded(fault.size_bytes), fault.size_bytes)
    return None


def _padded(size: int) -> Iterator[bytes]:
    yield _PADDED
    left = size - len(_PADDED) - len(_PADDED_END)
    chunk = b"x" * _CHUNK_BYTES
    while left > 0:
        yield chunk[:left]
        left -= _CHUNK_BYTES
    yield _PADDED_END
