"""Controls end attacks that nothing else stops: at once, with a reason, and until they expire."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Answer, Client
from tests.e2e.gateways import YETT, eventually

WHY = ("--reason", "attack 7", "--for", "1h")


def control(guard: Guarded, *arguments: str, refused: bool = False) -> Any:
    """Run `yett control` on the folder of the gateway, and return what it says as JSON."""
    command: Sequence[str] = [str(YETT), "control", *arguments]
    run = subprocess.run(command, cwd=guard.gateway.folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == (1 if refused else 0), run.stdout + run.stderr
    return json.loads(run.stdout) if run.stdout.startswith(("{", "[")) else run.stdout


def until(look: Callable[[], Answer], status: int) -> Answer:
    """Ask until the answer has that status."""

    def found() -> Answer | None:
        answer = look()
        return answer if answer.status == status else None

    return eventually(found, f"no answer has status {status}")


def test_an_operation_that_is_abused_is_closed_for_everybody_and_opened_again(
    weak_shop: WeakShop, guarded: Callable[..., Guarded]
) -> None:
    assert Client(weak_shop.port).get("/report?rows=1").status == 200
    guard = guarded()
    alice = guard.client()
    assert alice.get("/report?rows=1").status == 200
    made = control(guard, "block", "--operation", "shop:report", *WHY, "--evidence", "decision 12", "--json")
    closed = until(lambda: alice.get("/report?rows=1"), 503)
    assert (closed.problem["code"], "attack 7" in closed.body.decode()) == ("operation-closed", False)
    assert int(closed.headers["retry-after"]) > 0
    assert alice.get("/search?title=Salt").status == 200
    event = guard.gateway.event(closed.problem["decision"])
    assert (event["control"], "attack 7" in event["reason"]) == (made["id"], True)
    [listed] = control(guard, "list", "--json")
    assert (listed["id"], listed["reason"], listed["evidence"]) == (made["id"], "attack 7", ["decision 12"])
    control(guard, "end", made["id"])
    until(lambda: alice.get("/report?rows=1"), 200)
    assert control(guard, "list", "--json") == []


def test_one_caller_is_blocked_and_the_other_served(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    control(guard, "block", "--app", "alice", *WHY)
    blocked = until(lambda: guard.client("alice").get("/search?title=Salt"), 403)
    assert blocked.problem["code"] == "blocked"
    assert guard.client("bob").get("/search?title=Salt").status == 200


def test_a_flood_is_throttled(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    bob = guard.client("bob")
    control(guard, "throttle", "--app", "bob", "--requests", "3", "--per", "hour", "--by", "app", *WHY)
    slowed = until(lambda: bob.get("/search?title=Salt"), 429)
    assert slowed.problem["code"] == "throttled"
    assert guard.client("alice").get("/search?title=Salt").status == 200


def test_a_virtual_patch_closes_a_hole_and_nothing_else(weak_shop: WeakShop, guarded: Callable[..., Guarded]) -> None:
    evil = {"host": "x; echo owned"}
    assert "owned" in Client(weak_shop.port).post("/ping", evil).json["output"].split("\n")
    # What the patch does is to be seen, not what the injection guard does.
    guard = guarded(guards={"injection": {"mode": "off"}})
    alice = guard.client()
    control(guard, "patch", "--operation", "shop:ping", "--when", "body:/host matches [^a-z0-9.-]", *WHY)
    refused = until(lambda: alice.post("/ping", evil), 403)
    assert refused.problem["code"] == "virtual-patch"
    answered = alice.post("/ping", {"host": "books.example.org"})
    assert answered.json["output"] == "pinging books.example.org\n"


def solved(challenge: dict[str, Any]) -> str:
    """The answer to a challenge."""
    token = challenge["token"]
    for number in count():
        digest = hashlib.sha256(f"{token}:{number}".encode()).digest()
        if int.from_bytes(digest) >> (256 - challenge["difficulty"]) == 0:
            return f"{token}.{number}"
    raise AssertionError


def test_a_challenge_is_passed_with_work_and_not_without(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    alice = guard.client()
    control(guard, "challenge", "--operation", "shop:searchBooks", "--difficulty", "10", *WHY)
    asked = until(lambda: alice.get("/search?title=Salt"), 403)
    assert asked.problem["code"] == "challenge-required"
    challenge = asked.problem["challenge"]
    answer = solved(challenge)
    assert alice.get("/search?title=Salt", {challenge["header"]: answer}).status == 200
    assert alice.get("/search?title=Salt", {"cookie": f"{challenge['cookie']}={answer}"}).status == 200
    token, _, number = answer.partition(".")
    for bad in (f"{token}.{int(number) + 1}", f"{token}.", "x.1", token, f"B{token[1:]}.{number}"):
        assert alice.get("/search?title=Salt", {challenge["header"]: bad}).status == 403, bad


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the page's script")
def test_a_browser_solves_the_challenge_by_itself(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    alice = guard.client()
    control(guard, "challenge", "--operation", "shop:searchBooks", "--difficulty", "12", *WHY)
    page = until(lambda: alice.get("/search?title=Salt", {"accept": "text/html"}), 403)
    assert page.headers["content-type"].startswith("text/html")
    text = page.body.decode()
    script = text.partition("<script>")[2].partition("</script>")[0]
    data = dict(one.partition("=")[::2] for one in text.partition("<main ")[2].partition(">")[0].split())
    task = {name.removeprefix("data-"): value.strip('"') for name, value in data.items() if name.startswith("data-")}
    stand_in = (
        "Object.defineProperty(global, 'navigator', {value: {cookieEnabled: true}, configurable: true});"
        f"global.document = {{getElementById: () => ({{dataset: {json.dumps(task)}}}),"
        " set cookie(value) { console.log(value); }};"
        "global.location = {protocol: 'http:', reload() {}};"
    )
    run = subprocess.run(["node", "-e", stand_in + script], capture_output=True, text=True, timeout=60, check=True)
    cookie = run.stdout.partition(";")[0]
    assert alice.get("/search?title=Salt", {"accept": "text/html", "cookie": cookie}).status == 200


def test_step_up_is_asked_for_as_the_standard_says(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    alice = guard.client()
    control(guard, "challenge", "--step-up", "--acr", "phr", "--max-age", "300", "--operation", "shop:pay", *WHY)
    asked = until(lambda: alice.post("/payments", {}), 401)
    assert asked.problem["code"] == "step-up-required"
    assert 'error="insufficient_user_authentication"' in asked.headers["www-authenticate"]
    assert 'acr_values="phr"' in asked.headers["www-authenticate"]


def test_a_control_survives_a_restart(guarded: Callable[..., Guarded]) -> None:
    from tests.e2e.gateways import running

    guard = guarded()
    control(guard, "block", "--api", "shop", *WHY)
    until(lambda: guard.client().get("/search?title=Salt"), 503)
    guard.gateway.terminate()
    guard.gateway.wait()
    with running(guard.gateway.folder, guard.gateway.keys) as again:
        assert again.client("alice").get("/search?title=Salt").status == 503


def test_a_control_is_refused_with_all_that_is_wrong(guarded: Callable[..., Guarded]) -> None:
    guard = guarded()
    wrong = ("--operation", "shop:report2", "--network", "10.0.0.1/8", "--reason", "", "--for", "31d")
    told = control(guard, "block", *wrong, "--json", refused=True)
    codes = {one["code"] for one in told["diagnostics"]}
    assert codes == {"operation-unknown", "network-invalid", "control-unexplained", "control-expiry-far"}
    assert control(guard, "list", "--all", "--json") == []
