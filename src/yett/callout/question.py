"""What the gateway asks: one request, as frozen values."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, as the gateway has proven it. `claims` are those of a token, `actors` who acts for the `user`."""

    app: str
    team: str
    credential: str | None = None
    method: str = ""
    user: str | None = None
    actors: tuple[str, ...] = ()
    issuer: str | None = None
    claims: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters, percent-decoded: one value of each in the path, and in the query every value in order."""

    path: Mapping[str, str] = field(default_factory=_nothing)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for a verdict.

    `operation` is `api:operationId`, or `None` for what the contract does not describe; `principal` is `None` for an
    anonymous caller. `headers` has the fields that the configuration sends, in lower case, and `context` what earlier
    callouts said, by their names. `body` is `None` unless the configuration sends it.
    """

    decision: str
    api: str
    operation: str | None
    method: str
    path: str
    parameters: Parameters = Parameters()
    principal: Principal | None = None
    address: str | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    context: Mapping[str, Any] = field(default_factory=_nothing)
    body: bytes | None = field(default=None, repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError` where it is none."""
        return json.loads(self.body or b"")


def read_request(message: bytes) -> Request:
    """The request that a message of the gateway tells of. Raises `ValueError` where it is no such message."""
    told = json.loads(message)
    try:
        return Request(
            decision=_text(told["decision"]),
            api=_text(told["api"]),
            operation=None if told["operation"] is None else _text(told["operation"]),
            method=_text(told["method"]),
            path=_text(told["path"]),
            parameters=_parameters(told["parameters"]),
            principal=None if told["principal"] is None else _principal(told["principal"]),
            address=told.get("address"),
            headers=_mapping(told["headers"]),
            context=_mapping(told["context"]),
            body=_body(told.get("body")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no question of a gateway") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return MappingProxyType(dict(value or {}))


def _parameters(told: Any) -> Parameters:
    query = {name: tuple(values) for name, values in told["query"].items()}
    return Parameters(_mapping(told["path"]), MappingProxyType(query))


def _principal(told: Any) -> Principal:
    return Principal(
        app=_text(told["app"]),
        team=_text(told["team"]),
        credential=told.get("credential"),
        method=told.get("method", ""),
        user=told.get("user"),
        actors=tuple(told.get("actors") or ()),
        issuer=told.get("issuer"),
        claims=_mapping(told.get("claims")),
    )


def _body(told: Any) -> bytes | None:
    if told is None:
        return None
    return _text(told["text"]).encode("utf-8") if "text" in told else base64.b64decode(told["base64"], validate=True)
