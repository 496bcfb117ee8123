"""The snapshot's bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.compile.contracts import api, contract
from yett.compile import compile_snapshot
from yett.model.access import App, Collection, Credential, Credentials, Profile
from yett.model.api import Identify, OperationSettings
from yett.model.configuration import Configuration
from yett.model.limit import Concurrent, Limit, Quota, Rate, Subject
from yett.model.place import Reference

SCHEMA = Path(__file__).parent.parent.parent / "schemas" / "snapshot.json"
LIMIT = Limit(Concurrent(1), "app")
SUBJECTS: tuple[Subject, ...] = ("app", "address", "all")


def compiled(configuration: Configuration, **contracts: Any) -> dict[str, Any]:
    """The snapshot as a value."""
    loaded: dict[str, Any] = json.loads(compile_snapshot(configuration, contracts, Credentials()))
    return loaded


def limit_names(value: Any) -> Iterator[str]:
    """The names of all limits below `value`."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and "measure" in value:
        yield value["name"]
    for child in children:
        yield from limit_names(child)


def test_the_bytes_are_canonical_and_the_same_every_time() -> None:
    configuration = Configuration(apis=(api(),))
    first = compile_snapshot(configuration, {"shop": contract("bücher")}, Credentials())
    again = compile_snapshot(configuration, {"shop": contract("bücher")}, Credentials())
    canonical = json.dumps(json.loads(first), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert first == again == canonical.encode()


def test_limits_are_named_after_their_owner_and_never_twice() -> None:
    settings = OperationSettings("b-c", limits=(LIMIT,))
    configuration = Configuration(
        apis=(
            api("a", limits=(LIMIT, LIMIT), operations=(settings,)),
            api("a-b", operations=(replace(settings, operation_id="c"),)),
        ),
        collections=(Collection("all", (), (LIMIT,)),),
        profiles=(Profile("reader", limits=(LIMIT,)),),
        apps=(App("x", Reference("t"), limits=(LIMIT,)),),
    )
    found = list(limit_names(compiled(configuration, **{"a": contract("b-c"), "a-b": contract("c")})))
    assert sorted(found) == sorted(set(found))
    assert {
        "api-a-concurrent", "api-a-concurrent-2", "operation-a-b-c-concurrent", "operation-a-b-c-concurrent-2",
        "profile-reader-concurrent", "app-x-concurrent",
    } <= set(found)  # fmt: skip


def test_a_limit_keeps_its_name_when_another_is_written_in_front_of_it() -> None:
    rate, quota = Limit(Rate(100, 60_000, 100), "app"), Limit(Quota(5_000, "day"), "app")

    def names(*limits: Limit) -> list[str]:
        return list(limit_names(compiled(Configuration(profiles=(Profile("reader", limits=limits),)))["profiles"]))

    assert names(quota) == ["profile-reader-quota-per-day"]
    assert names(rate, quota) == ["profile-reader-requests-per-minute", "profile-reader-quota-per-day"]
    assert names(replace(quota, measure=Quota(6_000, "day"))) == names(quota)


def test_a_limits_name_says_whom_it_counts_where_that_is_not_the_app() -> None:
    limits = tuple(Limit(Rate(1, 1_000, 1), subject) for subject in SUBJECTS)
    found = list(limit_names(compiled(Configuration(profiles=(Profile("reader", limits=limits),)))["profiles"]))
    assert found == [f"profile-reader-requests-per-second{words}" for words in ("", "-by-address", "-by-all")]


def test_identity_is_required_unless_it_is_said_aloud() -> None:
    closed = compiled(Configuration(apis=(api(),)), shop=contract("a"))
    assert closed["apis"][0]["identify"] == {"api_key": {"bearer": True, "header": "x-api-key"}, "public": False}
    assert "public" not in closed["apis"][0]["operations"][0]
    open_wide = compiled(Configuration(apis=(api(identify=Identify(True, None)),)), shop=contract("a"))
    assert open_wide["apis"][0]["identify"] == {"public": True}


def test_a_contract_that_calls_an_operation_public_opens_no_door() -> None:
    spoken = contract("a")
    spoken = replace(spoken, operations=(replace(spoken.operations[0], public=True),))
    assert "public" not in compiled(Configuration(apis=(api(),)), shop=spoken)["apis"][0]["operations"][0]


def test_the_cost_of_the_contract_counts_unless_the_configuration_says_otherwise() -> None:
    spoken = contract("a", "b")
    spoken = replace(spoken, operations=tuple(replace(one, cost=3) for one in spoken.operations))
    configuration = Configuration(apis=(api(operations=(OperationSettings("b", cost=7),)),))
    assert [one["cost"] for one in compiled(configuration, shop=spoken)["apis"][0]["operations"]] == [3, 7]


def test_a_key_without_profiles_of_its_own_and_one_with_none_at_all_differ() -> None:
    items = (Credential("k", "x", "p", "h"), Credential("l", "x", "p", "h", profiles=()))
    found = json.loads(compile_snapshot(Configuration(), {}, Credentials(items, "0" * 16)))["credentials"]
    assert [one.get("profiles") for one in found] == [None, []]


@pytest.mark.parametrize("name", ["smallest", "everything"])
def test_a_golden_snapshot_fits_the_engines_schema(name: str) -> None:
    if not SCHEMA.exists():
        pytest.skip("schemas/snapshot.json is not exported yet")
    golden = json.loads((Path(__file__).parent.parent / "golden" / f"{name}.out.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(golden)


def test_a_hundred_thousand_keys_compile_in_a_few_seconds() -> None:
    items = tuple(Credential(f"k-{n}", "x", f"yett_live_{n:08}", "0" * 64) for n in range(100_000))
    began = time.process_time()
    compile_snapshot(Configuration(apps=(App("x", Reference("t")),)), {}, Credentials(items, "0" * 16))
    assert time.process_time() - began < 3
