"""Known input tokens become events with Textual's names; others are dropped."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from cdptui.tui.terminal.control_sequences import ControlSequence, ControlSequenceTokenizer
from cdptui.tui.terminal.input_events import MAX_REPEATS, InputDecoder
from tests.unit.tui.terminal.input_bytes import SILENT, silent_sequences, streams


def messages_of(data: bytes) -> list[Message]:
    """Return the events of bytes, and of the time-outs after them."""
    tokenizer, decoder = ControlSequenceTokenizer(escape_delay_s=0.1), InputDecoder()
    messages = decoder.decode(tokenizer.feed(data, 0.0))
    while tokenizer.deadline is not None:
        messages += decoder.decode(tokenizer.expire(tokenizer.deadline))
    return messages


def keys_of(data: bytes) -> list[tuple[str, str | None]]:
    messages = messages_of(data)
    assert all(isinstance(message, events.Key) for message in messages), messages
    return [(message.key, message.character) for message in messages if isinstance(message, events.Key)]


@pytest.mark.parametrize("data", SILENT.values(), ids=SILENT)
def test_sequence_that_is_not_a_key_creates_no_event(data: bytes) -> None:
    assert messages_of(data) == []


@given(silent_sequences)
def test_random_sequence_that_is_not_a_key_creates_no_event(data: bytes) -> None:
    assert messages_of(data) == []


@given(streams)
def test_any_bytes_create_valid_events(data: bytes) -> None:
    for message in messages_of(data):
        match message:
            case events.Key(key=key, character=character):
                assert key
                assert character is None or len(character) == 1
            case events.MouseEvent(x=x, y=y):
                assert 0 <= x < 10_000
                assert 0 <= y < 10_000
            case _:
                known = events.Paste | events.AppFocus | events.AppBlur | TerminalSupportsSynchronizedOutput
                assert isinstance(message, known)


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"a", [("a", "a")]),
        (b"?", [("question_mark", "?")]),
        (b"\r", [("enter", "\r")]),
        (b"\x03", [("ctrl+c", "\x03")]),
        (b"\x1b", [("escape", "\x1b")]),
        ("财".encode(), [("财", "财")]),
        (b"\x1bx", [("alt+x", "x")]),
        (b"\x1bG", [("alt+shift+g", "G")]),
        (b"\x1b[97u", [("a", "a")]),
        (b"\x1b[97;1u", [("a", "a")]),
        (b"\x1b[97;1:1u", [("a", "a")]),
        (b"\x1b[97;1:2u", [("a", "a")]),
        (b"\x1b[97:65;2;65u", [("A", "A")]),
        (b"\x1b[63;2;63u", [("question_mark", "?")]),
        (b"\x1b[0;;36130u", [("财", "财")]),
        (b"\x1b[0;;36130:21153u", [("财", "财"), ("务", "务")]),
        (b"\x1b[97;5u", [("ctrl+a", None)]),
        (b"\x1b[97;69u", [("ctrl+a", None)]),
        (b"\x1b[27u", [("escape", None)]),
        (b"\x1b[13u", [("enter", "\r")]),
        (b"\x1b[57404;129;53u", [("5", "5")]),
        (b"\x1b[57441;2u", [("left_shift", None)]),
        (b"\x1b[1;1:2B", [("down", None)]),
        (b"\x1b[1;2P", [("shift+f1", None)]),
        (b"\x1b[3;5~", [("ctrl+delete", None)]),
        (b"\x1b[27;5;99~", [("ctrl+c", None)]),
        (b"\x1b[27;2;63~", [("question_mark", "?")]),
        (b"\x1b[27;2;13~", [("shift+enter", None)]),
        (b"\x1b[3$", [("shift+delete", None)]),
        (b"\x1b[[A", [("f1", None)]),
    ],
)
def test_key_has_its_name_and_character(data: bytes, keys: list[tuple[str, str | None]]) -> None:
    assert keys_of(data) == keys


TAKEN_FOR_CODE_POINTS = {
    *(f"\x1b[{number}~" for number in (25, 26, 28, 29, 31, 32, 33, 34, 62, 63)),
    *(f"\x1b[5{final}" for final in "ABCD"),
    *(f"\x1b[1;{modifiers}u" for modifiers in (5, 6, 7, 8)),
}
"""Keys of old terminals in Textual's table whose numbers its parser reports as characters."""


@pytest.mark.parametrize("sequence", sorted({*ANSI_SEQUENCES_KEYS} - {"\x1b", "\x1b\x1b", "\x9b"}), ids=repr)
def test_known_key_is_decoded_as_by_textual(sequence: str) -> None:
    theirs = [(key.key, key.character) for key in XTermParser().feed(sequence) if isinstance(key, events.Key)]
    if sequence in TAKEN_FOR_CODE_POINTS:
        table = ANSI_SEQUENCES_KEYS[sequence]
        assert isinstance(table, tuple)
        theirs = [(key.value, None) for key in table]
    assert keys_of(sequence.encode()) == theirs


@pytest.mark.parametrize(
    ("data", "kind", "button"),
    [
        (b"\x1b[<0;3;4M", events.MouseDown, 1),
        (b"\x1b[<0;3;4m", events.MouseUp, 1),
        (b"\x1b[<2;3;4M", events.MouseDown, 3),
        (b"\x1b[<32;3;4M", events.MouseMove, 1),
        (b"\x1b[<35;3;4M", events.MouseMove, 0),
        (b"\x1b[<64;3;4M", events.MouseScrollUp, 0),
        (b"\x1b[<65;3;4M", events.MouseScrollDown, 0),
        (b"\x1b[<66;3;4M", events.MouseScrollLeft, 0),
        (b"\x1b[<67;3;4M", events.MouseScrollRight, 0),
    ],
)
def test_mouse_report_is_decoded_as_by_textual(data: bytes, kind: type[events.MouseEvent], button: int) -> None:
    (ours,) = messages_of(data)
    (theirs,) = XTermParser().feed(data.decode())
    assert type(ours) is type(theirs) is kind
    assert isinstance(ours, events.MouseEvent)
    assert (ours.x, ours.y, ours.button) == (2, 3, button)
    assert list(ours.__rich_repr__()) == list(theirs.__rich_repr__())


def test_consecutive_mouse_moves_are_merged() -> None:
    moves = b"".join(b"\x1b[<35;%d;4M" % x for x in range(1, 1_000))
    messages = messages_of(moves + b"q" + moves)
    assert [type(message) for message in messages] == [events.MouseMove, events.Key, events.MouseMove]
    assert isinstance(messages[0], events.MouseMove)
    assert messages[0].x == 998


@pytest.mark.parametrize("motion", [b"\x1b[B", b"\x1b[6~", b"\x1b[<65;3;4M"])
def test_repeated_motion_keys_are_limited_and_other_keys_kept(motion: bytes) -> None:
    messages = messages_of(motion * 1_000 + b"q" + motion * 3)
    assert len(messages) == MAX_REPEATS + 1 + 3
    assert isinstance(messages[MAX_REPEATS], events.Key)


def test_last_of_consecutive_focus_reports_is_kept() -> None:
    assert [type(message) for message in messages_of(b"\x1b[I\x1b[O" * 1_000)] == [events.AppBlur]


def test_typed_characters_are_not_limited() -> None:
    assert keys_of(b"a" * 1_000 + b"\x7f" * 1_000) == [("a", "a")] * 1_000 + [("backspace", "\x7f")] * 1_000


def test_paste_focus_and_synchronized_output_are_reported() -> None:
    paste, focus, _, blur, synchronized = messages_of(
        b"\x1b[200~a\nq\x1b[201~\x1b[Iq\x1b[O\x1b[?2026;2$y\x1b[?2026;1$y"
    )
    assert isinstance(paste, events.Paste)
    assert paste.text == "a\nq"
    assert isinstance(focus, events.AppFocus)
    assert isinstance(blur, events.AppBlur)
    assert isinstance(synchronized, TerminalSupportsSynchronizedOutput)


def test_token_that_cannot_be_decoded_is_dropped_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    broken = ControlSequence(None)  # type: ignore[arg-type]  # a fault of the tokenizer
    with caplog.at_level(logging.ERROR):
        messages = InputDecoder().decode([broken, ControlSequence("\x1b[A"), broken])
    assert [message.key for message in messages if isinstance(message, events.Key)] == ["up"]
    assert len(caplog.records) == 1
