"""Rules over documents, and the labelled cases of other people's rulesets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.governance.documents import document_of, found, ruleset_of
from yett.documents import read_document
from yett.governance.lint import lint
from yett.governance.ruleset import Ruleset, load_ruleset

# Cases that are judged otherwise, each with its reason.
OTHERWISE = {
    ("oas3-schema", "human-readable Ajv errors"): "bar@foo is an address of RFC 5321",
}


def cases(corpora: Path, name: str) -> list[dict[str, Any]]:
    with (corpora / "lint" / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize(("name", "ruleset"), [("spectral-oas-half", "spectral:oas"), ("owasp-part", "yett:owasp")])
def test_labelled_cases_are_judged_as_their_labels_say(corpora: Path, tmp_path: Path, name: str, ruleset: str) -> None:
    whole = tmp_path / "all.json"
    whole.write_text(json.dumps({"extends": [[ruleset, "all"]]}))
    rules = load_ruleset(str(whole)).rules
    differ = set()
    for case in cases(corpora, name):
        rule = rules[case["rule"]]
        findings = lint(document_of(case["document"]), Ruleset({rule.id: rule}))
        wanted = sorted([str(part) for part in error["path"]] for error in case["errors"] if "path" in error)
        got = sorted([str(part) for part in one.path] for one in findings)
        counted = len(got) == len(case["errors"])
        same = counted if len(wanted) < len(case["errors"]) else got == wanted
        if not same:
            differ.add((case["rule"], case["name"]))
    assert differ == {one for one in OTHERWISE if one[0] in rules}


CIRCLE = {"A": {"$ref": "#/components/schemas/A"}, "B": {"enum": [1, 1]}}
SCHEMA = {"openapi": "3.1.0", "components": {"schemas": CIRCLE}}


def test_a_document_in_a_circle_is_looked_at_once(tmp_path: Path) -> None:
    rule = {"given": "$.components.schemas[*].x", "then": {"function": "truthy"}}
    assert found(tmp_path, {"mine": rule}, SCHEMA) == ()
    assert lint(document_of(SCHEMA), load_ruleset("yett:strict"))


STRANGE: dict[str, Any] = {"get": {"parameters": 5, "responses": None, "tags": 3, "security": {}}}


@pytest.mark.parametrize(
    "value",
    [
        None, 3, "a", [], {}, {"openapi": "3.1.0", "paths": 3}, {"openapi": "3.0.0", "paths": {"/a": []}},
        {"swagger": "2.0"}, {"openapi": "3.1.0", "paths": {"/a": STRANGE}, "tags": 3, "servers": "x"},
        {"openapi": "3.1.0", "components": {"schemas": [], "securitySchemes": 1}},
    ],
)  # fmt: skip
def test_no_document_breaks_the_rules(value: Any) -> None:
    lint(document_of(value), load_ruleset("yett:strict"))


def test_a_finding_stands_at_its_line(tmp_path: Path) -> None:
    ruleset = ruleset_of(
        tmp_path, {"rules": {"mine": {"given": "$.info", "then": {"field": "title", "function": "truthy"}}}}
    )
    document = read_document(b'{"info":\n {"title":\n  ""}}', file="a.json")
    assert [(one.line, one.pointer) for one in lint(document, ruleset)] == [(2, "/info/title")]


def test_a_schema_of_a_rule_is_never_fetched(tmp_path: Path) -> None:
    options = {"schema": {"$ref": "http://127.0.0.1:9/x.json"}}
    (finding,) = found(
        tmp_path, {"mine": {"given": "$", "then": {"function": "schema", "functionOptions": options}}}, {}
    )
    assert "cannot be used" in finding.message


def test_a_field_is_found_by_references_on_the_way_to_it(tmp_path: Path) -> None:
    rule = {"given": "$.paths", "severity": "error", "then": {"field": "401.content", "function": "truthy"}}
    document: dict[str, Any] = {
        "paths": {"401": {"$ref": "#/components/a"}},
        "components": {"a": {"$ref": "#/components/b"}, "b": {"content": {"c": 1}}},
    }
    assert found(tmp_path, {"described": rule}, document) == ()
    document["components"]["b"] = {}
    assert [one.pointer for one in found(tmp_path, {"described": rule}, document)] == ["/paths/401"]
