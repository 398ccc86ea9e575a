"""What all tests share: neither the configuration of the person who runs them nor the hour of the machine is theirs."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

os.environ["XDG_CONFIG_HOME"] = "/nowhere"
_state = tempfile.TemporaryDirectory(prefix="cdptui-tests-", ignore_cleanup_errors=True)
os.environ["XDG_STATE_HOME"] = _state.name
for _name in ("CDPTUI_CONFIG", "CDPTUI_PROFILE"):
    os.environ.pop(_name, None)

# How long an example takes, or its making, says what else the machine has to do.
settings.register_profile("cdptui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cdptui")


def pytest_sessionfinish() -> None:
    """Remove the recordings, logs and views of the programs that the tests started."""
    _state.cleanup()


pytest_plugins = ("tests.device_guard", "tests.process_guard")
