"""Names of operations against the contracts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compile.contracts import api, contract
from yett.compile import OperationIndex, check_operations
from yett.compile.operations import matches
from yett.model.access import Collection, Grant, Profile, Reach
from yett.model.api import OperationSettings, WebSocket
from yett.model.configuration import Configuration, Unread
from yett.model.place import Place, Reference
from yett.model.upstream import Target, Upstream

SHOP = contract("listBooks", "getBook", "listAuthors")


def configured(*names: str) -> Configuration:
    """An API `shop` and a collection of the operations named."""
    references = tuple(Reference(name, Place("yett.yaml", 9)) for name in names)
    return Configuration(apis=(api(),), collections=(Collection("all", references),))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["shop:getBook"], ["shop:getBook"]),
        (["shop:list*"], ["shop:listBooks", "shop:listAuthors"]),
        (["shop:*"], ["shop:listBooks", "shop:getBook", "shop:listAuthors"]),
        (["shop:*Book*", "shop:getBook"], ["shop:listBooks", "shop:getBook"]),
        (["shop:GETBOOK", "other:getBook"], []),
    ],
)
def test_names_and_wildcards_when_resolved_give_operations_each_once(names: list[str], found: list[str]) -> None:
    configuration = configured(*names)
    index = OperationIndex(configuration, {"shop": SHOP})
    assert index.resolve(configuration.collections[0].operations) == found


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("shop:getBok", "unknown-operation", "did you mean `shop:getBook`?"),
        ("shop:delete*", "operation-unmatched", "`yett routes` lists them"),
        ("shp:getBook", "unknown-api", "did you mean `shop`?"),
    ],
)
def test_a_name_of_no_operation_is_reported_with_a_hint(name: str, code: str, hint: str) -> None:
    (found,) = check_operations(configured(name), {"shop": SHOP}, Unread())
    assert (found.code, found.hint, found.place) == (code, hint, "yett.yaml:9")


def test_nothing_is_said_about_an_api_that_could_not_be_read() -> None:
    assert list(check_operations(configured("shop:gone"), {}, Unread())) == []
    unread = Unread({"apis": frozenset({"other"})})
    assert list(check_operations(configured("other:gone"), {"shop": SHOP}, unread)) == []


def test_grants_and_settings_of_unknown_operations_are_reported() -> None:
    settings = OperationSettings("getBok", place=Place("yett.yaml", 12))
    grant = Grant(Reach("operation", "shop:nothing", Place("yett.yaml", 20)))
    configuration = Configuration(apis=(api(operations=(settings,)),), profiles=(Profile("p", (grant,)),))
    found = list(check_operations(configuration, {"shop": SHOP}, Unread()))
    assert [(one.line, one.code) for one in found] == [(20, "unknown-operation"), (12, "unknown-operation")]
    assert found[1].hint == "did you mean `getBook`?"


@given(pattern=st.text("ab*", max_size=8), text=st.text("ab", max_size=8))
def test_a_wildcard_matches_as_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert matches(pattern, text) is (re.fullmatch(expression, text) is not None)


def test_a_websocket_that_cannot_be_is_a_mistake() -> None:
    settings = (OperationSettings("getBook", websocket=WebSocket(), place=Place("yett.yaml", 12)),)
    posted = replace(SHOP, operations=tuple(replace(one, method="POST") for one in SHOP.operations))
    newer = api(operations=settings)
    newer = replace(newer, upstream=Upstream((Target("http://127.0.0.1:1"),), protocol="http2"))
    found = [
        list(check_operations(Configuration(apis=(one,)), {"shop": contract}, Unread()))
        for one, contract in ((api(operations=settings), SHOP), (api(operations=settings), posted), (newer, SHOP))
    ]
    assert [[(one.code, one.line) for one in each] for each in found] == [
        [],
        [("websocket-impossible", 12)],
        [("websocket-impossible", 12)],
    ]
