"""Convert the tokens of the terminal's input to Textual events; unknown sequences are dropped.

Key names are Textual's.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS, MODIFIER_FUNCTIONAL_KEYS
from textual.keys import Keys, _character_to_key
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from cdptui.tui.terminal.control_sequences import Character, ControlSequence, EscapeKey, PastedText, Token

log = logging.getLogger(__name__)

_MAX_COORDINATE: Final = 10_000
"""Cells; mouse reports beyond that are invalid."""

_NUMBER: Final = r"\d{1,9}"
_MOUSE: Final = rf"\x1b\[<({_NUMBER});({_NUMBER});({_NUMBER})([Mm])"
_MODE_REPORT: Final = r"\x1b\[\?2026;([123])\$y"
"""DECRPM for synchronized output: set, reset, or permanently set. 0 is an unknown mode, 4 one that is always off."""

_KITTY_KEY: Final = (
    rf"\x1b\[(?P<code>{_NUMBER})?(?::(?:{_NUMBER})?){{0,2}}"
    rf"(?:;(?P<modifiers>{_NUMBER})?(?::(?P<event>{_NUMBER})?)?)?"
    rf"(?:;(?P<text>(?:{_NUMBER})?(?::{_NUMBER})*))?(?P<final>[u~ABCDEFHPQRS])"
)
"""`CSI code:shifted:base ; modifiers:event ; text:text… final` of the kitty keyboard protocol, and of xterm."""

_OTHER_KEY: Final = rf"\x1b\[27;(?P<modifiers>{_NUMBER});(?P<code>{_NUMBER})~"
"""A key of xterm's modifyOtherKeys."""

_RELEASE: Final = 3
_KEY_EVENTS: Final = (1, 2, _RELEASE)
"""Press, repeat, release."""

_MODIFIERS: Final = ("shift", "alt", "ctrl", "super", "hyper", "meta")
_MAX_MODIFIERS: Final = 256
"""1, and 8 bits, of which the two lock keys are ignored."""

_CHARACTERS: Final = {"backspace": "\x7f", "enter": "\r", "tab": "\t"}
"""The characters of these keys without a modifier, as without the kitty protocol."""

MAX_REPEATS: Final = 40
"""Most repetitions of a key in one read: more than a held key sends in a second. With more, the app is behind and would
move on long after the key was released."""

_MOTION_KEYS: Final = frozenset({"up", "down", "left", "right", "pageup", "pagedown"})

_FOCUS_REPORTS: Final = (events.AppFocus, events.AppBlur)

_SCROLLS: Final = (
    events.MouseScrollUp,
    events.MouseScrollDown,
    events.MouseScrollLeft,
    events.MouseScrollRight,
)


class InputDecoder:
    """Converts tokens to Textual events; remembers the position of the mouse."""

    def __init__(self) -> None:
        self._mouse_x = self._mouse_y = 0
        self._has_synchronized_output = False
        self._logged: set[type[Exception]] = set()

    def decode(self, tokens: Iterable[Token]) -> list[Message]:
        """Return the events of `tokens`. Of consecutive mouse moves, and of focus reports, only the last is kept.

        Of a cursor key or a turn of the wheel at most `MAX_REPEATS` in a row are kept. An error drops one token, not
        the input, and is logged once per type.
        """
        messages: list[Message] = []
        last_motion, repeats = None, 0
        for token in tokens:
            try:
                decoded = list(self._decode(token))
            except Exception as error:
                if type(error) not in self._logged:
                    self._logged.add(type(error))
                    log.exception("input that could not be decoded was dropped: %.200r", token)
                continue
            for message in decoded:
                if messages and _supersedes(message, messages[-1]):
                    messages.pop()
                motion = _motion_of(message)
                repeats = repeats + 1 if motion is not None and motion == last_motion else 1
                last_motion = motion
                if motion is None or repeats <= MAX_REPEATS:
                    messages.append(message)
        return messages

    def _decode(self, token: Token) -> Iterator[Message]:
        match token:
            case Character(text, is_alt):
                yield from _character_keys(text, is_alt=is_alt)
            case EscapeKey():
                yield events.Key("escape", "\x1b")
            case PastedText(text):
                yield events.Paste(text)
            case ControlSequence("\x1b[I"):
                yield events.AppFocus()
            case ControlSequence("\x1b[O"):
                yield events.AppBlur()
            case ControlSequence(sequence) if match := re.fullmatch(_MOUSE, sequence):
                buttons, x, y = map(int, match.groups()[:3])
                yield from self._mouse_events(buttons, x - 1, y - 1, is_press=match[4] == "M")
            case ControlSequence(sequence) if re.fullmatch(_MODE_REPORT, sequence):
                if not self._has_synchronized_output:
                    self._has_synchronized_output = True
                    yield TerminalSupportsSynchronizedOutput()
            case ControlSequence(sequence):
                yield from _sequence_keys(sequence)

    def _mouse_events(self, buttons: int, x: int, y: int, *, is_press: bool) -> Iterator[events.MouseEvent]:
        """Decode an SGR mouse report; `buttons` holds the button, modifiers, and bits for motion and the wheel."""
        # Buttons 8 and up have another bit.
        if buttons > 0x7F or not (0 <= x < _MAX_COORDINATE and 0 <= y < _MAX_COORDINATE):
            return
        kind: type[events.MouseEvent]
        button = (buttons + 1) & 3
        if buttons & 64:
            # A wheel is not released.
            if not is_press or buttons & 32:
                return
            kind, button = _SCROLLS[buttons & 3], 0
        elif buttons & 32 or not button:
            kind = events.MouseMove
        else:
            kind = events.MouseDown if is_press else events.MouseUp
        moved_x, moved_y = x - self._mouse_x, y - self._mouse_y
        self._mouse_x, self._mouse_y = x, y
        modifiers = bool(buttons & 4), bool(buttons & 8), bool(buttons & 16)
        yield kind(None, x, y, moved_x, moved_y, button, *modifiers, screen_x=x, screen_y=y)


def _motion_of(message: Message) -> object:
    """Return a value that identifies a cursor key or turn of the wheel; None for any other event."""
    if isinstance(message, events.Key):
        return message.key if message.key in _MOTION_KEYS else None
    return type(message) if isinstance(message, _SCROLLS) else None


def _supersedes(message: Message, before: Message) -> bool:
    """Return whether `message` replaces `before`: for moves with the same button and for focus reports."""
    if isinstance(message, events.MouseMove) and isinstance(before, events.MouseMove):
        return message.button == before.button
    return isinstance(message, _FOCUS_REPORTS) and isinstance(before, _FOCUS_REPORTS)


def _character_keys(text: str, *, is_alt: bool) -> Iterator[events.Key]:
    if is_alt and f"\x1b{text}" in ANSI_SEQUENCES_KEYS:
        yield from _table_keys(f"\x1b{text}")
        return
    known = ANSI_SEQUENCES_KEYS.get(text)
    if isinstance(known, tuple):
        yield from (events.Key(key.value, text) for key in known)
        return
    name = _character_to_key(text)
    if is_alt:
        name = f"alt+shift+{name.lower()}" if len(name) == 1 and name.isupper() else f"alt+{name}"
    yield events.Key(name, text)


def _sequence_keys(sequence: str) -> Iterator[events.Key]:
    if match := re.fullmatch(_OTHER_KEY, sequence):
        yield from _other_keys(int(match["code"]), int(match["modifiers"]))
        return
    match = re.fullmatch(_KITTY_KEY, sequence)
    keys = _kitty_keys(match) if match is not None else None
    yield from _table_keys(sequence) if keys is None else keys


def _table_keys(sequence: str) -> Iterator[events.Key]:
    """Yield the keys of a sequence in Textual's table of known sequences; none for other sequences."""
    known = ANSI_SEQUENCES_KEYS.get(sequence)
    if isinstance(known, str):
        yield from _character_keys(known, is_alt=False)
    elif isinstance(known, tuple):
        yield from (events.Key(key.value, None) for key in known if key is not Keys.Ignore)


def _kitty_keys(match: re.Match[str]) -> list[events.Key] | None:
    """Return the keys of a sequence of the kitty protocol: none for a release, None when it is not such a key."""
    final = match["final"]
    code = int(match["code"] or 1)
    modifiers = int(match["modifiers"] or 1)
    event = int(match["event"] or 1)
    if final == "R" and match["modifiers"] is not None:
        # Row and column of the cursor, though F3 with a modifier is the same.
        return []
    if not 1 <= modifiers <= _MAX_MODIFIERS or event not in _KEY_EVENTS:
        return None
    name = FUNCTIONAL_KEYS.get(f"{code}{final}")
    text = _decode_text(match["text"])
    # Code 0 is text without a key, from an input method.
    is_character = final == "u" and (_is_printable(code) or (code == 0 and bool(text)))
    if text is None or (name is None and not is_character):
        return None
    if event == _RELEASE:
        return []
    if text:
        return [_key(name or _character_to_key(char), modifiers, char) for char in text]
    return [_key(name or _character_to_key(chr(code)), modifiers, None if name else chr(code))]


def _other_keys(code: int, modifiers: int) -> list[events.Key]:
    """Return the key of a modifyOtherKeys sequence, if it is one; Shift is already applied to its character."""
    name = FUNCTIONAL_KEYS.get(f"{code}u")
    if not 1 <= modifiers <= _MAX_MODIFIERS or not (name or _is_printable(code)):
        return []
    return [_key(name or _character_to_key(chr(code)), modifiers, None if name else chr(code))]


def _decode_text(codes: str | None) -> str | None:
    """Return the text of a key, empty without text; None when it is not printable."""
    numbers = [int(code) for code in (codes or "").split(":") if code]
    return "".join(map(chr, numbers)) if all(map(_is_printable, numbers)) else None


def _is_printable(code: int) -> bool:
    # The protocol uses the private use area for keys.
    return code <= sys.maxunicode and chr(code).isprintable()


def _key(name: str, modifiers: int, text: str | None) -> events.Key:
    """Build a key event with its modifiers. `text` is its character, to which Shift is already applied."""
    held = {modifier for bit, modifier in enumerate(_MODIFIERS) if modifiers - 1 & 1 << bit}
    if name in MODIFIER_FUNCTIONAL_KEYS:
        held.clear()
    if text is not None and not text.isspace():
        held.discard("shift")
    character = None if held - {"shift"} else text or (None if held else _CHARACTERS.get(name))
    return events.Key("+".join([*sorted(held), name]), character)
