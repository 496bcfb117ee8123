"""API keys: form, checksum, hash."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yett.access import keys
from yett.errors import KeyFormatError, SecretError

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent.parent / "golden" / "keys.json").read_text(encoding="utf-8"))
PEPPER = GOLDEN["pepper"].encode()


@pytest.mark.parametrize("vector", GOLDEN["keys"], ids=lambda vector: vector["env"])
def test_a_golden_key_when_parsed_gives_its_parts_and_hash(vector: dict[str, str]) -> None:
    key = keys.parse_key(vector["key"])
    assert (key.text, key.env, key.prefix) == (vector["key"], vector["env"], vector["prefix"])
    assert keys.hash_key(key.text, PEPPER) == vector["hash"]
    assert keys.is_prefix(key.prefix)
    assert keys.is_hash(vector["hash"])


def test_the_golden_pepper_is_known_by_its_id() -> None:
    assert keys.pepper_id(PEPPER) == GOLDEN["pepper_id"]


@pytest.mark.parametrize("text", GOLDEN["malformed"])
def test_a_malformed_key_when_parsed_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(KeyFormatError) as refusal:
        keys.parse_key(text)
    assert not keys.is_wellformed(text)
    assert "FAKEKEY" not in str(refusal.value) + refusal.value.hint


@given(env=st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True))
def test_a_new_key_is_wellformed_and_hides_its_secret(env: str) -> None:
    key = keys.new_key(env)
    assert keys.parse_key(key.text) == key
    assert key.random not in repr(key)
    assert key.text.startswith(key.prefix)


@given(position=st.integers(min_value=0, max_value=45), letter=st.sampled_from(keys.ALPHABET))
def test_a_key_when_one_character_is_mistyped_is_not_wellformed(position: int, letter: str) -> None:
    text = GOLDEN["keys"][0]["key"]
    at = len("yett_live_") + position
    mistyped = text[:at] + letter + text[at + 1 :]
    assert keys.is_wellformed(mistyped) is (mistyped == text)


@given(st.text())
def test_any_text_when_parsed_is_a_key_or_a_refusal(text: str) -> None:
    if keys.is_wellformed(text):
        assert keys.parse_key(text).text == text


@pytest.mark.parametrize("env", ["", "Live", "a_b", "a" * 17, "ä"])
def test_a_new_key_when_its_environment_is_malformed_is_refused(env: str) -> None:
    with pytest.raises(KeyFormatError):
        keys.new_key(env)


def test_two_new_keys_are_different() -> None:
    assert keys.new_key().text != keys.new_key().text


def test_text_around_a_key_when_masked_keeps_all_but_the_key() -> None:
    text = GOLDEN["keys"][0]["key"]
    assert keys.contains_key(f"key={text};")
    assert keys.mask_keys(f"key={text};") == "key=yett_***;"
    assert keys.mask_keys("yett_live_short") == "yett_live_short"


def test_a_new_pepper_is_long_enough() -> None:
    assert len(keys.read_pepper(keys.new_pepper())) == keys.PEPPER_MIN_BYTES


@given(st.binary(min_size=33, max_size=80))
def test_a_pepper_reads_the_same_from_hex_and_from_base64(pepper: bytes) -> None:
    assert keys.read_pepper(pepper.hex()) == pepper
    for text in (base64.b64encode(pepper).decode(), base64.urlsafe_b64encode(pepper).decode().rstrip("=")):
        # Zeros in base64 are a row of A: that is read as hex, here as in the engine.
        assume(set(text) - set("0123456789abcdefABCDEF="))
        assert keys.read_pepper(text) == pepper


@pytest.mark.parametrize("text", ["", "not a pepper", "ab" * 31, "hunter2hunter2", "ä" * 64, "a" * 45])
def test_a_short_or_odd_pepper_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SecretError) as refusal:
        keys.read_pepper(text)
    assert text == "" or text not in str(refusal.value)
