"""Python's effective access and the engine's bits say the same, whatever the model."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compile.contracts import api, contract
from tests.native import NATIVE
from yett.access.effective import Access
from yett.access.principals import Principal, callers
from yett.access.spans import windows
from yett.compile import OperationIndex, compile_snapshot
from yett.gateway import Request, decide
from yett.model.access import (
    App,
    Assignment,
    Collection,
    Credentials,
    Grant,
    Profile,
    Reach,
    Team,
    User,
    Window,
)
from yett.model.api import Identify, KeyPlaces
from yett.model.configuration import Configuration
from yett.model.gateway import GatewaySettings
from yett.model.place import Reference

NOW = 1_800_000_000
MOMENTS = (NOW, NOW + 10, NOW + 20, NOW + 30)
PEPPER = b"p" * 32
SHOP = contract("get", "list", "create", "remove")
OPERATIONS = [f"shop:{one.operation_id}" for one in SHOP.operations]
COLLECTIONS = (
    Collection("reading", (Reference("shop:get"), Reference("shop:list"))),
    Collection("changing", (Reference("shop:create"), Reference("shop:r*"))),
)
NAMES = [f"p{number}" for number in range(5)]

EDGES = st.sampled_from([None, NOW - 5, NOW + 5, NOW + 10, NOW + 25])
WINDOWS = st.one_of(st.just(Window()), st.builds(Window, EDGES, EDGES)).filter(lambda window: not window.empty)
REACHES = st.sampled_from(
    [Reach("collection", one.name) for one in COLLECTIONS]
    + [Reach("operation", one) for one in [*OPERATIONS, "shop:*t"]]
)
ASSIGNMENTS = st.lists(st.builds(Assignment, st.sampled_from(NAMES), WINDOWS), max_size=3).map(tuple)


def profiles() -> st.SearchStrategy[tuple[Profile, ...]]:
    """Five profiles, each of which may inherit later ones."""

    def one(number: int) -> st.SearchStrategy[Profile]:
        later = NAMES[number + 1 :]
        inherits = st.lists(st.sampled_from(later), max_size=2, unique=True) if later else st.just([])
        return st.builds(
            Profile,
            name=st.just(NAMES[number]),
            grants=st.lists(st.builds(Grant, REACHES, WINDOWS), max_size=2).map(tuple),
            denies=st.lists(REACHES, max_size=1).map(tuple),
            inherits=inherits.map(lambda names: tuple(Reference(name) for name in names)),
        )

    return st.tuples(*(one(number) for number in range(len(NAMES))))


@st.composite
def models(draw: Any) -> Configuration:
    """A team, an app, a user of the team, and an agent who may do everything."""
    everything = Profile("everything", (Grant(Reach("operation", "shop:*")),))
    return Configuration(
        gateway=GatewaySettings(limits=()),
        apis=(api(identify=Identify(api_key=KeyPlaces())),),
        collections=COLLECTIONS,
        profiles=(*draw(profiles()), everything),
        teams=(Team("staff", draw(ASSIGNMENTS), members=(Reference("mira"),)), Team("bots")),
        users=(User("mira", profiles=draw(ASSIGNMENTS)),),
        apps=(
            App("desk", Reference("staff"), profiles=draw(ASSIGNMENTS)),
            App("agent", Reference("bots"), agent=True, profiles=(Assignment("everything"),)),
        ),
    )


def asked(principal: Principal, moment: int) -> list[Request]:
    """A request for every operation: a user's through the agent, who adds and takes nothing."""
    app, user = ("agent", principal.name) if principal.kind == "user" else (principal.name, None)
    return [Request("GET", f"/{one.operation_id}", app=app, user=user, at=moment * 1000) for one in SHOP.operations]


@NATIVE
@settings(max_examples=150, deadline=None)
@given(models())
def test_the_engine_decides_as_the_matrix_says_at_any_moment(model: Configuration) -> None:
    access = Access(model, OperationIndex(model, {"shop": SHOP}).resolve)
    snapshot = compile_snapshot(model, {"shop": SHOP}, Credentials())
    cases = [(principal, moment) for principal in callers(model) for moment in MOMENTS]
    requests = [request for principal, moment in cases for request in asked(principal, moment)]
    decided = iter(decide(snapshot, requests, PEPPER))
    for principal, moment in cases:
        verdicts = access.at(principal, moment)
        for operation in OPERATIONS:
            verdict, decision = verdicts.get(operation), next(decided)
            allowed = verdict is not None and verdict.allowed
            assert decision.allowed is allowed, (str(principal), operation, moment)
            assert decision.access is not None
            assert bool(decision.access.change) is not allowed


@given(models())
def test_windows_say_at_every_moment_what_the_verdicts_say(model: Configuration) -> None:
    access = Access(model, OperationIndex(model, {"shop": SHOP}).resolve)
    for principal in callers(model):
        when = windows(access, principal, NOW)
        for moment in MOMENTS:
            allowed = {name for name, verdict in access.at(principal, moment).items() if verdict.allowed}
            assert {name for name, spans in when.items() if any(one.holds(moment) for one in spans)} == allowed
