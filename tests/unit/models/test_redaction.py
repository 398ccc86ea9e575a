"""Redaction of secrets in text."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.redaction import MASK, Redactor, url_secrets

SECRETS = st.text(min_size=4, max_size=40).filter(lambda text: text.strip() and MASK not in text and "*" not in text)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_secret_is_masked_in_every_form(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    encodable = secret.encode(errors="replace").decode()
    for form in (secret, repr(secret), quote(encodable, safe="")):
        redacted = redactor.redact(f"{before} {form} {after}")
        assert secret not in redacted.removeprefix(before).removesuffix(after)


def test_secret_that_begins_with_another_is_masked_whole() -> None:
    redactor = Redactor()
    redactor.add("hunter", "hunter2-and-more")
    assert redactor.redact("hunter2-and-more, hunter") == f"{MASK}, {MASK}"


def test_userinfo_of_any_url_is_masked_even_with_an_at_in_the_password() -> None:
    assert Redactor().redact("at socks5://u:p@ss@proxy:1080/x y") == f"at socks5://{MASK}@proxy:1080/x y"


def test_short_secret_is_not_masked_by_its_value() -> None:
    redactor = Redactor()
    redactor.add("a", "")
    assert redactor.redact("a man") == "a man"


def test_password_of_a_url_is_found_as_it_is_written_and_decoded() -> None:
    assert "p@ss" in url_secrets("http://u:p%40ss@host")
    assert url_secrets("user:pass@host")[0] == "pass"
