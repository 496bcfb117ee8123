"""Contracts and configurations made by hand, without any file."""

from __future__ import annotations

from yett.contract import Contract, Operation
from yett.model.api import Api
from yett.model.place import Place
from yett.model.upstream import Target, Upstream


def operation(operation_id: str, path: str = "/x", line: int = 7) -> Operation:
    """One plain operation."""
    return Operation(
        operation_id=operation_id, method="GET", path=path, summary="", tags=(), deprecated=False, public=False, cost=1,
        file="shop.yaml", line=line, parameters=(), body=None, responses=(),
    )  # fmt: skip


def contract(*operation_ids: str, api: str = "shop") -> Contract:
    """A contract with these operations."""
    operations = tuple(operation(one, f"/{one}", 10 + index) for index, one in enumerate(operation_ids))
    return Contract(api, "Shop", "1.0.0", "3.1.0", operations, {}, {}, ())


def api(name: str = "shop", **settings: object) -> Api:
    """An API with these settings."""
    place = Place("yett.yaml", 4, "/apis/0")
    return Api(name, f"{name}.yaml", Upstream((Target("http://127.0.0.1:1"),)), place=place, **settings)  # type: ignore[arg-type]
