"""Rules over configurations: each finds what it says it finds, and nothing in what it says is good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from yett.documents import read_document
from yett.governance.rules import SETTINGS_RULES
from yett.governance.settings import SettingsRule
from yett.services.lint import Finding, lint_files

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "paths": {
        "/books": {
            "get": {"operationId": "listBooks", "responses": {"200": {"description": "Books."}}},
            "post": {"operationId": "createBook", "responses": {"201": {"description": "Made."}}},
        },
        "/old-books": {
            "get": {"operationId": "oldBooks", "deprecated": True, "responses": {"200": {"description": "Books."}}}
        },
    },
}
BASE: dict[str, Any] = {
    "yett": 1,
    "apis": [{"name": "shop", "contract": "shop.json", "upstream": "https://shop.internal", "owner": "crew"}],
    "profiles": [
        {
            "name": "reader",
            "grants": [{"operation": "shop:listBooks"}],
            "limits": [{"requests": 10, "per": "minute"}],
        }
    ],
    "teams": [{"name": "crew"}],
    "apps": [{"name": "reader-app", "team": "crew", "profiles": ["reader"], "keys": [{"env": "READER_KEY"}]}],
}


def written(folder: Path, part: str, **more: Any) -> Path:
    """A whole configuration with a part of it as a rule shows it: lists of it replace those of the base."""
    settings = BASE | read_document(part.encode(), file="part.yaml").value | more
    settings["apis"] = [BASE["apis"][0] | api for api in settings["apis"]]
    folder.mkdir(exist_ok=True)
    (folder / "shop.json").write_text(json.dumps(CONTRACT))
    path = folder / "yett.yaml"
    path.write_text(json.dumps(settings, indent=1))
    return path


def found(path: Path, ruleset: str = "yett:settings", environment: Mapping[str, str] | None = None) -> list[Finding]:
    verdict = lint_files([str(path)], ruleset, environment or {})
    assert verdict.is_usable, verdict.diagnostics
    return list(verdict.findings)


@pytest.mark.parametrize("rule", SETTINGS_RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_what_it_calls_bad(rule: SettingsRule, tmp_path: Path) -> None:
    findings = [one for one in found(written(tmp_path / "box", rule.bad)) if one.rule == rule.id]
    assert findings
    assert all(one.hint == rule.fix and one.severity == rule.severity for one in findings)
    assert all(one.file.endswith("yett.yaml") for one in findings)


@pytest.mark.parametrize("rule", SETTINGS_RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_nothing_in_what_it_calls_good(rule: SettingsRule, tmp_path: Path) -> None:
    assert rule.id not in {one.rule for one in found(written(tmp_path / "box", rule.good))}


@pytest.mark.parametrize("rule", SETTINGS_RULES, ids=lambda rule: rule.id)
def test_a_rule_tells_all_about_itself(rule: SettingsRule) -> None:
    assert rule.id.startswith("settings-")
    assert rule.title
    assert rule.why.endswith(".")
    assert rule.fix
    assert rule.good != rule.bad


def test_a_finding_stands_at_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "box", "apis: [{name: shop, owner: null}]")
    finding = next(one for one in found(path) if one.rule == "settings-owner-missing")
    assert (finding.pointer, finding.message) == ("/apis/0", "nobody answers for `shop`")
    assert path.read_text().splitlines()[finding.line - 1].strip() == "{"


def test_a_folder_is_a_configuration_and_its_contracts_are_looked_at_too(tmp_path: Path) -> None:
    written(tmp_path / "box", "apis: [{name: shop, owner: null}]")
    rules = {one.rule for one in found(tmp_path / "box", "yett:recommended")}
    assert {"settings-owner-missing", "info-contact"} <= rules


def test_a_rule_can_be_set_and_waived_in_a_ruleset(tmp_path: Path) -> None:
    path = written(tmp_path / "box", "apis: [{name: shop, owner: null, guards: {contract: {mode: monitor}}}]")
    rules = tmp_path / "rules.yaml"
    waiver = {"rule": "settings-guard-monitor", "at": "yett.yaml#/apis/0", "owner": "crew", "reason": "new"}
    text = {
        "extends": ["yett:settings"],
        "rules": {"settings-owner-missing": "off", "settings-key-forever": "error"},
        "waivers": [{**waiver, "until": "2099-12-31"}],
    }
    rules.write_text(json.dumps(text))
    findings = {one.rule: one for one in found(path, str(rules))}
    assert "settings-owner-missing" not in findings
    assert findings["settings-key-forever"].severity == "error"
    assert findings["settings-guard-monitor"].waived == "crew: new, until 2099-12-31"


def test_mistakes_of_a_configuration_are_told_instead(tmp_path: Path) -> None:
    path = written(tmp_path / "box", "apis: [{name: shop, owner: nobody}]")
    verdict = lint_files([str(path)], "yett:settings", {})
    assert not verdict.is_usable
    assert [one.code for one in verdict.diagnostics if one.severity == "error"] == ["unknown-team"]
