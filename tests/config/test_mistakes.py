"""How mistakes of shape are worded: once, with the place of the key, and in the words of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes

_ITS_UPSTREAM = "upstream: http://127.0.0.1:9000"


def with_upstream(settings: str) -> str:
    """The bookshop with settings for its upstream."""
    targets = 'targets: [{url: "http://127.0.0.1:9000"}]'
    assert _ITS_UPSTREAM in BOOKSHOP
    return BOOKSHOP.replace(_ITS_UPSTREAM, f"upstream: {{{targets}, {settings}}}")


def test_a_wrong_duration_that_could_be_off_is_told_once_at_its_key(tmp_path: Path) -> None:
    found = mistakes(tmp_path, with_upstream("slow_start: 0s"))
    assert [(one.code, one.pointer) for one in found] == [("duration-invalid", "/apis/0/upstream/slow_start")]


def test_a_choice_that_is_listed_in_the_message_is_not_listed_again_in_the_hint(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, BOOKSHOP + "policies: [{name: a, forbid: {}, mode: perhaps}]\n")
    assert (found.message, found.hint) == ("expected one of `enforce`, `monitor`, `off`", "")


def test_a_method_that_needs_settings_is_told_how_to_write_them(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, BOOKSHOP.replace("identify: [api-key]", "identify: [webhook]"))
    assert found.code == "unknown-value"
    assert found.hint == "`webhook` needs settings: write `identify: {webhook: {app: forge, header: x-signature}}`"


def test_a_list_that_is_too_short_is_told_how_long_it_must_be(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, BOOKSHOP + "duties: [{name: a, rights: [[api:edit]]}]\n")
    assert (found.code, found.message) == ("out-of-range", "this must have at least 2 entries")


def test_a_status_is_written_with_or_without_quotes(tmp_path: Path) -> None:
    loaded = load(tmp_path, with_upstream('retries: {when: [502, "503"]}'))
    assert loaded.diagnostics == ()
    retries = loaded.configuration.apis[0].upstream.retries
    assert retries is not None
    assert retries.on == ("502", "503")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("200", "expected one of `301`, `302`, `303`, `307`, `308`"),
        ('"308"', "expected a number, found text"),
    ],
)
def test_a_number_that_is_no_choice_is_told_the_choices(tmp_path: Path, status: str, message: str) -> None:
    redirects = f"{_ITS_UPSTREAM}\n    redirects: [{{from: /old, to: /new, status: {status}}}]"
    (found,) = mistakes(tmp_path, BOOKSHOP.replace(_ITS_UPSTREAM, redirects))
    assert (found.message, "308" in f"{found.message} {found.hint}") == (message, True)


def test_what_is_empty_is_told_in_plain_words(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, with_upstream("versions: [{name: next, targets: []}]"))
    assert (found.code, found.message) == ("out-of-range", "this must not be empty")
