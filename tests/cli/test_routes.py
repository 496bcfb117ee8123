"""`yett routes`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import yett
from tests.services.places import ENVIRONMENT, lay_out


def test_routes_are_a_table(tmp_path: Path) -> None:
    shown = yett("routes", lay_out(tmp_path), environment=ENVIRONMENT)
    assert shown.code == 0
    assert [line.rstrip() for line in shown.out.splitlines()] == [
        "GET  /shop/books/{id}  shop:getBook    reader",
        "GET  /shop/books       shop:listBooks  nobody: no profile grants it",
    ]


def test_routes_as_json_are_data_with_the_mistakes_beside_them(tmp_path: Path) -> None:
    shown = yett("routes", lay_out(tmp_path), "--json", environment={"READER_KEY": ""})
    assert shown.code == 0
    assert [one["operation"] for one in shown.json["routes"]] == ["shop:getBook", "shop:listBooks"]
    assert [one["code"] for one in shown.json["diagnostics"]] == ["secret-empty"]
