"""What all tests share: the configuration of the person who runs them is not theirs."""

from __future__ import annotations

import os

os.environ["XDG_CONFIG_HOME"] = "/nowhere"
for _name in ("CDPTUI_CONFIG", "CDPTUI_PROFILE"):
    os.environ.pop(_name, None)
