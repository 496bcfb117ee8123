"""The page of the rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from yett.governance.rule import Rule
from yett.governance.ruleset import load_ruleset

HEAD = """\
# Rules

What `yett lint` looks for, by ruleset. `yett:recommended`, the default, is both of the first two without what is marked
as *strict*, and its own rules; `yett:strict` is everything. This page is generated.
"""
SECTIONS = {"OpenAPI (`spectral:oas`)": "spectral:oas", "Security (`yett:security`)": "yett:security"}


def row(rule: Rule, *, recommended: bool) -> str:
    told = rule.description or rule.message
    text = " ".join(told.split()).replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")
    return f"| `{rule.id}` | {rule.severity}{'' if recommended else ', *strict*'} | {text} | {rule.hint} |\n"


def page() -> str:
    recommended, strict = load_ruleset("yett:recommended").rules, load_ruleset("yett:strict").rules
    groups = {title: set(load_ruleset(name).rules) for title, name in SECTIONS.items()}
    groups["OpenAPI (`spectral:oas`)"] |= {id_ for id_ in strict if not id_.startswith(("owasp", "yett-"))}
    known = set().union(*groups.values())
    groups["What makes an API pleasant (`yett:recommended`)"] = set(strict) - known
    text = HEAD
    for title, ids in groups.items():
        text += f"\n## {title}\n\n| rule | severity | what it asks for | how to mend it |\n| --- | --- | --- | --- |\n"
        text += "".join(row(strict[id_], recommended=id_ in recommended) for id_ in sorted(ids))
    return text


@pytest.mark.generated
def test_the_page_of_the_rules_is_fresh(keep: Callable[[Path, str], None]) -> None:
    keep(ROOT / "docs" / "reference" / "rules.md", page())


def test_the_page_has_every_rule_that_comes_with_the_product() -> None:
    text = page()
    assert [id_ for id_ in load_ruleset("yett:strict").rules if f"| `{id_}` |" not in text] == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_rulesets_of_the_guide_are_sound(tmp_path: Path, number: int) -> None:
    text = (ROOT / "docs" / "linting.md").read_text()
    examples = re.findall(r"^```yaml\n# a ruleset\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    path = tmp_path / "rules.yaml"
    path.write_text(examples[number])
    assert load_ruleset(str(path)).diagnostics == ()
