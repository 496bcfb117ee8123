"""The black-box cases: how they are read, and what the engine makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.contracts import load
from tests.contract.prism_cases import DIFFERENT, contract_of, expectation, read_case, read_cases, read_command
from tests.contract.prism_runner import run_cases
from yett.gateway import Request, native_available

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
====test====
When the age
is missing
====spec====
openapi: 3.0.2
paths:
  /pet/{id}:
    get:
      parameters: [{in: query, name: age, required: true, schema: {type: number}}]
====server====
mock -p 4010 ${document}
====command====
curl -i -X GET http://localhost:4010/pet/1?a=b -H "X-A: b"
====expect-loose====
HTTP/1.1 422 Unprocessable Entity
"""


def test_a_case_when_read_then_has_a_contract_a_request_and_a_status(tmp_path: Path) -> None:
    path = tmp_path / "case.txt"
    path.write_text(CASE)
    case = read_case(path, "validate-query-params/case.txt")
    assert (case.title, case.kind, case.mode, case.status) == ("When the age is missing", "openapi", "mock", 422)
    assert case.request == Request("GET", "/pet/1?a=b", host="localhost", headers=(("x-a", "b"),))
    assert expectation(case).status == 400
    contract = load(tmp_path, contract_of(case))
    assert contract.diagnostics == ()
    assert {one["name"] for one in contract.operations[0].parameters} == {"age", "id"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("curl -sIXGET http://h/a", Request("GET", "/a", host="localhost")),
        ("curl --head http://h", Request("HEAD", "/", host="localhost")),
        ("curl -i http://h/a\\?b\\=c", Request("GET", "/a?b=c", host="localhost")),
        ('curl -H "Accept:" http://h/a', Request("GET", "/a", host="localhost")),
        (
            "curl --request POST --url http://h/a -d '{}' --header 'Content-Type: application/json'",
            Request("POST", "/a", host="localhost", headers=(("content-type", "application/json"),), body="{}"),
        ),
        (
            "curl http://h/a --data x=1",
            Request(
                "POST",
                "/a",
                host="localhost",
                headers=(("content-type", "application/x-www-form-urlencoded"),),
                body="x=1",
            ),
        ),
    ],
)
def test_a_command_line_when_read_then_becomes_a_request(line: str, expected: Request) -> None:
    assert read_command(line) == expected


def test_every_case_that_is_run_has_a_contract_without_errors(corpora: Path, tmp_path: Path) -> None:
    cases = list(read_cases(corpora / "contract" / "prism"))
    assert set(DIFFERENT) <= {case.name for case in cases}
    broken = {}
    for case in cases:
        if expectation(case).runs and (errors := load(tmp_path, contract_of(case)).errors):
            broken[case.name] = errors
    assert broken == {}


def test_every_case_that_is_not_run_says_why(corpora: Path) -> None:
    for case in read_cases(corpora / "contract" / "prism"):
        expected = expectation(case)
        assert expected.runs or expected.reason


def test_every_case_that_is_run_is_decided_as_expected(corpora: Path, tmp_path: Path) -> None:
    if not native_available():
        pytest.skip("the native module is not built: `make build` does it")
    assert [one for one in run_cases(corpora / "contract" / "prism", tmp_path) if not one.passes] == []
