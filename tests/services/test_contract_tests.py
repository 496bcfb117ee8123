"""Tests from a contract: a right upstream passes, and each kind of wrong one is caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.terminal import yett
from tests.services.test_sending import serving
from yett.errors import YettError
from yett.gateway import native_available
from yett.services.contract_tests import TrialOptions, secret_headers, try_configuration, try_url

CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: 1.0.0}
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1, maximum: 99}, example: 7}
        - {name: size, in: query, required: true, schema: {type: string, enum: [small, large]}}
      responses:
        "200":
          description: It.
          content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}}}}}
        "400": {description: No.}
    delete:
      operationId: removeThing
      parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1, maximum: 99}}]
      responses: {"204": {description: Gone.}, "400": {description: No.}}
"""
Reply = tuple[int, dict[str, str], bytes]
JSON = {"content-type": "application/json"}
OPTIONS = TrialOptions(seed=7, cases=15, seconds=40, only=("getThing",))


def fits(path: str) -> bool:
    parts = urlsplit(path)
    name = parts.path.rpartition("/")[2]
    is_id = name.isascii() and name.isdigit() and not (len(name) > 1 and name[0] == "0") and 1 <= int(name[:9]) <= 99
    query = parse_qs(parts.query, keep_blank_values=True)
    return is_id and parts.path.count("/") == 2 and query.get("size") in (["small"], ["large"]) and len(query) == 1


def right(path: str) -> Reply:
    return (200, JSON, b'{"id": 1}') if fits(path) else (400, {}, b"")


WRONG: dict[str, tuple[Callable[[str], Reply], str]] = {
    "a body that does not fit": (
        lambda path: (200, JSON, b'{"id": "1"}') if fits(path) else right(path),
        "/id does not fit",
    ),
    "a status that is not described": (lambda path: (202, JSON, b"{}") if fits(path) else right(path), "status 202"),
    "another type": (
        lambda path: (200, {"content-type": "text/html"}, b"x") if fits(path) else right(path),
        "text/html",
    ),
    "a failure": (lambda path: (500, {}, b"") if "large" in path else right(path), "the server fails: 500"),
    "everything taken": (lambda _path: (200, JSON, b'{"id": 1}'), "a request that does not fit is accepted"),
}


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "things.openapi.yaml"
    path.write_text(CONTRACT)
    return path


def test_a_right_upstream_passes_and_the_same_seed_asks_the_same(contract: Path) -> None:
    asked = []
    for _ in range(2):
        with serving(right) as (url, seen):
            report = try_url(url, contract, OPTIONS)
        assert report.failures == []
        assert report.sent > 20
        asked.append([one[1] for one in seen])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_upstream_is_caught_with_a_way_to_repeat_it(kind: str, contract: Path) -> None:
    reply, told = WRONG[kind]
    with serving(reply) as (url, _):
        report = try_url(url, contract, OPTIONS)
    assert any(told in one.failure for one in report.failures)
    assert all(one.detail.startswith("curl -i -X GET ") for one in report.failures)


def test_a_test_ends_when_its_time_is_over(contract: Path) -> None:
    with serving(right) as (url, _):
        report = try_url(url, contract, TrialOptions(seed=1, cases=5_000, seconds=1, only=("getThing",)))
    assert report.seconds < 30


def test_on_other_machines_nothing_is_changed_unless_it_is_said(contract: Path) -> None:
    report = try_url("http://api.invalid", contract, TrialOptions(seed=1, cases=1, seconds=2, timeout_s=0.5))
    skipped = [one for one in report.cases if one.skipped]
    assert ("removeThing", "--all-methods" in skipped[0].skipped) == (skipped[0].name, True)
    assert not any("DELETE" in one.detail for one in report.cases)


def test_secrets_of_headers_are_in_requests_and_in_no_report(contract: Path) -> None:
    headers, secrets = secret_headers(["Authorization: Bearer $TOKEN"], {"TOKEN": "s3cret-s3cret"})
    with serving(WRONG["a failure"][0]) as (url, seen):
        report = try_url(
            url, contract, TrialOptions(seed=1, cases=10, only=("getThing",), headers=headers, secrets=secrets)
        )
    assert seen[0][2]["authorization"] == "Bearer s3cret-s3cret"
    assert report.failures
    assert all("s3cret" not in one.detail and "$TOKEN" in one.detail for one in report.failures)
    with pytest.raises(YettError, match="NOWHERE"):
        secret_headers(["a: $NOWHERE"], {})


@pytest.mark.parametrize("form", ["text", "json", "junit", "html"])
def test_the_command_tells_every_failure(form: str, contract: Path) -> None:
    with serving(WRONG["a failure"][0]) as (url, _):
        shown = yett(
            "test", url, "-c", str(contract), "--cases", "5", "--seed", "3", "--only", "getThing", "--report", form
        )
    assert shown.code == 1
    assert "the server fails: 500" in shown.out
    assert "seed 3" in shown.out or form in ("json", "junit")
    if form == "json":
        assert json.loads(shown.out)["seed"] == 3


def test_a_url_needs_a_contract() -> None:
    assert yett("test", "http://127.0.0.1:1").code == 2


CONFIG = """
yett: 1
apis:
  - {name: things, contract: things.openapi.yaml, upstream: URL, base_path: /v1, owner: crew, identify: [api-key]}
profiles: [{name: reader, grants: [{operation: "things:getThing"}]}]
teams: [{name: crew}]
apps: [{name: caller, team: crew, profiles: [reader], keys: [{env: NOT_SET}]}]
"""


@pytest.mark.skipif(not native_available(), reason="the native module is not built: run `make build`")
@pytest.mark.parametrize(("kind", "failures"), [("right", 0), ("a failure", 1), ("a body that does not fit", 1)])
def test_a_configuration_is_tested_through_a_real_gateway(kind: str, failures: int, contract: Path) -> None:
    reply = right if kind == "right" else WRONG[kind][0]
    with serving(reply) as (url, seen):
        (contract.parent / "yett.yaml").write_text(CONFIG.replace("URL", url))
        report = try_configuration(str(contract.parent), {}, OPTIONS)
    assert bool(report.failures) is bool(failures)
    assert any(one.group == "access" for one in report.cases)
    # What does not fit stays at the gateway.
    assert all(fits(one[1]) for one in seen if one[1].startswith("/things"))
    assert all("yett_trial_" not in one.detail for one in report.cases)


@pytest.mark.skipif(not native_available(), reason="the native module is not built: run `make build`")
def test_the_gateway_catches_an_upstream_that_takes_everything_before_it_is_asked(contract: Path) -> None:
    with serving(WRONG["everything taken"][0]) as (url, _):
        (contract.parent / "yett.yaml").write_text(CONFIG.replace("URL", url))
        assert try_configuration(str(contract.parent), {}, OPTIONS).failures == []
