"""Values are added to texts, and nothing else is touched."""

from __future__ import annotations

import json

import pytest
import yaml

from yett.documents.insertion import insert_item
from yett.errors import YettError

PATH: list[str | int] = ["apis", 0, "guards", "injection", "exceptions"]
ITEM = {"operation": "writeReview", "in": "body", "name": "/text", "families": ["xss"]}


@pytest.mark.parametrize(
    "text",
    [
        "apis:\n  - name: shop # the shop\n    contract: a.yaml\n",
        "apis:\n  - name: shop\n    guards: {contract: {mode: enforce}} # strict\n    contract: a.yaml",
        "apis:\n  - name: shop\n    guards:\n      contract: {mode: enforce}\n    contract: a.yaml\n",
        "apis:\n- name: shop\n  guards:\n    injection:\n      level: strict\n\n  contract: a.yaml\n",
        "apis: [{name: shop, guards: {injection: {exceptions: []}}}]\n",
        "apis:\n  - guards:\n      injection:\n        exceptions:\n        # known\n        - {families: [sqli]}\n",
        '{"apis": [{"name": "shop"}]}',
    ],
)
def test_an_item_is_added_and_everything_else_stays(text: str) -> None:
    changed = insert_item(text, PATH, ITEM)
    listed = yaml.safe_load(changed)["apis"][0]["guards"]["injection"]["exceptions"]
    assert ITEM in listed
    kept = [line for line in text.splitlines() if "#" in line]
    assert all(line.split("#")[1] in changed for line in kept)


def test_json_stays_json() -> None:
    changed = insert_item('{"apis": [{"name": "shop", "guards": {}}]}', PATH, ITEM)
    assert json.loads(changed)["apis"][0]["guards"] == {"injection": {"exceptions": [ITEM]}}


def test_a_text_without_a_place_for_it_is_left_alone() -> None:
    with pytest.raises(YettError, match="no place"):
        insert_item("apis:\n  - name: shop\n    guards:\n", PATH, ITEM)
