"""Operations that cost more than a limit ever holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS, lay_out
from yett.model.diagnostic import Diagnostic
from yett.services.check import check_configuration

SHOP = "base_path: /shop"
COSTLY = "operations: {getBook: {cost: 50}}"


def warnings(folder: Path, settings: str) -> list[Diagnostic]:
    """The warnings about costs in a shop with these settings, which are sound otherwise."""
    found = check_configuration(lay_out(folder, settings), ENVIRONMENT).diagnostics
    assert {one.code for one in found} <= {"cost-impossible"}
    assert {one.severity for one in found} <= {"warning"}
    return list(found)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}, limits: [{{requests: 49, per: minute}}]"),
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}, limits: [{{quota: 49, per: month}}]"),
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}, limits: [{{requests: 99, per: minute, burst: 10}}]"),
        SETTINGS.replace(SHOP, f"{SHOP}, operations: {{getBook: {{cost: 50, limits: [{{requests: 1, per: day}}]}}}}"),
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}").replace('"off"}', '"off", limits: [{requests: 9, per: minute}]}'),
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}").replace('get*"]', 'get*"], limits: [{requests: 9, per: minute}]'),
        SETTINGS.replace(SHOP, f"{SHOP}, operations: {{getBook: {{cost: 2001}}}}"),
    ],
    ids=["rate", "quota", "burst", "operation", "gateway", "collection", "default"],
)
def test_a_cost_above_what_a_limit_holds_is_warned_of_where_it_stands(tmp_path: Path, settings: str) -> None:
    (found,) = warnings(tmp_path, settings)
    assert (found.code, found.pointer) == ("cost-impossible", "/apis/0/operations/getBook")


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}, limits: [{{requests: 50, per: minute}}, {{concurrent: 1}}]"),
        SETTINGS.replace(SHOP, f"{SHOP}, {COSTLY}").replace("requests: 100", "requests: 9"),
        SETTINGS.replace(
            SHOP, f"{SHOP}, {COSTLY}, guards: {{limits: {{mode: monitor}}}}, limits: [{{requests: 1, per: day}}]"
        ),
    ],
    ids=["enough", "only some callers", "monitored"],
)
def test_a_cost_that_somebody_can_pay_is_fine(tmp_path: Path, settings: str) -> None:
    assert warnings(tmp_path, settings) == []


def test_a_cost_of_the_contract_is_warned_of_there(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace(SHOP, f"{SHOP}, limits: [{{requests: 9, per: minute}}]"))
    contract = json.loads(json.dumps(CONTRACT))
    contract["paths"]["/books"]["get"]["x-yett-cost"] = 10
    (tmp_path / "shop.json").write_text(json.dumps(contract))
    (found,) = check_configuration(path, ENVIRONMENT).diagnostics
    assert (found.code, found.file, found.line) == ("cost-impossible", str(tmp_path / "shop.json"), 1)
