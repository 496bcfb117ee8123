"""Gates and publishing as use-cases."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS, lay_out
from yett.errors import ConfigurationError
from yett.services.assembly import assemble
from yett.services.check import check_configuration
from yett.services.gates import judge
from yett.services.published import demand_published
from yett.services.publishing import publications, publish

MAJOR = "    - {on: publish, changes: breaking-without-major, then: block}\n"


def governed(*gates: str, serve: str = "any") -> str:
    """The settings with gates, the last of them in the last line."""
    listed = "  gates:\n" + "".join(gates) if gates else ""
    return f"{SETTINGS}governance:\n  serve: {serve}\n{listed}"


def write(folder: Path, version: str = "1.0.0", *, without: str = "") -> None:
    """Write the contract anew."""
    contract: dict[str, Any] = deepcopy(CONTRACT)
    contract["info"]["version"] = version
    contract["paths"].pop(without, None)
    (folder / "shop.json").write_text(json.dumps(contract))


def test_breaking_without_a_major_is_refused_at_publish(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed(MAJOR))
    assert [one.version for one in publish(path, ENVIRONMENT, by="ann").publications] == ["1.0.0"]
    write(tmp_path, "1.1.0", without="/books")
    refused = publish(path, ENVIRONMENT, by="ann")
    assert refused.judgement.blocked
    assert refused.publications == ()
    assert refused.judgement.verdicts[0].changes
    write(tmp_path, "2.0.0", without="/books")
    assert publish(path, ENVIRONMENT, by="bob", clock=lambda: 70.0).publications
    found = publications(path, ENVIRONMENT)
    assert [(one.number, one.version, one.by) for one in found] == [(1, "1.0.0", "ann"), (2, "2.0.0", "bob")]
    assert found[1].at == 70
    assert json.loads(found[0].contract)["paths"].keys() == CONTRACT["paths"].keys()
    assert json.loads(found[1].verdict)[0]["outcome"] == "pass"


def test_without_the_gate_the_same_change_is_published_and_only_once(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    publish(path, ENVIRONMENT, by="ann")
    write(tmp_path, "1.1.0", without="/books")
    assert publish(path, ENVIRONMENT, by="ann").publications
    again = publish(path, ENVIRONMENT, by="ann")
    assert [one.step for one in again.judgement.apis] == ["publish"]
    assert again.publications == ()


def test_a_judgement_against_an_older_configuration_needs_no_store(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = lay_out(tmp_path / "old"), lay_out(tmp_path / "new", governed(MAJOR))
    write(tmp_path / "new", "1.0.1", without="/books")
    assert not judge(new, ENVIRONMENT).blocked
    judgement = judge(new, ENVIRONMENT, against=old)
    assert judgement.blocked
    assert [(one.step, one.before) for one in judgement.apis] == [("update", "1.0.0")]
    assert judgement.as_document()["verdicts"][0]["gate"]["changes"] == "breaking-without-major"


RULES = """\
rules:
  info-described: {given: $.info, severity: error, message: say it, then: {field: description, function: truthy}}
"""


@pytest.mark.parametrize(
    ("then", "until", "blocked"),
    [
        ("require-waiver", "2999-01-01", False),
        ("require-waiver", "2020-01-01", True),
        ("require-waiver", "", True),
        ("block", "2999-01-01", True),
        ("warn", "", False),
    ],
)
def test_a_waiver_lets_pass_what_needs_one_until_it_ends(tmp_path: Path, then: str, until: str, blocked: bool) -> None:
    path = lay_out(tmp_path, governed(f"    - {{on: create, ruleset: rules.yaml, then: {then}}}\n"))
    contract = tmp_path / "shop.json"
    waiver = {"rule": "info-described", "at": str(contract), "owner": "ann", "reason": "soon", "until": until}
    (tmp_path / "rules.yaml").write_text(RULES + (f"waivers: [{json.dumps(waiver)}]\n" if until else ""))
    judgement = judge(path, ENVIRONMENT)
    assert judgement.blocked is blocked
    assert [one.api for one in judgement.verdicts] == ["shop"]


def test_a_gate_looks_at_the_configuration_too(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed("    - {on: publish, ruleset: 'yett:settings', from: hint, then: warn}\n"))
    of_settings = [one for one in judge(path, ENVIRONMENT).verdicts if not one.api]
    assert [one.outcome for one in of_settings] == ["warn"]
    assert of_settings[0].findings


@pytest.mark.parametrize(
    ("ruleset", "code"),
    [("yett:nothing", "ruleset-unknown"), ("gone.yaml", "ruleset-unknown"), ("mild.yaml", "gate-impossible")],
)
def test_rulesets_that_are_not_there_or_hold_nothing_up_are_mistakes(tmp_path: Path, ruleset: str, code: str) -> None:
    text = governed(f"    - {{on: publish, ruleset: '{ruleset}', then: block}}\n")
    path = lay_out(tmp_path, text)
    (tmp_path / "mild.yaml").write_text(RULES.replace("severity: error", "severity: warn"))
    found = [one for one in assemble(path, ENVIRONMENT).diagnostics if one.severity == "error"]
    assert [(one.code, one.line) for one in found] == [(code, len(text.splitlines()))]
    assert found[0].hint


def test_only_what_was_published_may_be_served(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed(serve="published"))
    with pytest.raises(ConfigurationError) as refused:
        demand_published(assemble(path, ENVIRONMENT))
    assert [one.code for one in refused.value.diagnostics] == ["contract-unpublished"]
    assert refused.value.diagnostics[0].line
    assert "contract-unpublished" in {one.code for one in check_configuration(path, ENVIRONMENT).diagnostics}
    publish(path, ENVIRONMENT, by="ann")
    demand_published(assemble(path, ENVIRONMENT))
    write(tmp_path, "1.0.1")
    with pytest.raises(ConfigurationError, match="1 mistakes"):
        demand_published(assemble(path, ENVIRONMENT))


def test_parts_of_a_contract_in_other_files_are_published_with_it(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed(MAJOR, serve="published"))
    contract: dict[str, Any] = deepcopy(CONTRACT)
    parts = tmp_path / "parts.json"
    parts.write_text(json.dumps({"Book": {"description": "The book."}}))
    contract["paths"]["/books/{id}"]["get"]["responses"]["200"] = {"$ref": "parts.json#/Book"}
    (tmp_path / "shop.json").write_text(json.dumps(contract))
    (publication,) = publish(path, ENVIRONMENT, by="ann").publications
    assert "The book." in publication.contract
    parts.write_text(json.dumps({"Book": {"description": "Another."}}))
    assert [one.step for one in judge(path, ENVIRONMENT).apis] == ["update"]
