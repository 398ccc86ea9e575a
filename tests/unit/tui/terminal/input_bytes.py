"""Terminal input for tests: reports that have no effect, and hypothesis strategies for sequences."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

SILENT: Final = {
    "device attributes": b"\x1b[?6c",
    "device attributes with many parts": b"\x1b[?64;1;2;6;9;15;18;21;22c",
    "secondary device attributes": b"\x1b[>41;390;0c",
    "tertiary device attributes": b"\x1bP!|00000000\x1b\\",
    "colour scheme": b"\x1b[?997;1n",
    "device status": b"\x1b[0n",
    "cursor position": b"\x1b[24;80R",
    "cursor position like F3": b"\x1b[1;2R",
    "private cursor position": b"\x1b[?24;80;1R",
    "XTVERSION": b"\x1bP>|XTerm(390)\x1b\\",
    "XTGETTCAP": b"\x1bP1+r544e=787465726d\x1b\\",
    "DECRQSS": b"\x1bP1$r0m\x1b\\",
    "background, ended by BEL": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    "background, ended by ST": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "palette": b"\x1b]4;2;rgb:0000/cdcd/0000\x07",
    "title": "\x1b]l数据库 qqq?\x1b\\".encode(),
    "clipboard": b"\x1b]52;c;cXE/\x07",
    "kitty graphics": b"\x1b_Gi=31;OK\x1b\\",
    "kitty keyboard flags": b"\x1b[?25u",
    "privacy message": b"\x1b^q?2\x1b\\",
    "start of string": b"\x1bXq?2\x1b\\",
    "text area in cells": b"\x1b[8;40;120t",
    "text area in pixels": b"\x1b[4;800;1200t",
    "huge in-band resize": b"\x1b[48;9999999;9999999;9999999;9999999t",
    "in-band resize": b"\x1b[48;24;80;480;800t",
    "unknown mode": b"\x1b[?2048;1$y",
    "synchronized output unknown": b"\x1b[?2026;0$y",
    "mouse at NaN": b"\x1b[<NaN;NaN;NaNM",
    "mouse at NaN, with a button": b"\x1b[<0;NaN;NaNM",
    "mouse at infinity": b"\x1b[<35;Infinity;-InfinityM",
    "mouse at nothing": b"\x1b[<35;undefined;nullm",
    "mouse far away": b"\x1b[<35;1e+21;3.5M",
    "mouse left of the screen": b"\x1b[<0;-3;4M",
    "mouse beyond any screen": b"\x1b[<0;99999999;4M",
    "mouse in the urxvt encoding": b"\x1b[32;3;4M",
    "mouse in the X10 encoding": b"\x1b[Mq?2",
    "wheel that is released": b"\x1b[<64;3;4m",
    "release of a": b"\x1b[97;1:3u",
    "release of down": b"\x1b[1;1:3B",
    "release of page down": b"\x1b[6;1:3~",
    "code beyond Unicode": b"\x1b[1114112u",
    "other key beyond Unicode": b"\x1b[27;99;1114112~",
    "other key with modifiers beyond all": b"\x1b[27;999;113~",
    "surrogate": b"\x1b[55296u",
    "private use": b"\x1b[60000u",
    "unknown event": b"\x1b[97;1:4u",
    "unknown number": b"\x1b[97~",
    "empty text": b"\x1b[0;;u",
    "text beyond Unicode": b"\x1b[97;;1114112u",
    "long number": b"\x1b[" + b"9" * 40 + b"u",
    "6,000 characters": b"\x1b[" + b"1;" * 3_000 + b"u",
    "6,000 characters of a string": b"\x1b]11;" + b"q" * 6_000 + b"\x07",
    "8-bit device attributes": b"\x9b?6c",
    "8-bit device attributes in UTF-8": b"\xc2\x9b?6c",
    "8-bit string": b"\x9d11;rgb:0/0/0\x07",
    "aborted by CAN": b"\x1b[?6\x18",
    "aborted by SUB": b"\x1b]11;qqq\x1a",
    "end of a paste that never began": b"\x1b[201~",
    "not UTF-8": b"\xff\xfe\xc0\xaf\xe8\xb4",
    "surrogate in UTF-8": b"\xed\xa0\x80",
    "beyond Unicode in UTF-8": b"\xf4\x90\x80\x80",
}
"""Complete sequences that are not keys and have no effect."""

_parameters = st.text("0123456789;:", max_size=30)
_private_sequences = st.builds(
    "\x1b[{}{}{}{}".format,
    st.sampled_from("<=>?"),
    _parameters,
    st.sampled_from([*" !\"#$%&'()*+,-./", ""]),
    st.sampled_from("@ABCDEFGHIJKLNOPQRSTUVWXYZ[\\]^_`abcdefghijklnopqrstuvwxz{|}~"),
)
_ENDED_EARLY: Final = re.compile(r"\x1b\[<.*[NaInfityudel]")
"""In a sequence that begins like a mouse report, the letters of NaN and Infinity are not final characters."""

_intermediate_sequences = st.builds(
    "\x1b[{}{}{}".format,
    st.text("0123456789;:", max_size=30),
    st.text(" !\"#%&'()*+,-./", min_size=1, max_size=3),
    st.sampled_from("@ABCDEFGHcdefmnpqrstuvwxyz|}~"),
)
_long_sequences = st.builds(
    "\x1b[1{}{}".format, st.text("0123456789;:", min_size=70, max_size=200), st.sampled_from("ABCDucnRt~")
)
_string_bodies = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_characters="\x7f", exclude_categories=["Cc", "Cs"]),
    max_size=200,
)
_osc = st.builds("\x1b]{}{}".format, _string_bodies, st.sampled_from(["\x07", "\x1b\\"]))
_other_strings = st.builds("\x1b{}{}\x1b\\".format, st.sampled_from("P_^X"), _string_bodies)

silent_sequences = st.one_of(
    _private_sequences.filter(lambda sequence: not _ENDED_EARLY.fullmatch(sequence)),
    _intermediate_sequences,
    _long_sequences,
    _osc,
    _other_strings,
    st.sampled_from([text for text in SILENT.values() if text != SILENT["not UTF-8"]]),
).map(lambda sequence: sequence if isinstance(sequence, bytes) else sequence.encode())
"""Random complete control sequences that are not keys of any terminal."""

KEYS: Final = (b"q", b"\x1b[A", b"\x1bOB", b"\x1b[1;5C", b"\x1b[97;1u", b"\x1b[[A", b"\x1b[3$", "财".encode(), b"\x1ba")

streams = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(KEYS),
        silent_sequences,
        st.sampled_from(
            [b"\x1b", b"\x1b[", b"\x1bO", b"\x1b[<0;3;4M", b"\x1b[200~", b"\x1b[201~", b"\x1b[M", b"\x1b]", b"\x1bP"]
        ),
    ),
    max_size=20,
).map(b"".join)
"""Streams of all kinds of input, complete and broken."""
