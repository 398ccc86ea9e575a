"""Compression of task records to a third of their size.

A hundred thousand records of 700 bytes are most of what a monitor of so many tasks holds, and nobody looks at more than
one of them at a time. They are all alike, so deflate with a typical one as its dictionary (RFC 1951) does well: 200
bytes and 12 µs each. A fingerprint in front tells whether another record is the same, without unpacking. A small fleet
has the room, and no time before its first list: its records stay as they are.
"""

from __future__ import annotations

import zlib
from typing import Final

_FINGERPRINT: Final = 8
"""Bytes of Python's own hash of bytes: SipHash with a random key for each process, so that nobody can make
two records that share one; a change goes unseen once in 2**64."""

_DICTIONARY: Final = (
    b'"policyUuid":"","taskType":"VM","currentLatency":0,"description":"","scene":"","backupStorageUuid":"",'
    b'"status":"DataMerging","status":"Starting","status":"Unknown","status":"Failed","status":"Stopped",'
    b'"state":"Disabled","lastOpDate":"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ","createDate":"",'
    b'"usedCapacity":107374182400,"maxCapacity":1099511627776,"backupBandwidth":0,"lastLatency":0,"maxLatency":600000,'
    b'"uuid":"","name":"cdp-","description":"","state":"Enabled","status":"Running","taskType":"VM","resourceRefs":'
    b'[{"taskUuid":"","resourceUuid":"","resourceType":"VmInstanceVO","createDate":"Mar 10, 2026 12:00:00 AM",'
    b'"lastOpDate":"Nov 20, 2026 12:00:00 PM"}],"createDate":"Mar 10, 2026 12:00:00 AM","lastOpDate":"Nov 20, 2026'
)
"""The most common parts are last, where references to them are shortest."""

_RAW_DEFLATE: Final = -15
_DENSE: Final = b"d"
"""No JSON begins with this byte; records with another first byte are not compressed."""


def compress(record: bytes, *, is_compressed: bool = True) -> bytes:
    """Return `record` for storage, compressed if `is_compressed`."""
    if not is_compressed and not record.startswith(_DENSE):
        return record
    packer = zlib.compressobj(1, zlib.DEFLATED, _RAW_DEFLATE, zdict=_DICTIONARY)
    return _DENSE + _fingerprint(record) + packer.compress(record) + packer.flush()


def decompress(packed: bytes) -> bytes:
    """Return the original record."""
    if not packed.startswith(_DENSE):
        return packed
    return zlib.decompressobj(_RAW_DEFLATE, zdict=_DICTIONARY).decompress(packed[len(_DENSE) + _FINGERPRINT :])


def matches(record: bytes, packed: bytes) -> bool:
    """Return whether `packed` contains exactly this record."""
    if not packed.startswith(_DENSE):
        return packed == record
    return packed.startswith(_fingerprint(record), len(_DENSE))


def _fingerprint(record: bytes) -> bytes:
    return hash(record).to_bytes(_FINGERPRINT, "little", signed=True)
