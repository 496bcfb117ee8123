"""A collection made from contracts: a request for each operation, with its examples and with what it must answer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

from yett.collections.model import Assertion, Auth, Body, Collection, Folder, Pair, Request, Variable
from yett.contract import example_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yett.contract import Contract, ExampleRequest, Operation


def collection_of(contracts: Sequence[Contract], *, base_paths: Mapping[str, str] | None = None) -> Collection:
    """The collection. Operations are in folders by their first tag; of several APIs, in a folder each.

    `{{base_url}}` is where they are asked; `base_paths` are what stands between it and the paths of an API.
    """
    paths = base_paths or {}
    held = [(one, _folders(one, paths.get(one.api, "").rstrip("/"))) for one in contracts]
    items = held[0][1] if len(held) == 1 else tuple(Folder(one.title or one.api, folders) for one, folders in held)
    name = contracts[0].title if len(contracts) == 1 else ""
    return Collection(
        name or "collection",
        items,
        version=contracts[0].version if len(contracts) == 1 else "",
        variables=(Variable("base_url", "http://127.0.0.1:8080"),),
    )


def _folders(contract: Contract, base_path: str) -> tuple[Folder | Request, ...]:
    by_tag: dict[str, list[Request]] = {}
    for one in contract.operations:
        by_tag.setdefault(one.tags[0] if one.tags else "", []).append(_request(contract, one, base_path))
    folders: list[Folder | Request] = [Folder(tag, tuple(held)) for tag, held in by_tag.items() if tag]
    return (*folders, *by_tag.get("", []))


def _request(contract: Contract, operation: Operation, base_path: str) -> Request:
    example = example_request(contract, operation)
    template = "/".join(f":{part[1:-1]}" if _is_parameter(part) else part for part in operation.path.split("/"))
    headers = tuple(Pair(name, value) for name, value in example.headers.items() if name != "content-type")
    return Request(
        operation.summary or operation.operation_id,
        operation.method,
        "{{base_url}}" + base_path + template,
        operation=f"{contract.api}:{operation.operation_id}",
        path=_path(operation.path, example.path),
        query=_query(example.query),
        headers=headers,
        body=_body(example),
        auth=Auth("none") if operation.public else None,
        assertions=_assertions(operation),
        tags=operation.tags,
    )


def _is_parameter(part: str) -> bool:
    return part.startswith("{") and part.endswith("}") and part.count("{") == 1


def _path(template: str, path: str) -> tuple[Pair, ...]:
    """The values of the parameters that are a whole segment; others are written into the address."""
    pairs = zip(template.split("/"), path.split("/"), strict=False)
    return tuple(Pair(name[1:-1], unquote(value)) for name, value in pairs if _is_parameter(name))


def _query(query: str) -> tuple[Pair, ...]:
    pairs = (one.partition("=") for one in query.split("&") if one)
    return tuple(Pair(unquote(name), value) for name, _, value in pairs)


def _body(example: ExampleRequest) -> Body | None:
    if example.body is None:
        return None
    media = example.headers.get("content-type", "")
    return Body("text", media, _indented(example.body) if "json" in media else example.body.decode("utf-8", "replace"))


def _indented(data: bytes) -> str:
    import json

    return json.dumps(json.loads(data), ensure_ascii=False, indent=2)


def _assertions(operation: Operation) -> tuple[Assertion, ...]:
    """The answer is one of those that are documented as good, and fits the contract."""
    spelled = Counter(one["status"] for one in operation.responses)
    good = sorted(int(one) for one in spelled if one.isdigit() and one.startswith("2"))
    status = Assertion("status", "one-of", good) if len(good) > 1 else Assertion("status", "matches", "2xx")
    first = Assertion("status", "equals", good[0]) if len(good) == 1 else status
    return (first, Assertion("contract", "equals", True))
