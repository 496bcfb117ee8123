"""The pages of the rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from yett.governance.rule import Rule
from yett.governance.rules import SETTINGS_RULES
from yett.governance.ruleset import load_ruleset

FOLDER = ROOT / "docs" / "reference" / "rules"
README = """\
# Rules

What `yett lint` looks for. `yett:recommended`, the default, is all of it without what is marked as *strict*;
`yett:strict` is everything. These pages are generated.

| page | ruleset | rules |
| --- | --- | --- |
"""
PAGES = {
    "openapi.md": ("OpenAPI", "spectral:oas"),
    "security.md": ("Security", "yett:security"),
    "pleasant.md": ("What makes an API pleasant", "yett:recommended"),
    "settings.md": ("Configurations", "yett:settings"),
}
COLUMNS = "| rule | severity | what it asks for | how to mend it |\n| --- | --- | --- | --- |\n"


def row(rule: Rule, *, recommended: bool) -> str:
    told = rule.description or rule.message
    text = " ".join(told.split()).replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")
    return f"| `{rule.id}` | {rule.severity}{'' if recommended else ', *strict*'} | {text} | {rule.hint} |\n"


def settings_page() -> str:
    text = "# Configurations (`yett:settings`)\n\nRules over `yett.yaml`, and over what it makes of its contracts.\n"
    for rule in SETTINGS_RULES:
        text += f"\n## {rule.title}\n\n`{rule.id}`, {rule.severity}. {rule.why} To mend it, {rule.fix}.\n"
        text += f"\n```yaml\n# found\n{rule.bad}```\n\n```yaml\n# not found\n{rule.good}```\n"
    return text


def pages() -> dict[str, str]:
    recommended, strict = load_ruleset("yett:recommended").rules, load_ruleset("yett:strict").rules
    groups = {name: set(load_ruleset(ruleset).rules) for name, (_, ruleset) in PAGES.items()}
    groups["openapi.md"] |= {id_ for id_ in strict if not id_.startswith(("owasp", "yett-", "settings-"))}
    groups["pleasant.md"] = set(strict) - groups["openapi.md"] - groups["security.md"] - groups["settings.md"]
    found = {}
    for name, (title, ruleset) in PAGES.items():
        rows = "".join(row(strict[id_], recommended=id_ in recommended) for id_ in sorted(groups[name]))
        found[name] = f"# {title} (`{ruleset}`)\n\n{COLUMNS}{rows}"
    found["settings.md"] = settings_page()
    lines = (f"| [{title}]({name}) | `{ruleset}` | {len(groups[name])} |\n" for name, (title, ruleset) in PAGES.items())
    return {"README.md": README + "".join(lines), **found}


@pytest.mark.generated
@pytest.mark.parametrize("name", ["README.md", *PAGES])
def test_the_pages_of_the_rules_are_fresh(keep: Callable[[Path, str], None], name: str) -> None:
    keep(FOLDER / name, pages()[name])


def test_the_pages_have_every_rule_that_comes_with_the_product() -> None:
    text = "".join(pages().values())
    assert [id_ for id_ in load_ruleset("yett:strict").rules if f"`{id_}`" not in text] == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_rulesets_of_the_guide_are_sound(tmp_path: Path, number: int) -> None:
    text = (ROOT / "docs" / "linting.md").read_text()
    examples = re.findall(r"^```yaml\n# a ruleset\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    path = tmp_path / "rules.yaml"
    path.write_text(examples[number])
    assert load_ruleset(str(path)).diagnostics == ()
