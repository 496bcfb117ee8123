"""How an API is exposed: what is compiled, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compile.contracts import api, operation
from yett.compile import check_proxies
from yett.compile.proxy import compile_proxy, upstream_path
from yett.contract import Contract
from yett.model.api import OperationSettings
from yett.model.configuration import Configuration
from yett.model.proxy import Proxy, Rewrite, UpstreamIdentity
from yett.model.upstream import Hash, Upstream

CONTRACT = Contract("shop", "Shop", "1.0.0", "3.1.0", (operation("getBook", "/books/{id}"),), {}, {}, ())


@pytest.mark.parametrize(
    ("source", "target", "path", "expected"),
    [
        ("/books/{isbn}", "/v2/{isbn}/x", "/books/{id}", "/v2/{id}/x"),
        ("/books/*", "/v2/*", "/books/{id}/pages", "/v2/{id}/pages"),
        ("/books/*", "/v2/*", "/books", None),
        ("/books/*", "/v2/*", "/bookshelf/{id}", None),
        ("/books/{id}", "/v2/{id}", "/books/mine", None),
    ],
)
def test_a_path_is_written_anew(source: str, target: str, path: str, expected: str | None) -> None:
    assert upstream_path(None, (Rewrite(source, target),), path) == expected


def test_an_operations_own_path_comes_before_all_and_then_the_first_that_fits() -> None:
    rewrites = (Rewrite("/books/*", "/a/*"), Rewrite("/books/{id}", "/b/{id}"))
    assert upstream_path("/own", rewrites, "/books/{id}") == "/own"
    assert upstream_path(None, rewrites, "/books/{id}") == "/a/{id}"


def test_what_is_at_its_default_is_left_out() -> None:
    assert compile_proxy(Proxy()) == {}


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"proxy": Proxy(rewrites=(Rewrite("/books/{id}", "/v2/{isbn}"),))}, ["parameter-unknown"]),
        ({"proxy": Proxy(rewrites=(Rewrite("/magazines", "/v2"),))}, ["rewrite-unmatched"]),
        ({"proxy": Proxy(rewrites=(Rewrite("/books/*", "/v2"),))}, ["rewrite-invalid"]),
        ({"operations": (OperationSettings("getBook", upstream_path="/v2/{isbn}"),)}, ["parameter-unknown"]),
        ({"upstream": Upstream((), balance=Hash("path", "isbn"))}, ["parameter-unknown"]),
        ({"upstream": Upstream((), balance=Hash("path", "id"))}, []),
        ({"proxy": Proxy(upstream_identity=UpstreamIdentity("books"))}, ["issuer-missing"]),
        ({"proxy": Proxy(rewrites=(Rewrite("/books/{id}", "/v2/{id}"),))}, []),
    ],
)
def test_what_cannot_be_is_told(settings: dict[str, object], codes: list[str]) -> None:
    found = check_proxies(Configuration(apis=(replace(api(), **settings),)), {"shop": CONTRACT})  # type: ignore[arg-type]
    assert [one.code for one in found] == codes


@given(st.text(alphabet="/{}*ab", max_size=12), st.text(alphabet="/{}*ab", max_size=12))
def test_no_template_breaks_the_rewriting(source: str, path: str) -> None:
    upstream_path(None, (Rewrite(source, source),), path)
