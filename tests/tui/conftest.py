from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.event_loop import exact_pilot


@pytest.fixture(autouse=True)
def pilot_that_waits() -> Iterator[None]:
    """Make pilots wait until the app is idle, also when the process gets little processor time."""
    with exact_pilot():
        yield
