"""A contract from recorded calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native import NATIVE
from yett.contract import load_contract
from yett.design.inference import template_of
from yett.design.recordings import read_recording
from yett.documents import write_yaml
from yett.errors import ConfigurationError, YettError
from yett.gateway import Request
from yett.services.explain import explain_request
from yett.services.inference import Inferred, infer_contract

SECRET = "s3cr3t-v4lue"
UUID = "3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90"


def entry(
    method: str, url: str, status: int = 200, answer: Any = None, sent: Any = None, **more: Any
) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": url, "headers": more.get("headers", [])}
    if sent is not None:
        request["postData"] = {"mimeType": "application/json; charset=utf-8", "text": json.dumps(sent)}
    content = (
        {"mimeType": more.get("media", "application/json"), "text": json.dumps(answer)} if answer is not None else {}
    )
    return {"request": request, "response": {"status": status, "content": content}}


HEADERS = [
    {"name": "Authorization", "value": f"Bearer {SECRET}"},
    {"name": "Cookie", "value": f"session={SECRET}"},
    {"name": "X-Trace", "value": SECRET},
]
BOOK = {"id": UUID, "title": "Lighthouse", "price": 9.5, "added": "2026-02-28T10:00:00Z", "tags": ["a"], "author": None}
ENTRIES = [
    entry("GET", "https://api.test/v1/books?limit=10&q=sea", answer=[BOOK], headers=HEADERS),
    entry("GET", "https://api.test/v1/books?limit=20&tag=a&tag=b", answer=[], headers=HEADERS),
    entry("POST", "https://api.test/v1/books", 201, BOOK, {"title": "Lighthouse", "price": 9}, headers=HEADERS),
    entry("GET", f"https://api.test/v1/books/{UUID}", answer=BOOK),
    entry(
        "GET", "https://api.test/v1/books/7/reviews/ord_8f3k", 404, {"title": "no"}, media="application/problem+json"
    ),
    entry("DELETE", f"https://api.test/v1/books/{UUID}", 204),
    entry("GET", f"https://api.test/v1/books/search?api_key={SECRET}", answer={"hits": []}),
    entry("GET", "https://api.test/page", answer="<html>", media="text/html"),
    entry("OPTIONS", "https://api.test/v1/books"),
    entry("GET", "https://other.test/a", answer={}),
    entry("GET", "ftp://api.test/a", answer={}),
    {"request": 1},
]


def made_from(folder: Path, entries: list[Any] = ENTRIES, host: str = "") -> Inferred:
    path = folder / "calls.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return infer_contract(path, host)


def test_paths_are_templated_and_operations_named(tmp_path: Path) -> None:
    paths = made_from(tmp_path).document["paths"]
    named = {
        (path, method): one["operationId"]
        for path, item in paths.items()
        for method, one in item.items()
        if method != "parameters"
    }
    assert named == {
        ("/v1/books", "get"): "listBooks",
        ("/v1/books", "post"): "createBook",
        ("/v1/books/{bookId}", "get"): "getBook",
        ("/v1/books/{bookId}", "delete"): "deleteBook",
        ("/v1/books/{bookId}/reviews/{reviewId}", "get"): "getBookReview",
        ("/v1/books/search", "get"): "listBooksSearch",
    }


def test_no_value_of_the_recording_is_kept(tmp_path: Path) -> None:
    text = write_yaml(made_from(tmp_path).document)
    assert SECRET not in text
    assert UUID not in text
    assert "Lighthouse" not in text
    assert "session" not in text
    assert "x-trace" not in text.lower()


def test_how_callers_prove_themselves_is_described(tmp_path: Path) -> None:
    document = made_from(tmp_path).document
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"},
        "query-api_key": {"type": "apiKey", "in": "query", "name": "api_key"},
    }
    assert document["paths"]["/v1/books"]["get"]["security"] == [{"bearer": []}]


def test_what_was_passed_over_is_told(tmp_path: Path) -> None:
    made = made_from(tmp_path)
    assert made.calls == 7
    told = dict(made.passed_over)
    assert told["pages, pictures and scripts"] == 1
    assert told["calls of other.test (--host other.test takes them)"] == 1
    assert sum(told.values()) == len(ENTRIES) - made.calls


def test_another_host_is_taken_where_it_is_named(tmp_path: Path) -> None:
    assert list(made_from(tmp_path, host="OTHER.test").document["paths"]) == ["/a"]
    with pytest.raises(YettError, match="no call of none"):
        made_from(tmp_path, host="none")


@pytest.mark.parametrize("text", ['{"cut', '{"\\ud800": 1}', "[NaN]", "[" * 100 + "]" * 100, "[" * 100_000])
def test_a_body_that_is_not_what_it_says_has_no_schema(tmp_path: Path, text: str) -> None:
    broken = entry("GET", "https://api.test/a")
    broken["response"]["content"] = {"mimeType": "application/json", "text": text, "size": 5}
    made = made_from(tmp_path, [broken])
    assert made.document["paths"]["/a"]["get"]["responses"]["200"]["content"] == {"application/json": {}}
    assert made.passed_over == (("bodies that are not what their media type says", 1),)


def test_fields_of_a_form_are_described_without_their_values(tmp_path: Path) -> None:
    posted = entry("POST", "https://api.test/login", 204)
    posted["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "text": f"user=a&password={SECRET}",
    }
    document = made_from(tmp_path, [posted]).document
    content = document["paths"]["/login"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert list(content["schema"]["properties"]) == ["user", "password"]
    assert SECRET not in str(document)


@pytest.mark.parametrize("text", ["[]", '{"log": {}}', '{"log": {"entries": {}}}'])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.har").write_text(text)
    with pytest.raises(YettError, match="no HAR file"):
        infer_contract(tmp_path / "a.har")


def test_a_recording_that_cannot_be_read_or_is_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text('{"log": ')
    with pytest.raises(ConfigurationError):
        infer_contract(tmp_path / "a.har")
    with pytest.raises(YettError, match="no calls"):
        made_from(tmp_path, [])


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.%~@-]{0,20}", fullmatch=True), max_size=5))
def test_every_path_becomes_a_template_that_names_each_parameter_once(segments: list[str]) -> None:
    names = [one for one in template_of(segments).split("/") if one.startswith("{")]
    assert len(names) == len(set(names))


KEYS = ("request", "response", "method", "url", "status", "content", "mimeType", "text", "headers", "name")
ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(KEYS), one, max_size=4),
)


@given(ANY)
def test_no_entry_breaks_the_reading(value: Any) -> None:
    assert read_recording({"log": {"entries": [value]}}) is not None


def lay_out(folder: Path, document: Any) -> str:
    (folder / "api.yaml").write_text(write_yaml(document))
    api = {"name": "api", "contract": "api.yaml", "upstream": "http://127.0.0.1:9", "public": True}
    settings = {"yett": 1, "gateway": {"listen": "127.0.0.1:0"}, "apis": [api]}
    (folder / "yett.yaml").write_text(write_yaml(settings))
    return str(folder / "yett.yaml")


def test_the_contract_loads_without_errors(tmp_path: Path) -> None:
    lay_out(tmp_path, made_from(tmp_path).document)
    contract = load_contract(tmp_path / "api.yaml", api="a")
    assert contract.diagnostics == ()
    assert len(contract.operations) == 6


@NATIVE
@pytest.mark.parametrize(
    "recorded", ENTRIES[:7], ids=lambda one: f"{one['request']['method']} {one['request']['url'][16:]}"
)
def test_the_gateway_accepts_what_was_recorded(tmp_path: Path, recorded: dict[str, Any]) -> None:
    settings = lay_out(tmp_path, made_from(tmp_path).document)
    asked = recorded["request"]
    parts = urlsplit(asked["url"])
    posted = asked.get("postData", {})
    headers = (("content-type", posted["mimeType"]),) if posted else ()
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = Request(asked["method"], target, "127.0.0.1", headers, posted.get("text", ""))
    decision = explain_request(settings, request, {}).decision
    assert (decision.allowed, decision.code, decision.violations) == (True, None, ())


@NATIVE
def test_the_gateway_refuses_what_was_never_recorded(tmp_path: Path) -> None:
    settings = lay_out(tmp_path, made_from(tmp_path).document)
    for request in (Request("GET", "/v1/books?limit=ten"), Request("PUT", "/v1/books"), Request("GET", "/v1/shelves")):
        assert not explain_request(settings, request, {}).decision.allowed
