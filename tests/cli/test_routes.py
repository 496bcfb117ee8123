"""`yett routes`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import yett
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out


def test_routes_are_a_table(tmp_path: Path) -> None:
    shown = yett("routes", lay_out(tmp_path), environment=ENVIRONMENT)
    assert shown.code == 0
    assert [line.rstrip() for line in shown.out.splitlines()] == [
        "GET  /shop/books/{id}  shop:getBook    reader                        http://127.0.0.1:9",
        "GET  /shop/books       shop:listBooks  nobody: no profile grants it  http://127.0.0.1:9",
    ]


def test_routes_as_json_are_data_with_the_mistakes_beside_them(tmp_path: Path) -> None:
    shown = yett("routes", lay_out(tmp_path, f"{SETTINGS}surprise: 1\n"), "--json", environment=ENVIRONMENT)
    assert shown.code == 1
    assert [one["operation"] for one in shown.json["routes"]] == ["shop:getBook", "shop:listBooks"]
    assert [one["code"] for one in shown.json["diagnostics"]] == ["unknown-key"]


def test_a_missing_key_is_no_mistake_of_the_routes(tmp_path: Path) -> None:
    shown = yett("routes", lay_out(tmp_path), environment={"READER_KEY": ""})
    assert (shown.code, shown.err) == (0, "")


def test_routes_of_an_api_bound_to_hosts_show_them(tmp_path: Path) -> None:
    bound = SETTINGS.replace("base_path: /shop", "base_path: /shop, hosts: [a.example, b.example]")
    shown = yett("routes", lay_out(tmp_path, bound), environment=ENVIRONMENT)
    assert "GET  a.example,b.example/shop/books/{id}  shop:getBook" in shown.out
