"""HTTP client of the management node: the only package that knows its URLs and the names of its JSON fields.

Importing this package prevents imports of httpx and httpcore that are not needed, by marking the modules as missing;
both libraries work without them. httpx's command line takes 20 ms to import (click, pygments, rich's extras), and
support for SOCKS proxies 2 ms. httpcore tries to import sniffio again for each request, which takes 1 ms where it is
not installed, because all of `sys.path` is searched.
"""

from __future__ import annotations

import os
import sys

_UNNEEDED = ["httpx._main", "sniffio", "trio"]
if not any("socks" in value.lower() for name, value in os.environ.items() if name.lower().endswith("_proxy")):
    # Proxies are configured only by environment variables.
    _UNNEEDED.append("socksio")

for _name in _UNNEEDED:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # Python treats a module that is None as missing
