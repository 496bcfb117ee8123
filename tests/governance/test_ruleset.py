"""Reading rulesets: what they say, what is wrong with them, and what they may not do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.governance.documents import document_of, found, ruleset_of
from yett.governance.builtin import BUILTIN
from yett.governance.lint import lint
from yett.governance.ruleset import load_ruleset

TITLE = {"given": "$.info", "then": {"field": "title", "function": "truthy"}}


@pytest.mark.parametrize("name", BUILTIN)
def test_a_ruleset_that_comes_with_the_product_is_sound(name: str) -> None:
    ruleset = load_ruleset(name)
    assert ruleset.diagnostics == ()
    assert ruleset.rules
    assert all(rule.description or rule.message for rule in ruleset.rules.values())


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({**TITLE, "given": "info"}, "path-malformed"),
        ({**TITLE, "given": 3}, "path-malformed"),
        ({**TITLE, "given": "#Nothing.a"}, "alias-unknown"),
        ({**TITLE, "severity": "fatal"}, "severity-unknown"),
        ({**TITLE, "sverity": "error"}, "rule-key-unknown"),
        ({"given": "$"}, "rule-incomplete"),
        ({"given": "$", "then": {"function": "truthyy"}}, "function-unknown"),
        ({"given": "$", "then": {"function": "enumeration"}}, "options-missing"),
        ({"given": "$", "then": {"function": "casing", "functionOptions": {"type": "loud"}}}, "options-malformed"),
        ({"given": "$", "then": {"function": "pattern", "functionOptions": {"match": "("}}}, "pattern-malformed"),
        ({"given": "$", "then": {"function": "length", "functionOptions": 3}}, "options-malformed"),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_its_place(tmp_path: Path, rule: Any, code: str) -> None:
    ruleset = ruleset_of(tmp_path, {"rules": {"mine": rule}})
    (mistake,) = ruleset.diagnostics
    assert (mistake.code, mistake.line) == (code, 1)
    assert mistake.pointer.startswith("/rules/mine")
    assert ruleset.rules == {}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    rules = {name: {"given": name, "then": {"function": "no"}} for name in "abc"}
    assert len(ruleset_of(tmp_path, {"rules": rules}).diagnostics) == 6


def test_a_rule_of_another_ruleset_is_put_off_on_or_given_another_severity(tmp_path: Path) -> None:
    said = {
        "extends": ["spectral:oas"],
        "rules": {
            "info-contact": "off",
            "info-license": True,
            "operation-tags": "error",
            "path-params": {"severity": 3},
        },
    }
    rules = ruleset_of(tmp_path, said).rules
    assert "info-contact" not in rules
    assert "info-license" in rules
    assert (rules["operation-tags"].severity, rules["path-params"].severity) == ("error", "hint")


@pytest.mark.parametrize(
    ("which", "has_license", "has_contact"), [("off", False, False), ("all", True, True), ("recommended", False, True)]
)
def test_a_ruleset_is_extended_whole_in_part_or_only_to_choose_from(
    tmp_path: Path, which: str, has_license: bool, has_contact: bool
) -> None:
    rules = ruleset_of(tmp_path, {"extends": [["spectral:oas", which]]}).rules
    assert ("info-license" in rules, "info-contact" in rules) == (has_license, has_contact)


def test_a_ruleset_extends_a_file_beside_it_and_its_aliases(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("aliases: {Info: [$.info]}\nrules: {}\n")
    said = {"extends": "base.yaml", "rules": {"mine": {**TITLE, "given": "#Info"}}}
    assert lint(document_of({"info": {}}), ruleset_of(tmp_path, said))[0].pointer == "/info"


def test_aliases_may_name_aliases_and_be_for_formats(tmp_path: Path) -> None:
    said = {
        "aliases": {"A": ["#B.info"], "B": {"targets": [{"formats": ["oas3"], "given": ["$"]}]}},
        "rules": {"mine": {**TITLE, "given": "#A"}},
    }
    assert len(lint(document_of({"info": {}}), ruleset_of(tmp_path, said))) == 1


@pytest.mark.parametrize(
    ("extends", "code"),
    [
        ("https://example.com/rules.yaml", "ruleset-remote"),
        ("http://127.0.0.1:1/rules.yaml", "ruleset-remote"),
        ("file:///etc/passwd", "ruleset-remote"),
        ("../outside.yaml", "ruleset-outside"),
        ("/etc/passwd", "ruleset-outside"),
        ("missing.yaml", "ruleset-missing"),
        ("rules.json", "ruleset-circle"),
    ],
)
def test_nothing_is_fetched_and_nothing_outside_is_read(tmp_path: Path, extends: str, code: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "outside.yaml").write_text("rules: {}")
    ruleset = ruleset_of(folder, {"extends": [extends]})
    assert [one.code for one in ruleset.diagnostics][-1] == code


def test_an_alias_that_names_itself_ends(tmp_path: Path) -> None:
    said = {"aliases": {"A": ["#A"]}, "rules": {"mine": {**TITLE, "given": "#A"}}}
    assert [one.code for one in ruleset_of(tmp_path, said).diagnostics] == ["alias-unknown"]


def test_functions_in_javascript_are_told_and_not_run(tmp_path: Path) -> None:
    ruleset = ruleset_of(tmp_path, {"functions": ["evil"], "rules": {"mine": TITLE}})
    assert [(one.code, one.severity) for one in ruleset.diagnostics] == [("ruleset-code", "warning")]
    assert list(ruleset.rules) == ["mine"]


def test_an_override_counts_for_its_files_and_below_its_pointer(tmp_path: Path) -> None:
    rule = {"given": "$..title", "then": {"function": "undefined"}, "severity": "error"}
    overrides = [
        {"files": ["*.json"], "rules": {"mine": "hint"}},
        {"files": ["api.json#/info"], "rules": {"mine": "off"}},
        {"files": ["other.json"], "rules": {"mine": "warn"}},
    ]
    ruleset = ruleset_of(tmp_path, {"rules": {"mine": rule}, "overrides": overrides})
    findings = lint(document_of({"info": {"title": "a"}, "x": {"title": "b"}}), ruleset)
    assert [(one.pointer, one.severity) for one in findings] == [("/x/title", "hint")]


def test_a_rule_for_other_formats_is_left_out(tmp_path: Path) -> None:
    rules = {"mine": {**TITLE, "formats": ["oas2"]}}
    assert found(tmp_path, rules, {"openapi": "3.1.0", "info": {}}) == ()
    assert len(found(tmp_path, rules, {"swagger": "2.0", "info": {}})) == 1


def test_a_message_is_filled_in(tmp_path: Path) -> None:
    rule = {
        **TITLE,
        "description": "D",
        "message": "{{property}} {{error}} {{path}} {{description}} {{value}} {{other}}",
    }
    (finding,) = found(tmp_path, {"mine": rule}, {"info": {"title": ""}})
    assert finding.message == 'title "title" property must be truthy /info/title D "" {{other}}'


def test_keys_are_asked_one_by_one(tmp_path: Path) -> None:
    then = {"field": "@key", "function": "pattern", "functionOptions": {"match": "^/[a-z]+$"}}
    (finding,) = found(tmp_path, {"mine": {"given": "$.paths", "then": then}}, {"paths": {"/a": 1, "/B": 2}})
    assert finding.pointer == "/paths/~1B"


def test_a_ruleset_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps([1]))
    assert [one.code for one in load_ruleset(str(tmp_path / "rules.json")).diagnostics] == ["ruleset-malformed"]
