"""An object of somebody else is not carried past its policy by another status than 200."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.guarded import Guarded, guarding
from tests.e2e.recorder import Recorded, Recorder, answer, recording
from yett.access.keys import new_key

FOREIGN = b'{"id": 7, "customer_id": 2, "total": "9.00"}'
OWN = FOREIGN.replace(b'"customer_id": 2', b'"customer_id": 1')
POLICY = {
    "name": "own-orders",
    "forbid": {"operations": ["shop:getOrder"], "apps": ["bob"]},
    "unless": "context.response has customer_id && context.response.customer_id == 1",
}


@pytest.fixture
def upstream() -> Iterator[Recorder]:
    """An upstream that answers as a test says."""
    with recording() as recorder:
        yield recorder


@pytest.fixture
def guard(upstream: Recorder, tmp_path: Path) -> Iterator[Guarded]:
    """A gateway where bob may see the orders of customer 1 only, and alice all."""
    keys = {name: new_key("test").text for name in ("alice", "bob")}
    with guarding(tmp_path / "shop", upstream.url, keys, {"policies": [POLICY]}) as running:
        yield running


@pytest.mark.parametrize(
    ("status", "headers", "seen", "code"),
    [
        (200, (), 403, "policy-denied"),
        (404, (), 404, "upstream-error"),
        (409, (), 409, "upstream-error"),
        (302, ("location: https://cdn.example/orders/7",), 403, "policy-denied"),
    ],
)
def test_an_order_of_another_customer_reaches_alice_and_not_bob(
    upstream: Recorder, guard: Guarded, status: int, headers: tuple[str, ...], seen: int, code: str
) -> None:
    upstream.answering = lambda _: answer(status, FOREIGN, *headers)
    # Nothing in the policy is for alice: what bob must not see is what the upstream says.
    alice = guard.client("alice").get("/orders/7")
    assert (alice.status, alice.body) == (status, FOREIGN)
    bob = guard.client("bob").get("/orders/7")
    assert (bob.status, bob.problem["code"]) == (seen, code)
    assert b"9.00" not in bob.body
    assert "location" not in bob.headers


def test_whether_a_copy_is_current_is_told_to_nobody_who_may_not_see_it(upstream: Recorder, guard: Guarded) -> None:
    def conditional(request: Recorded) -> bytes:
        return answer(304, b"") if request.values("if-none-match") else answer(200, FOREIGN)

    upstream.answering = conditional
    condition = {"if-none-match": '"7"'}
    assert guard.client("alice").get("/orders/7", condition).status == 304
    assert guard.client("bob").get("/orders/7", condition).status == 403
    upstream.answering = lambda _: answer(304, b"")
    assert guard.client("bob").get("/orders/7").status == 403


def test_an_own_order_passes(upstream: Recorder, guard: Guarded) -> None:
    upstream.answering = lambda _: answer(200, OWN)
    bob = guard.client("bob").get("/orders/7")
    assert (bob.status, bob.body) == (200, OWN)
