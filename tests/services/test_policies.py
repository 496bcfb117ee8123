"""Policies from the file to the engine's verdict about them."""

from __future__ import annotations

from pathlib import Path

from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.gateway import Request
from yett.model.diagnostic import Diagnostic
from yett.services.check import check_configuration
from yett.services.explain import explain_request

pytestmark = NATIVE


def found(folder: Path, policies: str) -> list[Diagnostic]:
    """What `yett check` says of the shop with these policies."""
    return list(check_configuration(lay_out(folder, f"{SETTINGS}policies:\n{policies}"), ENVIRONMENT).diagnostics)


def only(folder: Path, policies: str) -> Diagnostic:
    """The one thing it says."""
    diagnostics = found(folder, policies)
    assert len(diagnostics) == 1, diagnostics
    return diagnostics[0]


def test_a_mistake_in_a_condition_is_told_where_it_was_written(tmp_path: Path) -> None:
    one = only(
        tmp_path,
        "  - name: rule\n"
        "    forbid: {operations: [shop:getBook], apps: [reader-app]}\n"
        '    when: "context.parameters.idd == 3"\n',
    )
    assert (one.code, one.hint) == ("policy-unknown-attribute", "Did you mean 'id'?")
    assert one.place == f"{tmp_path / 'yett.yaml'}:15:12"
    assert one.message == "policy `rule`: there is no parameter 'idd'"


def test_a_mistake_in_a_block_or_file_is_told_where_it_was_written(tmp_path: Path) -> None:
    text = 'forbid(principal,\n  action == Action::"shop:getBok",\n  resource);\n'
    (tmp_path / "rule.cedar").write_text(text, encoding="utf-8")
    in_file = only(tmp_path, "  - {name: rule, file: rule.cedar}\n")
    assert (in_file.place, in_file.hint) == (f"{tmp_path / 'rule.cedar'}:2:13", "Did you mean 'shop:getBook'?")
    block = "".join(f"      {line}\n" for line in text.splitlines())
    in_block = only(tmp_path, f"  - name: rule\n    cedar: |\n{block}")
    assert in_block.place == f"{tmp_path / 'yett.yaml'}:16:19"


def test_a_condition_that_ends_its_own_statement_is_refused(tmp_path: Path) -> None:
    condition = '"false }; permit(principal, action, resource) when { true"'
    assert only(tmp_path, f"  - {{name: rule, forbid: {{}}, when: {condition}}}\n").code == "policy-syntax"


def test_a_policy_that_never_matches_is_a_warning(tmp_path: Path) -> None:
    one = only(tmp_path, "  - {name: rule, forbid: {operations: [shop:getBook], methods: [DELETE]}}\n")
    assert (one.code, one.severity) == ("policy-never-matches", "warning")


def test_an_explanation_names_the_policy_and_what_it_saw(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path,
        f"{SETTINGS}policies:\n  - name: small\n    permit: {{operations: [shop:getBook], profiles: [reader]}}\n"
        '    when: "context.parameters.id < 100"\n    reason: Only the first hundred.\n',
    )
    for number, allowed in ((99, True), (100, False)):
        request = Request("GET", f"/shop/books/{number}", app="reader-app")
        decision = explain_request(path, request, ENVIRONMENT).decision
        assert decision.allowed is allowed
        authorize = next(one for one in decision.phases if one.phase == "authorize")
        assert f'context: {{"parameters":{{"id":{number}}}}}' in authorize.reasons
        verdict = "permits" if allowed else "does not match"
        assert f"policy small {verdict}" in authorize.reasons
    assert decision.code == "policy-denied"


@NATIVE
def test_mistakes_in_policies_are_told_beside_those_of_other_sections(tmp_path: Path) -> None:
    policies = (
        "  - {name: typo, forbid: {operations: [shop:getBook]}, when: context.tls == 1}\n"
        "  - {name: broken, cedar: 'forbid('}\n"
        "  - {name: nobody, cedar: 'forbid(principal == App::\"reader-ap\", action, resource);'}\n"
    )
    broken = SETTINGS.replace("profiles: [reader], keys", "profiles: [raeder], keys")
    path = lay_out(tmp_path, f"{broken}policies:\n{policies}")
    told = {(one.code, one.line) for one in check_configuration(path, ENVIRONMENT).diagnostics}
    first = len(broken.splitlines()) + 2
    assert {code for code, _ in told} == {
        "unknown-profile",
        "policy-type",
        "policy-syntax",
        "policy-unknown-entity",
    }
    assert {("policy-type", first), ("policy-syntax", first + 1), ("policy-unknown-entity", first + 2)} <= told


@NATIVE
def test_a_name_that_could_not_be_read_is_no_mistake_of_a_policy(tmp_path: Path) -> None:
    broken = SETTINGS.replace("team: shop-team, profiles", "team: shop-team, agent: perhaps, profiles")
    policies = "  - {name: own, cedar: 'forbid(principal == App::\"reader-app\", action, resource);'}\n"
    path = lay_out(tmp_path, f"{broken}policies:\n{policies}")
    codes = {one.code for one in check_configuration(path, ENVIRONMENT).diagnostics}
    assert not any(code.startswith("policy-") for code in codes)
