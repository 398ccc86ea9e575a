"""Block optional imports of httpx that are not needed here; import this module before httpx.

Its command line takes 20 ms (click, pygments, rich's extras), its way through SOCKS proxies 2, and httpcore looks for
sniffio anew with each request, through the whole path where it is not installed: a millisecond. Both do without what
cannot be imported.
"""

from __future__ import annotations

import os
import sys

_UNNEEDED = ["httpx._main", "sniffio", "trio"]
if not any("socks" in value.lower() for name, value in os.environ.items() if name.lower().endswith("_proxy")):
    # Only the environment names proxies.
    _UNNEEDED.append("socksio")

for _name in _UNNEEDED:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # Python's own way to say: not to be found
