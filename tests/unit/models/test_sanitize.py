from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.models.sanitize import REPLACEMENT, sanitize

# Of the invisible and direction-changing characters, those that hypothesis would seldom find by itself.
HOSTILE = st.sampled_from(
    "\x00\x07\x1b\x7f\x85\x9b\u00ad\u061c\u200b\u200e\u202e\u2028\u2029\u2066\ufeff\ud800\U000e0041"
)
ANY_TEXT = st.text(
    st.one_of(st.characters(exclude_categories=()), HOSTILE, st.sampled_from("e\u0301\u0308\u20dd\ufe0f🇩🏽"))
)
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me"}


@settings(max_examples=150)
@given(ANY_TEXT)
@example("".join(map(chr, range(0x110000)))[:4096])
def test_nothing_survives_that_a_terminal_would_act_upon(text: str) -> None:
    bad = {char for char in sanitize(text) if unicodedata.category(char) in FORBIDDEN}
    assert not bad


def test_no_character_of_unicode_survives_that_a_terminal_would_act_upon() -> None:
    # Planes 4 to 13 hold nothing but unassigned code points; one of them stands for all.
    for block in (*range(0x00000, 0x40000, 0x400), 0x40000, *range(0xE0000, 0xE1000, 0x400), 0xF0000, 0x10FC00):
        drawn = sanitize("a".join(map(chr, range(block, block + 0x400))))
        assert not [f"U+{ord(char):04X}" for char in drawn if unicodedata.category(char) in FORBIDDEN]


@settings(max_examples=150)
@given(ANY_TEXT, st.integers(1, 40))
@example("\u0958" * 40, 40)
@example("e\u0301" * 40, 20)
def test_what_is_inert_stays_as_it_is(text: str, limit: int) -> None:
    once = sanitize(text, limit)
    assert sanitize(once, limit) == once


@settings(max_examples=100)
@given(ANY_TEXT, st.integers(1, 40))
@example("\ufb2c" * 10, 10)
def test_it_is_one_line_of_at_most_the_limit(text: str, limit: int) -> None:
    result = sanitize(text, limit)
    assert len(result) <= limit
    assert len(result.splitlines()) <= 1


@settings(max_examples=100)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_untouched(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("财务系统-CDP", "财务系统-CDP", id="wide characters stay"),
        pytest.param("Bücher", "Bücher", id="composed letters stay"),
        pytest.param("Bu\u0308cher", "Bücher", id="decomposed letters are composed"),
        pytest.param("شبكة", "شبكة", id="letters of other scripts stay"),
        pytest.param("a\u00a0b\u3000c", "a b c", id="odd blanks become blanks"),
        pytest.param("a\tb\r\nc", "a␉b␍␊c", id="line ends and tabs become pictures"),
        pytest.param("\x1b[2J", "␛[2J", id="an escape sequence becomes text"),
        pytest.param("\x9b2J", f"{REPLACEMENT}2J", id="an eight-bit escape becomes a mark"),
        pytest.param("erp\u202egpj", f"erp{REPLACEMENT}gpj", id="a right-to-left override becomes a mark"),
        pytest.param("a\u200bb", f"a{REPLACEMENT}b", id="a zero-width blank becomes visible"),
        pytest.param("\ud83d", REPLACEMENT, id="half a surrogate pair becomes a mark"),
        pytest.param("👍🏽", "👍", id="skin tones go"),
        pytest.param("❤️", "❤", id="variation selectors go"),
        pytest.param("🇩🇪", "DE", id="flags become their letters"),
        pytest.param("[red]x[/]", "[red]x[/]", id="markup is only text"),
        pytest.param("\u0301a", "a", id="a mark with nothing to stand on goes"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_texts_become_what_can_be_drawn(text: str, expected: str) -> None:
    assert sanitize(text) == expected


def test_marks_stacked_on_one_letter_are_limited() -> None:
    stacked = sanitize("x" + "\u0300" * 50 + "y")
    assert len(stacked) == 4
    assert (stacked[0], stacked[-1]) == ("x", "y")


@pytest.mark.parametrize(
    "char",
    [
        pytest.param("\u034f", id="combining grapheme joiner"),
        pytest.param("\u115f", id="hangul choseong filler"),
        pytest.param("\u1160", id="hangul jungseong filler"),
        pytest.param("\u17b4", id="khmer inherent vowel"),
        pytest.param("\u3164", id="hangul filler"),
        pytest.param("\uffa0", id="halfwidth hangul filler"),
    ],
)
def test_invisible_letters_do_not_hide_themselves(char: str) -> None:
    assert char not in sanitize(f"erp{char}db")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("abcdef", 6, "abcdef", id="as long as it may be"),
        pytest.param("abcdefg", 6, "abcde…", id="one too long"),
        pytest.param("财务系统财务系统", 4, "财务系…", id="wide characters count as one"),
        pytest.param("ab", 1, "…", id="room for the sign only"),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis(text: str, limit: int, expected: str) -> None:
    assert sanitize(text, limit) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("e\u0301" * 100, id="letters that shrink when composed"),
        pytest.param("a" + "\ufe0f" * 100 + "the rest", id="characters that go away"),
        pytest.param("a" + "\u0300" * 100 + "the rest", id="marks that go away"),
    ],
)
def test_text_that_lost_its_end_says_so_also_when_it_shrank(text: str) -> None:
    assert sanitize(text, 20).endswith("…")


def test_a_hostile_megabyte_costs_no_more_than_its_beginning() -> None:
    assert sanitize("\x1b" * 10_000_000, 5) == "␛␛␛␛…"
