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
def test_sanitized_text_has_nothing_that_a_terminal_interprets(text: str) -> None:
    bad = {char for char in sanitize(text) if unicodedata.category(char) in FORBIDDEN}
    assert not bad


def test_no_unicode_character_is_interpreted_after_sanitizing() -> None:
    # Planes 4 to 13 hold nothing but unassigned code points; one of them stands for all.
    for block in (*range(0x00000, 0x40000, 0x400), 0x40000, *range(0xE0000, 0xE1000, 0x400), 0xF0000, 0x10FC00):
        drawn = sanitize("a".join(map(chr, range(block, block + 0x400))))
        assert not [f"U+{ord(char):04X}" for char in drawn if unicodedata.category(char) in FORBIDDEN]


@settings(max_examples=150)
@given(ANY_TEXT, st.integers(1, 40))
@example("\u0958" * 40, 40)
@example("e\u0301" * 40, 20)
def test_sanitizing_is_idempotent(text: str, limit: int) -> None:
    once = sanitize(text, limit)
    assert sanitize(once, limit) == once


@settings(max_examples=100)
@given(ANY_TEXT, st.integers(1, 40))
@example("\ufb2c" * 10, 10)
def test_sanitized_text_is_one_line_within_the_limit(text: str, limit: int) -> None:
    result = sanitize(text, limit)
    assert len(result) <= limit
    assert len(result.splitlines()) <= 1


@settings(max_examples=100)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_unchanged(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("财务系统-CDP", "财务系统-CDP", id="wide characters stay"),
        pytest.param("Bücher", "Bücher", id="composed letters stay"),
        pytest.param("Bu\u0308cher", "Bücher", id="decomposed letters are composed"),
        pytest.param("شبكة", "شبكة", id="letters of other scripts stay"),
        pytest.param("a\u00a0b\u3000c", "a b c", id="other spaces become spaces"),
        pytest.param("a\tb\r\nc", "a␉b␍␊c", id="line ends and tabs become pictures"),
        pytest.param("\x1b[2J", "␛[2J", id="escape sequence becomes text"),
        pytest.param("\x9b2J", f"{REPLACEMENT}2J", id="eight-bit escape is replaced"),
        pytest.param("erp\u202egpj", f"erp{REPLACEMENT}gpj", id="right-to-left override is replaced"),
        pytest.param("a\u200bb", f"a{REPLACEMENT}b", id="zero-width space is replaced"),
        pytest.param("\ud83d", REPLACEMENT, id="lone surrogate is replaced"),
        pytest.param("👍🏽", "👍", id="skin tones are removed"),
        pytest.param("❤️", "❤", id="variation selectors are removed"),
        pytest.param("🇩🇪", "DE", id="flags become their letters"),
        pytest.param("[red]x[/]", "[red]x[/]", id="markup stays text"),
        pytest.param("\u0301a", "a", id="mark without a letter is removed"),
        pytest.param("", "", id="empty"),
    ],
)
def test_sanitize_examples(text: str, expected: str) -> None:
    assert sanitize(text) == expected


def test_combining_marks_per_letter_are_limited() -> None:
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
def test_invisible_letters_become_visible(char: str) -> None:
    assert char not in sanitize(f"erp{char}db")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("abcdef", 6, "abcdef", id="at the limit"),
        pytest.param("abcdefg", 6, "abcde…", id="one too long"),
        pytest.param("财务系统财务系统", 4, "财务系…", id="wide characters count as one"),
        pytest.param("ab", 1, "…", id="only the ellipsis fits"),
    ],
)
def test_cut_text_ends_with_an_ellipsis(text: str, limit: int, expected: str) -> None:
    assert sanitize(text, limit) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("e\u0301" * 100, id="letters that shrink when composed"),
        pytest.param("a" + "\ufe0f" * 100 + "the rest", id="removed characters"),
        pytest.param("a" + "\u0300" * 100 + "the rest", id="removed marks"),
    ],
)
def test_cut_text_has_an_ellipsis_even_when_it_shrank(text: str) -> None:
    assert sanitize(text, 20).endswith("…")


def test_only_the_beginning_of_a_huge_text_is_read() -> None:
    assert sanitize("\x1b" * 10_000_000, 5) == "␛␛␛␛…"
