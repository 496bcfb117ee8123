"""`yett explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.gateway.fake import fake_native
from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, KEY, SETTINGS, lay_out


def test_a_refusal_is_shown_phase_by_phase_and_leaves_with_1(tmp_path: Path) -> None:
    with fake_native():
        shown = yett("explain", lay_out(tmp_path), "--request", "GET /shop/books/1", environment=ENVIRONMENT)
    assert shown.code == 1
    assert "✗ authorize no profile grants it" in shown.out
    assert "query a: no [unknown]" in shown.out
    assert "refused with 403 access-denied" in shown.out
    assert "retry-after: 1" in shown.out


def test_the_decision_as_json_is_the_engines(tmp_path: Path) -> None:
    with fake_native():
        shown = yett("explain", lay_out(tmp_path), "--request", "/a", "--json", environment=ENVIRONMENT)
    assert shown.json["code"] == "access-denied"
    assert shown.json["operation"] == "/a"


@pytest.mark.parametrize(
    "arguments", [("--request", "books"), ("--request", "GET /a", "--header", "no colon"), ("--request", "")]
)
def test_a_malformed_request_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert yett("explain", lay_out(tmp_path), *arguments, environment=ENVIRONMENT).code == 2


def test_a_missing_body_file_is_one_line(tmp_path: Path) -> None:
    body = f"@{tmp_path / 'gone'}"
    shown = yett("explain", lay_out(tmp_path), "--request", "POST /a", "--body", body, environment=ENVIRONMENT)
    assert (shown.code, shown.err) == (1, f"error {tmp_path / 'gone'}: no such file or directory\n")


def test_mistakes_are_shown_instead_of_a_decision(tmp_path: Path) -> None:
    shown = yett("explain", lay_out(tmp_path), "--request", "GET /a", environment={"READER_KEY": "odd"})
    assert (shown.code, shown.out) == (1, "")
    assert "error[key-malformed]" in shown.err


def test_without_the_engine_one_line_says_how_to_build_it(tmp_path: Path) -> None:
    with fake_native(present=False):
        shown = yett("explain", lay_out(tmp_path), "--request", "GET /a", environment=ENVIRONMENT)
    assert shown.code == 1
    assert "error[native-missing]" in shown.err
    assert "make build" in shown.err


@NATIVE
def test_a_key_that_is_not_there_is_named_only_where_one_was_sent(tmp_path: Path) -> None:
    path, request, absent = lay_out(tmp_path), ("--request", "GET /shop/books/1"), {"READER_KEY": ""}
    assert yett("explain", path, *request, "--app", "reader-app", environment=absent).err == ""
    assert yett("explain", path, *request, environment=absent).err == ""
    sent = yett("explain", path, *request, "--header", f"x-api-key: {KEY}", environment=absent)
    assert "warning[secret-empty]" in sent.err


@NATIVE
def test_an_app_that_does_not_exist_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    arguments = ("--request", "GET /shop/books/1", "--app", "raeder-app")
    shown = yett("explain", lay_out(tmp_path), *arguments, environment=ENVIRONMENT)
    assert shown.code == 1
    assert "error[unknown-app] there is no app `raeder-app`" in shown.err
    assert "did you mean `reader-app`?" in shown.err


@NATIVE
def test_the_hosts_are_named_where_the_request_names_none_of_them(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("base_path: /shop", "base_path: /shop, hosts: [a.example]"))
    shown = yett("explain", path, "--request", "GET /shop/books/1", environment=ENVIRONMENT)
    assert "hint: name the host with `--host`; there are APIs on `a.example`" in shown.err
    for host in ("a.example", "A.example:8080"):
        found = yett("explain", path, "--request", "GET /none", "--host", host, environment=ENVIRONMENT)
        assert "refused with 404 api-unknown" in found.out
        assert "hint" not in found.err


@NATIVE
def test_the_real_engine_explains_a_success(tmp_path: Path) -> None:
    arguments = ("--request", "GET /shop/books/1", "--app", "reader-app")
    shown = yett("explain", lay_out(tmp_path), *arguments, environment=ENVIRONMENT)
    assert shown.code == 0, shown.out + shown.err
    assert "allowed, to http://127.0.0.1:9" in shown.out
    for phase in ("receive", "route", "screen", "identify", "authorize", "limit", "inspect", "forward"):
        assert phase in shown.out


@NATIVE
def test_what_the_gateway_answers_itself_is_not_said_to_go_upstream(tmp_path: Path) -> None:
    moved = SETTINGS.replace("base_path: /shop", "base_path: /shop, redirects: [{from: /old, to: /books}]")
    shown = yett("explain", lay_out(tmp_path, moved), "--request", "GET /shop/old", environment=ENVIRONMENT)
    assert shown.code == 0
    assert "answered by the gateway with 308" in shown.out
    assert "upstream" not in shown.out
