"""Redaction of secrets in text."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.redaction import MASK, Redactor, mask_credentials, url_secrets

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


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param("Authorization: OAuth 5f2c9a", "Authorization: OAuth ***", id="session in a header"),
        pytest.param("Authorization: ZStack key-1:c2lnbg==", "Authorization: ZStack key-1:***", id="signature"),
        pytest.param("Proxy-Authorization: Basic dTpw", "Proxy-Authorization: Basic ***", id="proxy login"),
        pytest.param(
            "DELETE /v1/accounts/sessions/5f2c9a 200", "DELETE /v1/accounts/sessions/*** 200", id="logout URL"
        ),
        pytest.param("Cookie: JSESSIONID=0A1B; path=/", "Cookie: JSESSIONID=***; path=/", id="cookie"),
        pytest.param('["twofatoken::123456"]', '["twofatoken::***"]', id="one-time code"),
        pytest.param('{"password": "sesame"}', '{"password": "***"}', id="password in JSON"),
        pytest.param(f"hash {'0f' * 64}", "hash ***", id="SHA-512"),
        pytest.param(
            "task 9e107d9d372bb6826bd81d3542a419d6", "task 9e107d9d372bb6826bd81d3542a419d6", id="uuid is kept"
        ),
    ],
)
def test_credential_is_masked_by_its_form(text: str, masked: str) -> None:
    assert mask_credentials(text) == masked
