"""Runs the JSON Schema test suite through contracts: each case's schema becomes a component that a body refers to.

The engine judges the values, as bodies of requests.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from yett.compile import compile_snapshot
from yett.contract import Contract, load_contract
from yett.documents import read_document
from yett.gateway import Request, decide
from yett.model.access import Credentials
from yett.model.api import Api, GuardSettings, Identify, InjectionGuard
from yett.model.configuration import Configuration
from yett.model.upstream import Target, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Verdict = Literal["pass", "fail", "skip"]

ADDRESS = "urn:yett:request"
# Nothing but the contract judges: some of the suite's values are attacks to other guards.
_GUARDS = GuardSettings(injection=InjectionGuard(mode="off"))
_UPSTREAM = Upstream((Target("http://127.0.0.1:1"),))
_CONFIGURATION = Configuration(
    apis=(Api("case", "case.json", _UPSTREAM, identify=Identify(public=True), guards=_GUARDS),)
)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

# OpenAPI 3.0 took over a part of draft 4 only.
_NOT_IN_3_0 = {
    "definitions": "OpenAPI 3.0 keeps shared schemas in components",
    "patternProperties": "not a keyword of OpenAPI 3.0",
    "additionalItems": "not a keyword of OpenAPI 3.0",
    "dependencies": "not a keyword of OpenAPI 3.0",
    "id": "not a keyword of OpenAPI 3.0",
}


_REMOTE = {"ref-remote", "unsupported-dialect"}


@dataclass(frozen=True, slots=True)
class Result:
    """One test of one case: `reason` says why it was skipped or how it failed."""

    file: str
    case: str
    test: str
    verdict: Verdict
    reason: str = ""


def deny(uri: str) -> Any:
    """Refuse to fetch anything."""
    raise LookupError(f"nothing is fetched: {uri}")


def validator(contract: Contract, schema: Any) -> Any:
    """Return a validator for a schema of an operation, set up as the engine sets up its own."""
    documents = [
        ("urn:yett:request", {"$schema": _DIALECT, "$defs": contract.request_schemas}),
        ("urn:yett:response", {"$schema": _DIALECT, "$defs": contract.response_schemas}),
    ]
    registry = jsonschema_rs.Registry(documents, retriever=deny)
    return jsonschema_rs.Draft202012Validator(
        schema,
        registry=registry,
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
        retriever=deny,
    )


def contract_for(schema: Any, folder: Path, openapi: str = "3.1.1") -> Contract:
    """Return the contract whose one operation takes a JSON body that fits `schema`."""
    document = {
        "openapi": openapi,
        "info": {"title": "Case", "version": "1"},
        "paths": {
            "/case": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}},
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
        "components": {"schemas": {"Case": schema}},
    }
    path = folder / "case.json"
    path.write_text(json.dumps(document))
    return load_contract(path, api="case")


def fits(contract: Contract, values: list[Any]) -> list[bool]:
    """Whether each value, sent as the JSON body of the one operation of a contract made by `contract_for`, is let in.

    The engine decides, as it does for traffic.
    """
    snapshot = compile_snapshot(_CONFIGURATION, {"case": contract}, Credentials())
    requests = [
        Request("POST", "/case", headers=(("content-type", "application/json"),), body=json.dumps(value))
        for value in values
    ]
    decisions = decide(snapshot, requests, b"p" * 32)
    assert all(decision.allowed or decision.code == "request-invalid" for decision in decisions)
    return [decision.allowed for decision in decisions]


def run_2020_12(suite: Path, scratch: Path) -> Iterator[Result]:
    """Run the required cases of draft 2020-12 through OpenAPI 3.1."""
    for path in sorted((suite / "draft2020-12").glob("*.json")):
        for case in _cases(path):
            yield from _run(path.stem, case, _with_identity(case["schema"]), scratch, "3.1.1")


def run_draft_4(suite: Path, scratch: Path) -> Iterator[Result]:
    """Run the cases of draft 4 through OpenAPI 3.0, as far as its keywords go."""
    for path in sorted((suite / "draft4").glob("*.json")):
        for case in _cases(path):
            reason = _outside_3_0(path.stem, case["schema"])
            if reason:
                yield from (_result(path.stem, case, test, "skip", reason) for test in case["tests"])
            else:
                yield from _run(path.stem, case, case["schema"], scratch, "3.0.4")


def _cases(path: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = read_document(path.read_bytes(), file=str(path)).value
    return cases


def _with_identity(schema: Any) -> Any:
    return {"$id": "urn:case", **schema} if isinstance(schema, dict) else schema


def _result(file: str, case: dict[str, Any], test: dict[str, Any], verdict: Verdict, reason: str = "") -> Result:
    return Result(file, case["description"], test["description"], verdict, reason)


def _run(file: str, case: dict[str, Any], schema: Any, scratch: Path, openapi: str) -> Iterator[Result]:
    contract = contract_for(schema, scratch, openapi)
    if {one.code for one in contract.errors} & _REMOTE and "localhost:1234" in json.dumps(schema):
        reason = "needs a document from a server, and nothing is fetched"
        yield from (_result(file, case, test, "skip", reason) for test in case["tests"])
        return
    if contract.errors:
        reason = "; ".join(one.message for one in contract.errors)
        yield from (_result(file, case, test, "fail", reason) for test in case["tests"])
        return
    verdicts = fits(contract, [test["data"] for test in case["tests"]])
    for test, found in zip(case["tests"], verdicts, strict=True):
        reason = "" if found == test["valid"] else f"expected {test['valid']}"
        yield _result(file, case, test, "fail" if reason else "pass", reason)


def _outside_3_0(file: str, schema: Any) -> str:
    keywords = set(_keywords(schema))
    for keyword in sorted(keywords & _NOT_IN_3_0.keys()):
        return f"{keyword}: {_NOT_IN_3_0[keyword]}"
    if _has_list_type(schema):
        return "type: OpenAPI 3.0 allows one type"
    if "null" in _found(schema, "type"):
        return "type: OpenAPI 3.0 has nullable instead of null"
    if file in ("ref", "refRemote", "infinite-loop-detection", "definitions") or "$ref" in keywords:
        return "$ref: OpenAPI 3.0 refers to components, not into the schema itself"
    if any(isinstance(items, list) for items in _found(schema, "items")):
        return "items: OpenAPI 3.0 has no tuples"
    return ""


def _keywords(schema: Any) -> Iterator[str]:
    for key, value in schema.items() if isinstance(schema, dict) else ():
        yield key
        for inner in value.values() if key == "properties" and isinstance(value, dict) else [value]:
            if key not in ("enum", "default"):
                for one in inner if isinstance(inner, list) else [inner]:
                    yield from _keywords(one)


def _found(schema: Any, key: str) -> list[Any]:
    if isinstance(schema, list):
        return [found for one in schema for found in _found(one, key)]
    if not isinstance(schema, dict):
        return []
    own = [schema[key]] if key in schema else []
    return own + [found for name, inner in schema.items() if name != "enum" for found in _found(inner, key)]


def _has_list_type(schema: Any) -> bool:
    return any(isinstance(one, list) for one in _found(schema, "type"))


def summary(results: list[Result]) -> dict[str, Counter[str]]:
    """Count verdicts by file."""
    counts: dict[str, Counter[str]] = {}
    for one in results:
        counts.setdefault(one.file, Counter())[one.verdict] += 1
    return counts
