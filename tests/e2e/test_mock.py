"""`yett mock`: the real gateway, without an API behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.e2e.gateways import Gateway, running
from yett.services.mock import mock_configuration


@pytest.fixture
def mock(tmp_path: Path) -> Iterator[Gateway]:
    """The bookshop's contract, mocked."""
    contract = ROOT / "examples" / "bookshop" / "bookshop.openapi.yaml"
    with mock_configuration(str(contract), "127.0.0.1:0") as path, running(Path(path).parent, {}) as started:
        yield started


def test_a_request_that_fits_the_contract_gets_an_answer_that_fits_it_too(mock: Gateway) -> None:
    answer = httpx.get(f"http://127.0.0.1:{mock.port}/books", params={"page": 1})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json()["items"], list)


def test_a_request_that_does_not_fit_is_refused_as_ever(mock: Gateway) -> None:
    answer = httpx.post(f"http://127.0.0.1:{mock.port}/orders", json={"customer_id": "none"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request-invalid")
    assert httpx.get(f"http://127.0.0.1:{mock.port}/nothing").json()["code"] == "operation-unknown"


def test_another_documented_answer_is_given_to_who_prefers_it(mock: Gateway) -> None:
    answer = httpx.get(f"http://127.0.0.1:{mock.port}/books/1", headers={"prefer": "code=404"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (404, "code=404")
