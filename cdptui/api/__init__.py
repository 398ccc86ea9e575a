"""The management node over HTTP: the only package that knows URLs and names on the wire.

Importing it prepares the import of httpx: httpx's command line takes 20 ms (click, pygments, rich's extras) and SOCKS
proxies 2 ms, and httpcore looks for sniffio again with each request, through the whole path where it is not installed:
a millisecond. Both work without what cannot be imported.
"""

from __future__ import annotations

import os
import sys

_UNNEEDED = ["httpx._main", "sniffio", "trio"]
if not any("socks" in value.lower() for name, value in os.environ.items() if name.lower().endswith("_proxy")):
    # Only the environment names proxies.
    _UNNEEDED.append("socksio")

for _name in _UNNEEDED:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # Python treats a module that is None as missing
