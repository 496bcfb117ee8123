"""Listing what would be served."""

from __future__ import annotations

from pathlib import Path

from tests.services.places import SETTINGS, lay_out
from yett.services.routes import Route, list_routes


def test_routes_name_public_paths_and_who_may_call(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("base_path: /shop", "operations: {listBooks: {public: true}}"))
    found = list_routes(path, {})
    upstream = "http://127.0.0.1:9"
    assert found.routes == (
        Route("shop:getBook", "GET", "/books/{id}", (), False, ("reader",), upstream),
        Route("shop:listBooks", "GET", "/books", (), True, (), upstream),
    )
    assert [one.code for one in found.diagnostics] == ["secret-missing"]
    assert found.diagnostics[0].severity == "warning"


def test_an_api_whose_contract_is_missing_has_no_routes(tmp_path: Path) -> None:
    found = list_routes(lay_out(tmp_path, SETTINGS.replace("shop.json", "gone.json")), {})
    assert found.routes == ()
    assert "contract-unreadable" in {one.code for one in found.diagnostics}
