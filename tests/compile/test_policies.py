"""The short form in Cedar's words, and the way back from a mistake to what was written."""

from __future__ import annotations

from dataclasses import replace

from tests.compile.contracts import api, contract
from yett.compile import OperationIndex, Operations, write_cedar
from yett.model.access import Collection
from yett.model.configuration import Configuration
from yett.model.place import Reference
from yett.model.policy import Passage, Policy, Rule, Scope


def names(*all_names: str) -> tuple[Reference, ...]:
    """References without a place."""
    return tuple(Reference(name) for name in all_names)


def operations() -> Operations:
    """A shop with three operations, two of which are read."""
    shop = contract("list", "get", "drop")
    read, get, drop = shop.operations
    contracts = {"shop": replace(shop, operations=(read, get, replace(drop, method="DELETE")))}
    configuration = Configuration(apis=(api(),), collections=(Collection("reading", names("shop:list", "shop:get")),))
    return Operations(configuration, OperationIndex(configuration, contracts), contracts)


def written(rule: Rule) -> str:
    """The rule's text in one line."""
    return " ".join(write_cedar(Policy("rule", rule), operations()).text.split())


def test_a_scope_of_nothing_is_everything() -> None:
    assert written(Rule("forbid", Scope())) == "forbid ( principal, action, resource );"


def test_operations_collections_and_methods_become_actions() -> None:
    scope = Scope(operations=names("shop:d*"), collections=names("reading"))
    actions = 'action in [Action::"shop:drop", Action::"shop:list", Action::"shop:get"]'
    assert written(Rule("permit", scope)) == f"permit ( principal, {actions}, resource );"
    narrowed = Scope(collections=names("reading"), operations=names("shop:drop"), methods=("DELETE",))
    assert 'action in [Action::"shop:drop"]' in written(Rule("forbid", narrowed))
    assert 'action in [Action::"shop:drop"]' in written(Rule("forbid", Scope(methods=("DELETE",))))
    assert "action in []" in written(Rule("forbid", Scope(methods=("PATCH",))))


def test_several_callers_are_several_statements() -> None:
    scope = Scope(profiles=names("a", "a"), apps=names("b"), teams=names("c"))
    result = write_cedar(Policy("rule", Rule("forbid", scope)), operations())
    assert result.statements == 3
    for caller in ('Profile::"a"', 'App::"b"', 'Team::"c"'):
        assert result.text.count(f"principal in {caller}") == 1


def test_conditions_stand_on_lines_of_their_own_and_are_found_again() -> None:
    when = Passage("context.tls // as ever", "yett.yaml", 7, 20, 19)
    unless = Passage("context.time.hour >= 8 &&\ncontext.time.hour < 18", "yett.yaml", 9, 5, 4)
    scope = Scope(apps=names("a", "b"))
    result = write_cedar(Policy("rule", Rule("forbid", scope, when, unless)), operations())
    lines = result.text.split("\n")
    for number, line in enumerate(lines, 1):
        if line == when.text:
            assert result.origin(number, 9) == ("yett.yaml", 7, 28)
        if line.endswith("< 18"):
            assert result.origin(number, 1) == ("yett.yaml", 10, 5)
        if line.startswith("forbid"):
            assert result.origin(number, 1) is None
    assert lines.count(when.text) == 2


def test_a_text_of_cedar_stays_as_it_is() -> None:
    text = "forbid(principal,\n  action, resource);\n"
    result = write_cedar(Policy("rule", Passage(text, "x.cedar", 1, 1)), operations())
    assert (result.text, result.statements) == (text, None)
    assert result.origin(2, 3) == ("x.cedar", 2, 3)
