"""The tokenizer on cut, broken, endless and hostile input."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.tui.terminal.control_sequences import (
    MAX_PASTE_BYTES,
    MAX_PASTE_S,
    MAX_SEQUENCE_CHARS,
    SEQUENCE_TIMEOUT_S,
    Character,
    ControlSequence,
    ControlSequenceTokenizer,
    EscapeKey,
    PastedText,
    Token,
)
from tests.unit.tui.terminal.input_bytes import KEYS, SILENT, silent_sequences, streams

DELAY_S = 0.1


class Keyboard:
    """A tokenizer with its own clock."""

    def __init__(self) -> None:
        self.tokenizer = ControlSequenceTokenizer(escape_delay_s=DELAY_S)
        self.now = 0.0

    def send(self, data: bytes) -> list[Token]:
        return self.tokenizer.feed(data, self.now)

    def wait(self, seconds: float) -> list[Token]:
        """Let time pass as the input thread does: it wakes at each deadline."""
        tokens: list[Token] = []
        until = self.now + seconds
        while self.tokenizer.deadline is not None and self.tokenizer.deadline <= until:
            self.now = self.tokenizer.deadline
            tokens += self.tokenizer.expire(self.now)
        self.now = until
        return tokens

    def send_slowly(self, *pieces: bytes, gap_s: float) -> list[Token]:
        tokens: list[Token] = []
        for piece in pieces:
            tokens += [*self.send(piece), *self.wait(gap_s)]
        return tokens


def tokens_of(*pieces: bytes) -> list[Token]:
    """Return the tokens of pieces that arrive at once, and of the time-outs after them."""
    return Keyboard().send_slowly(*pieces, gap_s=0.0)


def cuts_of(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(data[:at], data[at:]) for at in range(1, len(data))]


@pytest.mark.parametrize(
    ("data", "tokens"),
    [
        (b"aQ \r\x03\x7f", [Character(char) for char in "aQ \r\x03\x7f"]),
        ("财é🙂".encode(), [Character("财"), Character("é"), Character("🙂")]),
        (b"\x1b[A", [ControlSequence("\x1b[A")]),
        (b"\x1bOP", [ControlSequence("\x1bOP")]),
        (b"\x9bA", [ControlSequence("\x1b[A")]),
        (b"\x1b[[E", [ControlSequence("\x1b[[E")]),
        (b"\x1b[97;1:3u", [ControlSequence("\x1b[97;1:3u")]),
        (b"\x1b[3$\x1b[A", [ControlSequence("\x1b[3$"), ControlSequence("\x1b[A")]),
        (b"\x1bx", [Character("x", is_alt=True)]),
        ("\x1b财".encode(), [Character("财", is_alt=True)]),
        (b"\x1b\x1b[A", [EscapeKey(), ControlSequence("\x1b[A")]),
        (b"\x1b[200~a\x1b[Ab\tq\r\n\x03\x1b[201~c", [PastedText("a[Ab\tq\r\n"), Character("c")]),
        (b"\x1b[?6\x18q", [Character("q")]),
        (b"\x1b]11;\x1b[A", [ControlSequence("\x1b[A")]),
        (b"\x1b[1\r2;5\x7fA", [ControlSequence("\x1b[12;5A")]),
        (b"\x1b[Mqqqa", [Character("a")]),
        (b"\xe8q", [Character("q")]),
        (b"\xff\xc0\xafq", [Character("q")]),
    ],
)
def test_bytes_make_tokens_wherever_they_are_cut(data: bytes, tokens: list[Token]) -> None:
    assert tokens_of(data) == tokens
    for pieces in cuts_of(data):
        assert tokens_of(*pieces) == tokens, pieces


@pytest.mark.parametrize("data", SILENT.values(), ids=SILENT)
def test_sequence_that_is_not_a_key_types_nothing(data: bytes) -> None:
    assert all(isinstance(token, ControlSequence) for token in tokens_of(data))


@pytest.mark.parametrize("data", SILENT.values(), ids=SILENT)
def test_sequence_cut_in_two_types_nothing_wherever_it_is_cut(data: bytes) -> None:
    cuts = cuts_of(data) if len(data) < 100 else cuts_of(data)[:: len(data) // 50]
    # Privacy messages and SOS strings are not replies; their introducers are typed after a single escape.
    for first, second in cuts[1:] if data[:2] in (b"\x1b^", b"\x1bX") else cuts:
        tokens = Keyboard().send_slowly(first, second, gap_s=0.3)
        is_escape_reported = first == b"\x1b"
        assert not [token for token in tokens[is_escape_reported:] if not isinstance(token, ControlSequence)], first
        assert tokens[:is_escape_reported] == [EscapeKey()] * is_escape_reported


@pytest.mark.parametrize("data", [key for key in KEYS if len(key) > 1 and key not in (b"\x1ba", b"\x1b[3$")])
def test_key_cut_in_two_is_decoded_unless_cut_after_its_escape(data: bytes) -> None:
    whole = tokens_of(data)
    for first, second in cuts_of(data):
        if first != b"\x1b":
            assert Keyboard().send_slowly(first, second, gap_s=0.3) == whole, first


@given(streams, st.lists(st.integers(min_value=0)))
def test_any_cuts_give_the_same_tokens(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    assert tokens_of(*pieces) == tokens_of(data)
    assert tokens_of(*(bytes([byte]) for byte in data)) == tokens_of(data)


@given(silent_sequences, silent_sequences)
def test_random_sequence_that_is_not_a_key_types_nothing(first: bytes, second: bytes) -> None:
    tokens = tokens_of(first, second, b"q")
    assert tokens[-1] == Character("q")
    assert all(isinstance(token, ControlSequence) for token in tokens[:-1])


@given(streams)
def test_any_bytes_give_valid_tokens_and_a_key_after_silence(data: bytes) -> None:
    keyboard = Keyboard()
    tokens = [*keyboard.send(data), *keyboard.wait(10.0)]
    assert keyboard.tokenizer.deadline is None
    for token in tokens:
        match token:
            case Character(text):
                assert len(text) == 1
                assert not "\x80" <= text < "\xa0"
            case ControlSequence(text):
                assert text.isascii()
                assert text.isprintable() or text[1:].isprintable()
                assert len(text) <= MAX_SEQUENCE_CHARS + 3
    assert keyboard.send(b"q") == [Character("q")]


@pytest.mark.parametrize(
    "unfinished",
    [
        b"\x1b[",
        b"\x1b[1;",
        b"\x1bO",
        b"\x1b]11;rgb:",
        b"\x1bP>|",
        b"\x1b_G",
        b"\x1b[M",
        b"\x1b[" + b"1" * 6_000,
        b"\x1b]" + b"x" * 6_000,
    ],
)
def test_unfinished_sequence_is_dropped_after_a_time_out(unfinished: bytes) -> None:
    keyboard = Keyboard()
    assert keyboard.send_slowly(unfinished, gap_s=1.1) == []
    assert keyboard.send(b"q") == [Character("q")]


def test_unfinished_paste_does_not_swallow_keys_for_ever() -> None:
    keyboard = Keyboard()
    assert keyboard.send_slowly(b"\x1b[200~quit", b"q?", gap_s=2.0) == []
    assert keyboard.wait(3.1) == []
    assert keyboard.send(b"q") == [Character("q")]


def test_incomplete_character_has_no_time_out_and_delays_no_key() -> None:
    assert Keyboard().send_slowly(b"\xe8", b"\xb4", b"\xa2", gap_s=60.0) == [Character("财")]
    assert Keyboard().send_slowly(b"\xe8", b"q", gap_s=60.0) == [Character("q")]


def test_lone_escape_is_the_escape_key_after_a_short_silence() -> None:
    keyboard = Keyboard()
    assert keyboard.send_slowly(b"\x1b", gap_s=0.09) == []
    assert keyboard.wait(0.02) == [EscapeKey()]
    assert keyboard.wait(60.0) == []


@pytest.mark.parametrize(
    "rest", [b"[?6c", b"]11;rgb:0/0/0\x07", b"[<0;3;4M", b"P>|tmux\x1b\\", b"[B", b"OB", b"_Gi=1;OK\x1b\\"]
)
def test_late_rest_of_a_sequence_types_nothing(rest: bytes) -> None:
    assert Keyboard().send_slowly(b"\x1b", rest, b"q", gap_s=0.3) == [EscapeKey(), Character("q")]


@pytest.mark.parametrize("keys", [b"q", b"[", b"]", b"O", b"[[", b"]]", b"]j", b"[q", b"P?", b"_a", b"Oq", b"^X"])
def test_keys_soon_after_escape_are_keys(keys: bytes) -> None:
    typed = [Character(chr(key)) for key in keys]
    assert Keyboard().send_slowly(b"\x1b", keys, gap_s=0.5) == [EscapeKey(), *typed]


def test_paste_with_a_late_rest_is_text() -> None:
    assert Keyboard().send_slowly(b"\x1b", b"[200~q?\x1b[201~", gap_s=0.3) == [EscapeKey(), PastedText("q?")]


def test_long_paste_is_cut_and_its_rest_is_not_typed() -> None:
    keyboard = Keyboard()
    tokens = keyboard.send(b"\x1b[200~" + b"x" * 1_000_000 + b"\x1b[201~q")
    assert tokens == [PastedText("x" * MAX_PASTE_BYTES), Character("q")]


@pytest.mark.parametrize("endless", [b"\x1b[" + b"1;", b"\x1b]" + b"ab", b"\x1b[200~" + b"ab"])
def test_endless_sequence_takes_no_memory(endless: bytes) -> None:
    keyboard = Keyboard()
    keyboard.send(endless)
    for _ in range(500):
        assert keyboard.send(endless[-2:] * 2_000) == []
    held = [value for value in vars(keyboard.tokenizer).values() if isinstance(value, bytes | bytearray)]
    assert sum(map(len, held)) <= MAX_PASTE_BYTES + MAX_SEQUENCE_CHARS + 10


UNFINISHED = [b"\x1b]11;rgb:0", b"\x9d", b"\x1bP1$r", b"\x1b_G", b"\x1b[1;", b"\x1b[M!"]


@pytest.mark.parametrize("unfinished", [*UNFINISHED, b"\x1b[200~pasted"])
def test_keys_do_not_extend_an_unfinished_sequence(unfinished: bytes) -> None:
    tokenizer = ControlSequenceTokenizer(escape_delay_s=0.1)
    tokens, now = tokenizer.feed(unfinished, now=0.0), 0.0
    while Character("q") not in tokens:
        now += 0.1
        assert now < MAX_PASTE_S + 1.0
        tokens = [*tokenizer.expire(now), *tokenizer.feed(b"q", now)]


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_ctrl_c_belongs_to_an_unfinished_sequence_for_a_second(unfinished: bytes) -> None:
    tokenizer = ControlSequenceTokenizer(escape_delay_s=0.1)
    tokens, now = tokenizer.feed(unfinished, now=0.0), 0.0
    while Character("\x03") not in tokens:
        now += 0.3
        assert now < SEQUENCE_TIMEOUT_S + 0.5
        tokens = [*tokenizer.expire(now), *tokenizer.feed(b"\x03", now)]


@pytest.mark.parametrize("sequence", [b"\x1b#8", b"\x1b(B", b"\x1b%G", b"\x1b$)C", b"\x1b F"])
def test_selection_of_a_character_set_has_no_effect(sequence: bytes) -> None:
    tokenizer = ControlSequenceTokenizer(escape_delay_s=0.1)
    assert tokenizer.feed(sequence, now=0.0) == []
    assert tokenizer.feed(b"a", now=0.0) == [Character("a")]


def test_alt_and_a_punctuation_mark_is_a_key_when_nothing_follows() -> None:
    tokenizer = ControlSequenceTokenizer(escape_delay_s=0.1)
    assert tokenizer.feed(b"\x1b#", now=0.0) == []
    assert tokenizer.expire(0.2) == [Character("#", is_alt=True)]
