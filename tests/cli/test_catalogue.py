"""`yett catalogue`: by words, path, field and owner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.conftest import ROOT

SHOP = str(ROOT / "examples" / "bookshop")


def found(*arguments: str, config: str = SHOP) -> list[str]:
    shown = yett("catalogue", *arguments, "--config", config, "--json")
    return [one["operation"].partition(":")[2] for one in shown.json]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("cancel",), ["cancelOrder"]),
        (("REVIEW", "post"), ["createReview"]),
        (("--path", "/authors"), ["listAuthors", "getAuthor"]),
        (("--path", "*/customers/*"), ["getCustomer", "replaceCustomer"]),
        (("--field", "postcode", "--path", "nothing"), []),
        (("--owner", "shop-*", "--path", "/health"), ["getHealth"]),
        (("--owner", "nobody"), []),
        (("zebra",), []),
    ],
)
def test_operations_are_found(arguments: tuple[str, ...], expected: list[str]) -> None:
    assert found(*arguments) == expected


def test_a_field_is_found_by_its_name_and_by_its_path() -> None:
    assert "createOrder" in found("--field", "postcode")
    assert "listBooks" in found("--field", "isbn")
    assert "listBooks" in found("--field", "items.price.amount")
    assert "listBooks" not in found("--field", "address.city")


def test_an_operation_tells_its_collections_and_the_requests_that_call_it(tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    yett("collection", "generate", f"{SHOP}/bookshop.openapi.yaml", "-o", str(tmp_path / "shop" / "b.collection.yaml"))
    entry = yett("catalogue", "--path", "/health", "--config", str(tmp_path / "shop"), "--json").json[0]
    assert entry["requests"] == ["b.collection.yaml: operation / Is the shop open?"]
    book = yett("catalogue", "getBook", "--config", str(tmp_path / "shop"), "--json").json[0]
    assert "catalogue" in book["collections"]


def test_it_is_shown_to_people_and_says_when_there_is_nothing() -> None:
    shown = yett("catalogue", "cancel", "--config", SHOP)
    assert (shown.code, "DELETE  /bookshop/orders/{order_id}  bookshop:cancelOrder" in shown.out) == (0, True)
    assert "owned by shop-team" in shown.out
    nothing = yett("catalogue", "zebra", "--config", SHOP)
    assert (nothing.code, nothing.out) == (1, "0 operations\n")


TREE = """
openapi: 3.1.0
info: {title: T, version: 1.0.0}
paths:
  /tree:
    get:
      operationId: getTree
      responses:
        "200":
          description: It.
          content: {application/json: {schema: {$ref: "#/components/schemas/Node"}}}
components:
  schemas:
    Node:
      type: object
      properties:
        leaf: {type: string}
        left: {$ref: "#/components/schemas/Node"}
        all: {type: array, items: {$ref: "#/components/schemas/Node"}}
"""


def test_a_schema_that_holds_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "tree.openapi.yaml").write_text(TREE)
    (tmp_path / "yett.yaml").write_text(
        "yett: 1\napis:\n- {name: tree, contract: tree.openapi.yaml, upstream: 'http://127.0.0.1:1', public: true}\n"
    )
    assert found("--field", "leaf", config=str(tmp_path)) == ["getTree"]
