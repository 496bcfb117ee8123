"""The access matrix of the example, every cell of it asked of a real gateway."""

from __future__ import annotations

import os

from tests.e2e.gateways import ROOT, Gateway
from yett.services import access, access_trial

BOOKSHOP = str(ROOT / "examples" / "bookshop")


def test_every_caller_of_the_bookshop_may_call_what_the_matrix_says_and_nothing_else() -> None:
    scene = access.read_scene(BOOKSHOP, {})
    trial = access_trial.try_on_own_gateway(scene)
    assert (trial.unlike, trial.unasked) == ([], {})
    assert trial.asked == len(scene.operations) * 9


def test_the_running_bookshop_answers_as_the_matrix_says_and_its_upstream_hears_nothing(shop: Gateway) -> None:
    named = {f"{name.upper()}_KEY": key for name, key in shop.keys.items()}
    before = len(shop.client("clerk").get("/bookshop/books").json["items"])
    scene = access.read_scene(BOOKSHOP, {**os.environ, **named})
    trial = access_trial.try_on_running_gateway(scene, f"http://127.0.0.1:{shop.port}", named)
    assert trial.unlike == []
    assert trial.asked >= len(scene.operations) * 4
    assert len(shop.client("clerk").get("/bookshop/books").json["items"]) == before
