"""What the compiler needs of a contract: the shape that `yett.contract` fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class OperationSource(Protocol):
    """One operation. Its parameters, body and responses are already in the snapshot's JSON form."""

    @property
    def operation_id(self) -> str:
        """`operationId`, or what stands in for it; unique in its contract."""

    @property
    def method(self) -> str:
        """Upper-case HTTP method."""

    @property
    def path(self) -> str:
        """Path template, relative to the base path."""

    @property
    def cost(self) -> int:
        """Units a request takes from rates and quotas."""

    @property
    def file(self) -> str:
        """The file the operation stands in."""

    @property
    def line(self) -> int:
        """Its line there; 0 where none is known."""

    @property
    def parameters(self) -> Sequence[Mapping[str, Any]]:
        """`Parameter` of the snapshot, one a parameter."""

    @property
    def body(self) -> Mapping[str, Any] | None:
        """`Body` of the snapshot; `None` where the operation takes none."""

    @property
    def responses(self) -> Sequence[Mapping[str, Any]]:
        """`Response` of the snapshot, one a status."""


class ContractSource(Protocol):
    """One contract."""

    @property
    def version(self) -> str:
        """`info.version`."""

    @property
    def operations(self) -> Sequence[OperationSource]:
        """Every operation, in the contract's order."""

    @property
    def request_schemas(self) -> Mapping[str, Any]:
        """Shared JSON Schemas for requests, by name."""

    @property
    def response_schemas(self) -> Mapping[str, Any]:
        """Shared JSON Schemas for responses, by name."""

    def answers(self, operation_id: str) -> Sequence[Mapping[str, Any]]:
        """`MockAnswer` of the snapshot, one for each form of each documented answer, successes first."""
