"""A gateway of one's own for a while: started from a configuration on a free port of the loopback, and ended again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from yett.access.keys import hash_key, new_key, new_pepper, pepper_id, read_pepper
from yett.compile import compile_snapshot
from yett.errors import ConfigurationError
from yett.gateway import EmbeddedGateway, GatewayOptions
from yett.model.access import App, Assignment, Credential, Credentials, Grant, Profile, Reach, Team
from yett.model.data import DETECTED
from yett.model.place import Reference

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.configuration import Configuration
    from yett.services.assembly import Assembly

_NAME = "yett-own-gateway"


@dataclass(frozen=True, slots=True)
class Own:
    """Where it listens, and the key of an app that may call everything of its APIs: made for it, and gone with it."""

    url: str
    key: str
    assembly: Assembly


@contextmanager
def own_gateway(assembly: Assembly, *, app: str = "") -> Iterator[Own]:
    """Serve a configuration as it is, but for where it listens and for limits on rates, which tests would run into.

    A key is made for `app`, or, where none is named, for an app that is made for it and may call every operation.
    Keys the configuration names do not count. Raises `ConfigurationError`, and `GatewayError` where it cannot start.
    """
    if not assembly.sound:
        raise ConfigurationError(assembly.diagnostics)
    pepper, key = read_pepper(new_pepper()), new_key("trial").text
    configuration = _staged(assembly, app)
    prefix = key.rpartition("_")[0][: len("yett_trial_") + 8]
    credential = Credential("own", app or _NAME, prefix, hash_key(key, pepper))
    credentials = Credentials((credential,), pepper_id(pepper))
    gateway = EmbeddedGateway(
        GatewayOptions("127.0.0.1:0", pepper, workers=1, access_log=None, secrets=dict(assembly.secrets))
    )
    gateway.apply(compile_snapshot(configuration, assembly.contracts, credentials))
    url = f"http://{gateway.start().listen[0]}"
    try:
        yield Own(url, key, replace(assembly, configuration=configuration))
    finally:
        gateway.stop(0.0)


def _staged(assembly: Assembly, app: str) -> Configuration:
    """The configuration without limits on rates, and with an app that may call and see all where none is named."""
    configuration = assembly.configuration
    staged = replace(
        configuration,
        gateway=replace(configuration.gateway, limits=(), identity=None),
        apis=tuple(_unlimited(one) for one in configuration.apis),
        collections=tuple(replace(one, limits=()) for one in configuration.collections),
        profiles=tuple(replace(one, limits=()) for one in configuration.profiles),
        apps=tuple(replace(one, limits=(), keys=()) for one in configuration.apps),
    )
    if app:
        return staged
    grants = tuple(Grant(Reach("operation", f"{one.name}:*")) for one in configuration.apis)
    made = App(_NAME, Reference(_NAME), profiles=(Assignment(_NAME),))
    return replace(
        staged,
        profiles=(*staged.profiles, Profile(_NAME, grants, sees=_classes(assembly))),
        teams=(*staged.teams, Team(_NAME)),
        apps=(*staged.apps, made),
    )


def _classes(assembly: Assembly) -> tuple[str, ...]:
    """Every class of data that a contract names or that can be found: what is masked would not fit the contract."""
    schemas = json.dumps([one.response_schemas for one in assembly.contracts.values()])
    named = re.findall(r'"x-yett-data": \{"class": "([a-z0-9.-]+)"\}', schemas)
    return tuple(sorted({one.partition(".")[0] for one in (*DETECTED, *named)}))


def _unlimited(api: Api) -> Api:
    return replace(api, limits=(), operations=tuple(replace(one, limits=()) for one in api.operations))


def key_header(api: Api, key: str) -> dict[str, str]:
    """The header that proves an app to an API; none where it takes no keys."""
    places = api.identify.api_key
    if places is None:
        return {}
    if places.header:
        return {places.header: key}
    return {"authorization": f"Bearer {key}"} if places.bearer else {}


def base_url(own: Own, api: Api) -> str:
    """Where an API is asked."""
    return own.url + api.base_path.rstrip("/")
