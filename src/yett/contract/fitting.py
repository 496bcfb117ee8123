"""Whether an answer is one that a contract describes: its status, its media type, its required headers, its JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yett.contract.contract import Contract, Operation

_ADDRESS = "urn:yett:response"


class Fitting:
    """Holds answers against one contract. Schemas are compiled when they are first needed, and kept."""

    def __init__(self, contract: Contract) -> None:
        self._operations = {one.operation_id: one for one in contract.operations}
        # Formats assert where the contract says so: the schemas name them only then.
        self._registry = jsonschema_rs.Registry([(_ADDRESS, {"$defs": contract.response_schemas})])
        self._validators: dict[str, Any] = {}

    def operation(self, operation_id: str) -> Operation | None:
        """An operation of the contract."""
        return self._operations.get(operation_id)

    def reason(self, operation_id: str, status: int, headers: Mapping[str, str], body: bytes) -> str | None:
        """Why an answer does not fit, without a value of it; `None` where it does. Header names are in lower case."""
        operation = self._operations.get(operation_id)
        if operation is None:
            return f"the contract has no operation {operation_id[:80]!r}"
        described = _described(operation, status)
        if described is None:
            return f"the contract describes no answer with status {status}"
        missing = [
            one["name"] for one in described.get("headers", ()) if one.get("required") and one["name"] not in headers
        ]
        if missing:
            return f"the header {missing[0]} is missing"
        if not described.get("media") or not body:
            return None
        return self._body(described["media"], headers.get("content-type", ""), body)

    def _body(self, media: list[dict[str, Any]], content_type: str, body: bytes) -> str | None:
        sent = content_type.partition(";")[0].strip().lower()
        held = next((one for one in media if _fits(one["range"], sent)), None)
        if held is None:
            return f"the contract describes no answer of the type {sent[:80] or 'none'}"
        if held.get("kind") != "json" or "schema" not in held:
            return None
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return "the body is not the JSON that its type says"
        return self._value(held["schema"], value)

    def _value(self, schema: Any, value: Any) -> str | None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = jsonschema_rs.Draft202012Validator(
                schema, registry=self._registry, validate_formats=True
            )
        error = next(self._validators[key].iter_errors(value), None)
        if error is None:
            return None
        place = "".join(f"/{part}" for part in error.instance_path) or "/"
        return f"the value at {place} does not fit: {error.kind.name}"


def _described(operation: Operation, status: int) -> dict[str, Any] | None:
    by_status = {str(one["status"]).upper(): one for one in operation.responses}
    return next((by_status[key] for key in (str(status), f"{status // 100}XX", "DEFAULT") if key in by_status), None)


def _fits(declared: str, sent: str) -> bool:
    if declared in ("*/*", sent):
        return True
    return declared.endswith("/*") and sent.startswith(declared[:-1])
