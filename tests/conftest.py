"""What all tests share: neither the configuration of the person who runs them nor the hour of the machine is theirs."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

os.environ["XDG_CONFIG_HOME"] = "/nowhere"
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="cdptui-tests-")
for _name in ("CDPTUI_CONFIG", "CDPTUI_PROFILE"):
    os.environ.pop(_name, None)

# How long an example takes, or its making, says what else the machine has to do.
settings.register_profile("cdptui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cdptui")

pytest_plugins = ("tests.device_guard", "tests.process_guard")
