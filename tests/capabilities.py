"""Linux capabilities of the test process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

Result = TypeVar("Result")

_VERSION_3 = 0x20080522
_IGNORE_MODES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: linux/capability.h."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def run_as_ordinary_user(function: Callable[[], Result]) -> Result:
    """Call a function in a thread to which the modes of files and folders apply, even if the user is root.

    Both sets of capabilities are needed: open(2) uses the effective one, access(2) the permitted one, which a thread
    cannot get back.
    """
    if os.geteuid() != 0:
        return function()
    if sys.platform != "linux":
        pytest.skip("root may write anywhere")

    def run() -> Result:
        libc = ctypes.CDLL(None, use_errno=True)
        header, sets = _Header(_VERSION_3, 0), (_Set * 2)()
        for name in ("capget", "capset"):
            if getattr(libc, name)(ctypes.byref(header), sets) != 0:
                raise OSError(ctypes.get_errno(), name)
            sets[0].effective &= ~_IGNORE_MODES
            sets[0].permitted &= ~_IGNORE_MODES
        return function()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
