"""Queries that ask for everything at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

BOMB = "{ ...F0 } " + " ".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} }}" for n in range(8))
BOMB += " fragment F8 on T { x }"
GRAPHQL = {"graphql": {"graphql": True}}


def test_fragments_in_fragments_blow_up_the_bare_shop(weak_shop: WeakShop) -> None:
    answer = Client(weak_shop.port).post("/graphql", {"query": BOMB})
    assert answer.json["data"]["fields"] >= 3**8


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (BOMB, "structure-exceeded"),
        ("{ a " * 12 + "{ b }" + " }" * 12, "structure-exceeded"),
        ("{ " + " ".join(f"a{n}: me" for n in range(100)) + " }", "structure-exceeded"),
        ("{ " + "me " * 1_500 + "}", "structure-exceeded"),
        ("{ books(first: 100) { pages(first: 100) { text } } }", "structure-exceeded"),
        ("{ me " + "@skip(if: false) " * 50 + "}", "structure-exceeded"),
        ("{ ...A } fragment A on T { b { ...A } }", "structure-refused"),
        ("{ __schema { types { name } } }", "structure-refused"),
        ("{ me", "structure-refused"),
    ],
    ids=["bomb", "depth", "aliases", "repeats", "lists", "directives", "circle", "schema", "broken"],
)
def test_none_of_them_reaches_it_through_the_gateway(guarded: Callable[..., Guarded], query: str, code: str) -> None:
    refused = guarded(operations=GRAPHQL).client().post("/graphql", {"query": query})
    assert (refused.status, refused.problem["code"]) == (400, code)


def test_a_batch_is_one_request(guarded: Callable[..., Guarded]) -> None:
    alice = guarded(operations={"graphql": {"graphql": {"max_batch": 2, "max_cost": 10}}}).client()
    assert alice.post("/graphql", [{"query": "{ me }"}, {"query": "{ me }"}]).status == 200
    assert alice.post("/graphql", [{"query": "{ me }"}] * 3).problem["code"] == "structure-exceeded"
    assert alice.post("/graphql", [{"query": "{ a b c d e f }"}] * 2).problem["code"] == "structure-exceeded"


def test_an_ordinary_query_passes(guarded: Callable[..., Guarded]) -> None:
    query = "query Q($n: Int = 5) { books(first: $n) { title ...B } } fragment B on Book { author { name } }"
    assert guarded(operations=GRAPHQL).client().post("/graphql", {"query": query, "variables": {"n": 3}}).status == 200
