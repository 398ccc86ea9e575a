"""What httpx would look for and never need here; import it before httpx.

Its command line takes 20 ms (click, pygments, rich's extras), and httpcore looks for sniffio anew with each request,
through the whole path where it is not installed: a millisecond. Both do without what cannot be imported.
"""

from __future__ import annotations

import sys

for _name in ("httpx._main", "sniffio", "trio"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # Python's own way to say: not to be found
