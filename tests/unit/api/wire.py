"""Server responses for the tests of `cdptui.api`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

VENDOR_ROW: dict[str, Any] = {
    "uuid": "cfcb3c865b2e363f96ec43615c9862d6",
    "name": "My Task",
    "policyUuid": "aa3ff8d5586b39c18b330f2b118e6936",
    "backupStorageUuid": "2ff526012ceb362ebfa903ba69d7a53a",
    "status": "Running",
    "state": "Enabled",
    "taskType": "VM",
    "backupBandwidth": 1.048576e8,
    "maxCapacity": 1.073741824e11,
    "usedCapacity": 2.395916e7,
}
"""The example of the vendor's manual, with its floats."""

FULL_ROW: dict[str, Any] = {
    "uuid": "0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4",
    "name": "cdp-erp-db",
    "description": "ERP database",
    "policyUuid": "9f2c7d5e1b3a4c0d8e6f5a4b3c2d1e0f",
    "backupStorageUuid": "b1c5a2f04f0e4c6f9d2f1f0a3f6e7d21",
    "status": "Running",
    "state": "Enabled",
    "taskType": "VM",
    "backupBandwidth": 104857600,
    "maxCapacity": 107374182400,
    "usedCapacity": 68719476736,
    "maxLatency": 600000,
    "lastLatency": 1830,
    "createDate": "Mar 4, 2025 9:12:33 AM",
    "lastOpDate": "Jun 18, 2025 10:41:07 PM",
    "resourceRefs": [
        {
            "taskUuid": "0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4",
            "resourceUuid": "d2f9a6c5c69c4be28bfa1c85d1e4652d",
            "resourceType": "VmInstanceVO",
            "createDate": "Mar 4, 2025 9:12:33 AM",
            "lastOpDate": "Mar 4, 2025 9:12:33 AM",
        }
    ],
}


def encoded(value: object) -> bytes:
    """Encode as one line of JSON, like the server."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="surrogatepass")


def row(**changes: object) -> bytes:
    """Return a record with some fields changed."""
    return encoded({**FULL_ROW, **changes})


def reply(rows: Iterable[Mapping[str, Any]], **more: object) -> bytes:
    """Return a query reply."""
    return encoded({"schema": {}, **more, "inventories": list(rows)})


def error(code: str, details: str | None = None, **more: object) -> bytes:
    """Return a business error."""
    fields = {"code": code, "description": "An operation failed", "details": details, **more}
    return encoded({"error": {name: value for name, value in fields.items() if value is not None}})


SESSION_EXPIRED = error("ID.1001", "Session expired")
