"""Controls: put, listed, ended, and refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.places import ENVIRONMENT, lay_out
from yett.errors import ConfigurationError, YettError
from yett.gateway import Request, native_available
from yett.model.control import Control, ControlScope
from yett.services.assembly import assemble
from yett.services.controls import controls, end_control, parse_condition, put_control
from yett.services.explain import explain_request

pytestmark = pytest.mark.skipif(not native_available(), reason="needs the native engine")
BLOCK = {"do": "block"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The shop, with a pepper."""
    path = lay_out(tmp_path)
    assemble(path, ENVIRONMENT, create_pepper=True)
    return path


def put(path: str, scope: ControlScope, action: dict[str, Any] | None = None, **more: Any) -> Control:
    given: dict[str, Any] = {"author": "ops", "reason": "a test", "lasts_s": 3_600} | more
    return put_control(path, ENVIRONMENT, action or BLOCK, scope, **given)


def operation_of(path: str) -> str:
    contracts = assemble(path, ENVIRONMENT).contracts
    return next(f"{api}:{one.operation_id}" for api, contract in contracts.items() for one in contract.operations)


def test_a_control_is_kept_with_its_reason_and_ends_when_told_or_by_the_clock(path: str) -> None:
    made = put(path, ControlScope(operations=(operation_of(path),)), evidence=("finding-1",), clock=lambda: 1_000)
    assert controls(path, ENVIRONMENT, clock=lambda: 4_599) == [made]
    assert (made.author, made.reason, made.evidence, made.expires_at) == ("ops", "a test", ("finding-1",), 4_600)
    assert controls(path, ENVIRONMENT, clock=lambda: 4_600) == []
    end_control(path, ENVIRONMENT, made.id, author="anna", clock=lambda: 2_000)
    assert controls(path, ENVIRONMENT, clock=lambda: 2_000) == []
    [past] = controls(path, ENVIRONMENT, past=True)
    assert (past.ended_by, past.ended_at) == ("anna", 2_000)
    with pytest.raises(YettError) as refusal:
        end_control(path, ENVIRONMENT, made.id, author="anna", clock=lambda: 2_001)
    assert refusal.value.code == "control-unknown"


def test_everything_wrong_with_a_control_is_told_at_once_and_nothing_is_kept(path: str) -> None:
    scope = ControlScope(operations=("shop:nothing",), apps=("nobody",), networks=("10.0.0.1/8",))
    with pytest.raises(ConfigurationError) as refusal:
        put(path, scope, {"do": "challenge", "difficulty": 99, "valid_s": 600}, reason=" ", lasts_s=31 * 86_400)
    codes = {one.code for one in refusal.value.diagnostics}
    assert codes == {
        "operation-unknown",
        "app-unknown",
        "network-invalid",
        "challenge-invalid",
        "control-unexplained",
        "control-expiry-far",
    }
    assert controls(path, ENVIRONMENT, past=True) == []


def test_a_control_shows_in_explain(path: str) -> None:
    put(path, ControlScope(everything=True))
    decision = explain_request(path, Request("GET", "/bookshop/books"), ENVIRONMENT).decision
    assert (decision.allowed, decision.code) == (False, "operation-closed")
    assert any("block by ops: a test" in reason for phase in decision.phases for reason in phase.reasons)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("query:page above 100", {"in": "query", "name": "page", "test": {"is": "above", "number": 100}}),
        ("body longer 10", {"in": "body", "test": {"is": "longer", "bytes": 10}}),
        ("header:x-debug present", {"in": "header", "name": "x-debug", "test": {"is": "present"}}),
        (
            "body:/items/*/id contains a b",
            {"in": "body", "name": "/items/*/id", "test": {"is": "contains", "value": "a b"}},
        ),
    ],
)
def test_a_condition_is_read(text: str, condition: dict[str, Any]) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "text", ["", "query", "query:x", "query:x above", "query:x above y", "x:y present", "query:x present 1"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(YettError) as refusal:
        parse_condition(text)
    assert refusal.value.code == "condition-invalid"
