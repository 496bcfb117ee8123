"""`callouts`: what is accepted, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.config import load_configuration

CONFIGURATION = """
yett: 1
callouts:
  - {settings}
"""


def codes(tmp_path: Path, settings: str, rest: str = "") -> list[tuple[str, str]]:
    """Code and pointer of every mistake."""
    (tmp_path / "yett.yaml").write_text(CONFIGURATION.replace("{settings}", settings) + rest)
    return [(one.code, one.pointer) for one in load_configuration(str(tmp_path)).diagnostics]


def test_a_callout_has_safe_defaults(tmp_path: Path) -> None:
    assert codes(tmp_path, '{name: judge, url: "https://judge.example/?a=b"}') == []
    (callout,) = load_configuration(str(tmp_path)).configuration.callouts
    assert (callout.on_failure, callout.cache_ms, callout.send_body) == ("refuse", None, None)
    assert (callout.remote.private, callout.remote.plain, callout.remote.timeout_ms) == (False, False, 1_000)


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        ('{name: a, url: "http://judge.example"}', "url-plain", "/callouts/0/url"),
        ('{name: a, url: "http://192.0.2.1", plain_http: true}', "url-plain", "/callouts/0/url"),
        ('{name: a, url: "https://10.0.0.1"}', "address-private", "/callouts/0/url"),
        ('{name: a, url: "https://[fd00::1]:9443/x"}', "address-private", "/callouts/0/url"),
        ('{name: a, url: "https://127.0.0.1"}', "address-private", "/callouts/0/url"),
        ('{name: a, url: "https://u:p@judge.example"}', "secret-literal", "/callouts/0/url"),
        ('{name: a, url: "https://judge.example/#x"}', "url-invalid", "/callouts/0/url"),
        ('{name: a, url: "ftp://judge.example"}', "url-invalid", "/callouts/0/url"),
        ('{name: a, url: "https://judge.example", timeout: 61s}', "duration-invalid", "/callouts/0/timeout"),
        ('{name: a, url: "https://judge.example", cache: 2h}', "duration-invalid", "/callouts/0/cache"),
        ('{name: a, url: "https://judge.example", send: {body: 11MiB}}', "size-invalid", "/callouts/0/send/body"),
        (
            '{name: a, url: "https://judge.example", send: {headers: [x, Authorization]}}',
            "header-secret",
            "/callouts/0/send/headers/1",
        ),
        ('{name: a, url: "https://judge.example", ca: no.pem}', "file-missing", "/callouts/0/ca"),
        ('{name: a, url: "https://judge.example", on_failure: pass}', "unknown-value", "/callouts/0/on_failure"),
    ],
)
def test_what_would_be_unsafe_or_without_sense_is_a_mistake(
    tmp_path: Path, settings: str, code: str, pointer: str
) -> None:
    assert codes(tmp_path, settings) == [(code, pointer)]


def test_a_private_address_is_sound_where_it_is_meant(tmp_path: Path) -> None:
    assert codes(tmp_path, '{name: a, url: "https://10.0.0.1", private: true}') == []
    assert codes(tmp_path, '{name: a, url: "https://192.0.2.1"}') == []


def test_a_callout_that_is_not_there_cannot_be_asked(tmp_path: Path) -> None:
    rest = """
apis:
  - name: shop
    contract: shop.yaml
    upstream: http://127.0.0.1:9
    callouts: [judge, juge]
    operations: {getBook: {callouts: [nobody]}}
"""
    found = codes(tmp_path, '{name: judge, url: "https://judge.example"}', rest)
    assert [code for code, _ in found if code == "unknown-callout"] == ["unknown-callout"] * 2
