"""The language in a few lines: what the help page and the README say of it."""

from __future__ import annotations

from typing import Final

FORMS: Final = (
    ("erp", "a word in the name, the uuid, the status, or the name of a VM or of the storage"),
    ('"two words"', r"quoted: blanks and signs as they stand; \" is a quote"),
    ("~erpdb", "these letters in this order, with others between them"),
    (r"re:^cdp-\d+$", "a regular expression (RE2); letter case never counts"),
    ("!erp", "all others; the same as: not erp"),
    ("erp used>80%", "both; and, & and && are the same"),
    ("plan=0 or full<3d", "one of them at least; | and || are the same"),
    ("(erp or oa) !running", "brackets; and binds closer than or"),
    ("vm~erp", "contains; !~ does not, = is, != is not; letter case does not count"),
    ("used>=1.5 TiB", "> >= < <= = !=, with units: B KiB MiB GiB TiB PiB (K, KB … are the same)"),
    ("changed<1h30m", "times: ms s min (or m) h d w y, the larger ones first"),
    ("rpo=?", "unknown; what is unknown compares with nothing else, not even with !="),
)
"""Examples, and what they mean. Every one of them can be read."""
