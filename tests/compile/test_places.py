"""From the snapshot back to what somebody wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compile.contracts import api, contract
from yett.compile import place_of
from yett.model.access import Credential, Credentials, Profile
from yett.model.configuration import Configuration
from yett.model.gateway import GatewaySettings
from yett.model.place import Place

CONFIGURATION = Configuration(
    gateway=GatewaySettings(place=Place("yett.yaml", 2)),
    apis=(api(),),
    profiles=(Profile("reader", place=Place("yett.yaml", 14)),),
)
CONTRACTS = {"shop": contract("listBooks", "getBook")}
CREDENTIALS = Credentials((Credential("k", "x", "p", "h", place=Place("yett.yaml", 17)),), "0" * 16)


@pytest.mark.parametrize(
    ("pointer", "place", "name"),
    [
        ("/apis/0/operations/1/parameters/0", "shop.yaml:11", "operation `shop:getBook`"),
        ("/apis/0/base_path", "yett.yaml:4", "API `shop`"),
        ("/apis/0/schemas/request/A~1B", "shop.yaml", "schema `A/B` of API `shop`"),
        ("/profiles/0/operations/3", "yett.yaml:14", "profile `reader`"),
        ("/credentials/0/hash", "yett.yaml:17", "credential `k`"),
        ("/leaks/path", "yett.yaml:2", "the gateway"),
        ("/pepper_id", "", ""),
        ("", "", ""),
        ("/apis/7", "", ""),
    ],
)
def test_a_pointer_into_the_snapshot_leads_to_its_source(pointer: str, place: str, name: str) -> None:
    found, called = place_of(pointer, CONFIGURATION, CONTRACTS, CREDENTIALS)
    assert (str(found), called) == (place, name)


@given(st.text("/0123apisoperations~-²", max_size=30))
def test_any_pointer_leads_somewhere_or_nowhere_without_a_crash(pointer: str) -> None:
    place_of(pointer, CONFIGURATION, CONTRACTS, CREDENTIALS)
