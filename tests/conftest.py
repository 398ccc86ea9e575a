"""What all tests share: the configuration of the person who runs them is not theirs."""

from __future__ import annotations

import os
import tempfile

os.environ["XDG_CONFIG_HOME"] = "/nowhere"
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="cdptui-tests-")
for _name in ("CDPTUI_CONFIG", "CDPTUI_PROFILE"):
    os.environ.pop(_name, None)
