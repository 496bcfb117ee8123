"""What a contract says, ready to be compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Examples:
    """Values that the contract gives as examples, as JSON values.

    `parameters` by location and name, in the order of the operation; `body` the media range and the value of the first
    example of a body; `answers` by status (`200`, `4XX`, `DEFAULT`) and media range the first example of an answer, in
    a tuple.
    """

    parameters: dict[tuple[str, str], Any] = field(default_factory=dict)
    body: tuple[str, Any] | None = None
    answers: dict[tuple[str, str], tuple[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method and path template.

    `parameters`, `body` and `responses` are in the JSON form of the snapshot's `Parameter`, `Body` and `Response`;
    fields that hold their default are left out. `public` is a hint: the operation says `security: []`. `cost` is in
    units of rates and quotas (`x-yett-cost`). `file` and `line` tell where the operation stands.
    """

    operation_id: str
    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    deprecated: bool
    public: bool
    cost: int
    file: str
    line: int
    parameters: tuple[dict[str, Any], ...]
    body: dict[str, Any] | None
    responses: tuple[dict[str, Any], ...]
    examples: Examples = field(default_factory=Examples, repr=False)


@dataclass(frozen=True, slots=True)
class Contract:
    """One OpenAPI document with everything it refers to.

    `request_schemas` and `response_schemas` are the `$defs` of the documents `urn:yett:request` and
    `urn:yett:response`: JSON Schema 2020-12, without anything that asserts nothing. A contract with an error among its
    `diagnostics` is not fit to be enforced, and may be incomplete. `digest` is the SHA-256, in hex, of the
    very bytes that were read, of all its files.
    """

    api: str
    title: str
    version: str
    openapi: str
    operations: tuple[Operation, ...]
    request_schemas: dict[str, Any]
    response_schemas: dict[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    digest: str = ""

    def answers(self, operation_id: str) -> list[dict[str, Any]]:
        """The answers that an operation may give, made from examples and schemas: the snapshot's `MockAnswer`s."""
        from yett.contract.answers import example_answers

        operation = next((one for one in self.operations if one.operation_id == operation_id), None)
        return [] if operation is None else example_answers(self, operation)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that must be mended."""
        return tuple(one for one in self.diagnostics if one.severity == "error")
