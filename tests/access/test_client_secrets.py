"""Client secrets: made at random, known by their form, never taken for API keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.access.client_secrets import check_client_secret, new_client_secret
from yett.access.keys import contains_key, is_wellformed, mask_keys, new_key
from yett.errors import KeyFormatError


def test_a_new_secret_has_the_form_and_no_two_are_the_same() -> None:
    made = {new_client_secret("test") for _ in range(50)}
    assert len(made) == 50
    assert all(check_client_secret(one) == one for one in made)


def test_a_secret_is_no_api_key_and_a_key_is_no_secret() -> None:
    assert not is_wellformed(new_client_secret())
    with pytest.raises(KeyFormatError):
        check_client_secret(new_key().text)


def test_a_secret_is_masked_where_keys_are() -> None:
    secret = new_client_secret()
    assert contains_key(f"x {secret} y")
    assert secret[12:30] not in mask_keys(f"x {secret} y")


@given(st.text(max_size=80))
def test_what_is_no_secret_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(KeyFormatError) as refused:
        check_client_secret(text)
    assert len(text) < 5 or text not in str(refused.value)


def test_a_mistyped_secret_is_found_out() -> None:
    secret = new_client_secret()
    with pytest.raises(KeyFormatError):
        check_client_secret(secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:])


@pytest.mark.parametrize("env", ["", "LIVE", "a" * 17, "a_b"])
def test_a_bad_environment_is_refused(env: str) -> None:
    with pytest.raises(KeyFormatError):
        new_client_secret(env)
