"""An incremental tokenizer for terminal input, after ECMA-48 and the state machine of the VT500.

Pure: it knows neither Textual nor a file, and the caller passes the time. Memory is bounded and the cost is linear in
the number of bytes, whatever they are. The same bytes give the same tokens however they are cut, as long as no time-out
passes between the pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

SEQUENCE_TIMEOUT_S: Final = 1.0
"""How long the rest of a sequence may take after its introducer; more than one lost packet on a slow line."""

PASTE_TIMEOUT_S: Final = 3.0
"""The silence that ends a paste. Long, because pasted text handled as keys does more harm than keys without effect."""

MAX_PASTE_S: Final = 10.0
"""Longest duration of a paste, so that keys typed after an unfinished one do not belong to it for ever."""

LATE_INTRODUCER_TIMEOUT_S: Final = 0.4
"""How long an introducer soon after a lone escape is held back: it may be the rest of a sequence, or a key."""

MAX_SEQUENCE_CHARS: Final = 64
"""Longer sequences are consumed and dropped; the longest known key or report has about 40 characters."""

MAX_PASTE_BYTES: Final = 64 * 1024
"""The rest of a longer paste is dropped; all text fields have one line."""

_ESC: Final = 0x1B
_BEL: Final = 0x07
_DEL: Final = 0x7F
_ABORTS: Final = (0x18, 0x1A)
"""CAN and SUB end any sequence without an effect."""

_CSI: Final = "\x1b["
_SS3: Final = "\x1bO"
_INTRODUCERS: Final = {ord("["): _CSI, ord("O"): _SS3}
_STRINGS: Final = {ord(char): char for char in "]P_^X"}
"""OSC, DCS, APC, PM and SOS: strings up to a string terminator."""

_C1_OFFSET: Final = 0x40
"""An 8-bit control function is the 7-bit one without its escape, plus this."""

_PASTE_START: Final = "\x1b[200~"
_PASTE_END: Final = b"\x1b[201~"

_INTERMEDIATES: Final = range(0x20, 0x30)
"""Between the escape and the final byte of a sequence that selects a character set or a test pattern."""

_PARAMETERS: Final = re.compile(rb"[\x20-\x3f]+")
_STRING_BODY: Final = re.compile(rb"[^\x07\x18\x1a\x1b]+")
_UNPRINTABLE_IN_PASTE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_WORDS_FOR_NUMBERS: Final = frozenset(b"NaInfityudel")
"""The letters of NaN, Infinity, undefined, null and 1e21, which terminals written in JavaScript put into mouse reports.

By ECMA-48 the first of them ends the sequence, and the rest would be typed.
"""

_RXVT_DOLLAR_KEY: Final = re.compile(rb"\d{1,2}\$")
"""rxvt ends keys with Shift with `$`, an intermediate byte on all other terminals."""

_LATE_SECOND_BYTES: Final = {
    ord("["): frozenset(b"0123456789:;<=>?ABCDEFHIMOPQRSZ~"),
    ord("O"): frozenset(b"ABCDEFHMPQRS"),
    ord("]"): frozenset(b"0123456789lL"),
    ord("P"): frozenset(b"0123456789>!"),
    ord("_"): frozenset(b"G"),
}
"""What follows an introducer in keys and reports, for sequences whose escape was already reported as the Escape key.

Other second bytes are typed: `[` twice and `]` with `j`, soon after Escape, are two keys.
"""


class Character(Struct, frozen=True):
    """A typed character or control character; `is_alt` when an escape came with it."""

    text: str
    is_alt: bool = False


class EscapeKey(Struct, frozen=True):
    """A lone escape."""


class ControlSequence(Struct, frozen=True):
    """A complete CSI or SS3 sequence in its 7-bit form, as `ESC [ A`; never a string such as OSC."""

    text: str


class PastedText(Struct, frozen=True):
    """The text of a complete bracketed paste, without control characters other than tab and line ends."""

    text: str


Token = Character | EscapeKey | ControlSequence | PastedText


class ControlSequenceTokenizer:
    r"""Splits a stream of bytes into tokens.

    >>> tokenizer = ControlSequenceTokenizer(escape_delay_s=0.1)
    >>> tokenizer.feed(b"a\x1b[", now=0.0)
    [Character(text='a', is_alt=False)]
    >>> tokenizer.feed(b"A\x1b]11;rgb:0/0/0\x07", now=0.3)
    [ControlSequence(text='\x1b[A')]
    """

    def __init__(self, *, escape_delay_s: float) -> None:
        """`escape_delay_s` is the silence after an escape that makes it the Escape key."""
        self.deadline: float | None = None
        """When to call `expire`, on the clock of `now`; None while nothing is pending."""
        self._escape_delay_s = escape_delay_s
        self._state: Callable[[bytes, int], int] = self._ground
        self._tokens: list[Token] = []
        self._character = bytearray()
        self._character_length = 0
        self._is_alt = False
        self._introducer = _CSI
        self._body = bytearray()
        self._is_dropped = False
        self._is_osc = False
        self._mouse_bytes_left = 0
        self._paste = bytearray()
        self._paste_tail = b""
        self._late_introducer = 0
        self._intermediate = 0
        self._begun = 0
        """How many sequences and pastes have begun."""
        self._begun_before = 0
        self._begun_at = 0.0

    def feed(self, data: bytes, now: float) -> list[Token]:
        """Return the tokens that `data` completes; `now` is in seconds, on a monotonic clock."""
        tokens: list[Token] = []
        self._tokens = tokens
        at, end = 0, len(data)
        while at < end:
            at = self._state(data, at)
        if data:
            self.deadline = self._deadline(now)
        return tokens

    def expire(self, now: float) -> list[Token]:
        """Return what pending bytes mean if nothing followed them until `deadline`; nothing before that."""
        if self.deadline is None or now < self.deadline:
            return []
        tokens: list[Token] = []
        self._tokens = tokens
        self.deadline = None
        state, self._state = self._state, self._ground
        if state == self._escape:
            tokens.append(EscapeKey())
            self._state = self._after_escape_key
            self.deadline = now + SEQUENCE_TIMEOUT_S
        elif state == self._late_second_byte:
            tokens.append(Character(chr(self._late_introducer)))
        elif state == self._after_intermediate:
            tokens.append(Character(chr(self._intermediate), is_alt=True))
        elif state == self._sequence:
            self._end_rxvt_key()
        self._paste.clear()
        return tokens

    def _deadline(self, now: float) -> float | None:
        """Return when pending input times out; bytes after the introducer do not extend the time of a sequence."""
        if self._begun != self._begun_before:
            self._begun_before, self._begun_at = self._begun, now
        timeout_s = self._timeout_s()
        if timeout_s is None:
            return None
        if self._state == self._in_paste:
            return min(now + timeout_s, self._begun_at + MAX_PASTE_S)
        is_sequence = self._state in (self._sequence, self._string, self._x10_mouse)
        return (self._begun_at if is_sequence else now) + timeout_s

    def _timeout_s(self) -> float | None:
        """Seconds for which the current state waits for more."""
        state = self._state
        # Half a character can wait for ever: it delays no other input.
        if state in (self._ground, self._utf8):
            return None
        if state in (self._escape, self._after_intermediate):
            return self._escape_delay_s
        if state == self._late_second_byte:
            return LATE_INTRODUCER_TIMEOUT_S
        if state == self._in_paste:
            return PASTE_TIMEOUT_S
        if state == self._sequence and self._is_rxvt_key:
            return self._escape_delay_s
        return SEQUENCE_TIMEOUT_S

    # The states: each handles data[at:] and returns the index of the first byte that is left for the next state.

    def _ground(self, data: bytes, at: int) -> int:
        byte = data[at]
        if byte == _ESC:
            self._state = self._escape
        elif byte < 0x80:
            self._tokens.append(Character(chr(byte)))
        elif byte < 0xA0:
            self._begin_c1(byte)
        else:
            self._begin_character(byte, is_alt=False)
        return at + 1

    def _begin_character(self, byte: int, *, is_alt: bool) -> None:
        """Begin a character of several bytes; any other byte is dropped."""
        self._state = self._ground
        if 0xC2 <= byte <= 0xF4:
            self._character[:] = (byte,)
            self._character_length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            self._is_alt = is_alt
            self._state = self._utf8

    def _utf8(self, data: bytes, at: int) -> int:
        byte = data[at]
        if not 0x80 <= byte < 0xC0:
            self._state = self._ground
            return at
        self._character.append(byte)
        if len(self._character) == self._character_length:
            self._state = self._ground
            text = self._character.decode(errors="ignore")
            if text and 0x80 <= ord(text) < 0xA0:
                self._begin_c1(ord(text))
            elif text:
                self._tokens.append(Character(text, self._is_alt))
        return at + 1

    def _begin_c1(self, code: int) -> None:
        """Begin the sequence of an 8-bit control; those that begin none have no effect."""
        self._begin_sequence(code - _C1_OFFSET)

    def _begin_sequence(self, byte: int, *, is_dropped: bool = False) -> bool:
        """Begin the sequence that ESC and `byte` introduce; False when they introduce none."""
        self._is_dropped = is_dropped
        self._begun += 1
        if byte in _INTRODUCERS:
            self._introducer = _INTRODUCERS[byte]
            self._body.clear()
            self._state = self._sequence
        elif byte in _STRINGS:
            self._is_osc = _STRINGS[byte] == "]"
            self._state = self._string
        else:
            return False
        return True

    def _escape(self, data: bytes, at: int) -> int:
        byte = data[at]
        if byte == _ESC:
            self._tokens.append(EscapeKey())
        elif byte >= 0x80:
            self._begin_character(byte, is_alt=True)
        elif byte in _INTERMEDIATES:
            self._intermediate = byte
            self._state = self._after_intermediate
        elif not self._begin_sequence(byte):
            self._state = self._ground
            if byte not in _ABORTS:
                self._tokens.append(Character(chr(byte), is_alt=True))
        return at + 1

    def _after_intermediate(self, data: bytes, at: int) -> int:
        """Consume the rest of a sequence such as ESC ( B, which no key sends."""
        byte = data[at]
        if byte in _INTERMEDIATES:
            return at + 1
        self._state = self._ground
        if 0x30 <= byte < _DEL:
            return at + 1
        self._tokens.append(Character(chr(self._intermediate), is_alt=True))
        return at

    def _sequence(self, data: bytes, at: int) -> int:
        if match := _PARAMETERS.match(data, at):
            self._extend_body(match[0])
            return match.end()
        byte = data[at]
        if byte in _WORDS_FOR_NUMBERS and self._is_mouse_report:
            self._is_dropped = True
        elif 0x40 <= byte < _DEL:
            self._end_sequence(byte)
        elif byte == _ESC:
            self._end_rxvt_key()
            self._state = self._escape
        elif byte in _ABORTS:
            self._state = self._ground
        elif byte >= 0x80:
            self._state = self._ground
            return at
        # Other control characters inside a sequence are ignored.
        return at + 1

    def _extend_body(self, data: bytes) -> None:
        room = MAX_SEQUENCE_CHARS - len(self._body)
        self._body += data[:room]
        if len(data) > room:
            self._is_dropped = True

    def _end_sequence(self, final: int) -> None:
        if self._introducer == _CSI and not self._body:
            if final == ord("["):
                # The Linux console's F1 to F5 have one more byte.
                self._body.append(final)
                return
            if final == ord("M"):
                self._mouse_bytes_left = 3
                self._state = self._x10_mouse
                return
        self._state = self._ground
        text = f"{self._introducer}{self._body.decode('ascii')}{chr(final)}"
        if text == _PASTE_START:
            self._paste.clear()
            self._paste_tail = b""
            self._begun += 1
            self._state = self._in_paste
        elif not self._is_dropped and text != _PASTE_END.decode():
            self._tokens.append(ControlSequence(text))

    @property
    def _is_mouse_report(self) -> bool:
        return self._introducer == _CSI and self._body[:1] == b"<"

    @property
    def _is_rxvt_key(self) -> bool:
        return self._introducer == _CSI and not self._is_dropped and bool(_RXVT_DOLLAR_KEY.fullmatch(self._body))

    def _end_rxvt_key(self) -> None:
        if self._is_rxvt_key:
            self._tokens.append(ControlSequence(f"{_CSI}{self._body.decode('ascii')}"))

    def _x10_mouse(self, data: bytes, at: int) -> int:
        """Consume the three bytes of a mouse report in the oldest encoding, which we do not ask for."""
        if data[at] < 0x20:
            self._state = self._ground
            return at
        self._mouse_bytes_left -= 1
        if not self._mouse_bytes_left:
            self._state = self._ground
        return at + 1

    def _string(self, data: bytes, at: int) -> int:
        if match := _STRING_BODY.match(data, at):
            return match.end()
        byte = data[at]
        if byte == _ESC:
            self._state = self._string_escape
        elif byte in _ABORTS or (byte == _BEL and self._is_osc):
            self._state = self._ground
        return at + 1

    def _string_escape(self, data: bytes, at: int) -> int:
        if data[at] == ord("\\"):
            self._state = self._ground
            return at + 1
        self._state = self._escape
        return at

    def _in_paste(self, data: bytes, at: int) -> int:
        text = self._paste_tail + data[at:]
        end = text.find(_PASTE_END)
        if end < 0:
            keep = next(size for size in range(len(_PASTE_END) - 1, -1, -1) if text.endswith(_PASTE_END[:size]))
            content, self._paste_tail = text[: len(text) - keep], text[len(text) - keep :]
            self._extend_paste(content)
            return len(data)
        self._extend_paste(text[:end])
        consumed = end + len(_PASTE_END) - len(self._paste_tail)
        pasted = self._paste.decode(errors="ignore")
        self._paste.clear()
        self._state = self._ground
        self._tokens.append(PastedText(_UNPRINTABLE_IN_PASTE.sub("", pasted)))
        return at + consumed

    def _extend_paste(self, data: bytes) -> None:
        self._paste += data[: MAX_PASTE_BYTES - len(self._paste)]

    def _after_escape_key(self, data: bytes, at: int) -> int:
        """Hold back an introducer soon after the Escape key: the escape may have belonged to it."""
        byte = data[at]
        if byte not in _LATE_SECOND_BYTES:
            self._state = self._ground
            return at
        self._late_introducer = byte
        self._state = self._late_second_byte
        return at + 1

    def _late_second_byte(self, data: bytes, at: int) -> int:
        if data[at] in _LATE_SECOND_BYTES[self._late_introducer]:
            self._begin_sequence(self._late_introducer, is_dropped=True)
        else:
            self._state = self._ground
            self._tokens.append(Character(chr(self._late_introducer)))
        return at
