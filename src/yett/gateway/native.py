"""The native module, imported when it is first needed, and its one exception turned into ours."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from yett.errors import GatewayError, ListenError, NativeMissingError, SnapshotRefusedError, TokenRefusedError
from yett.model.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class SnapshotMistake:
    """What the engine finds wrong with a snapshot; `pointer` is a JSON pointer (RFC 6901) into it.

    `line` and `column` are a place in the text there; 0 where the value as a whole is meant.
    """

    pointer: str
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    line: int = 0
    column: int = 0

    def as_diagnostic(self) -> Diagnostic:
        """The same, standing in the snapshot itself: for when no better place is known."""
        return Diagnostic(
            "snapshot", self.line, self.pointer, self.code, self.message, self.hint, self.severity, self.column
        )


@cache
def native() -> Any:
    """The native module. Raises `NativeMissingError` when it is not built or cannot be loaded."""
    try:
        return importlib.import_module("yett._native")
    except ImportError as error:
        raise NativeMissingError(
            f"the native engine cannot be loaded: {error}", hint="build it with `make build`"
        ) from None


def native_available() -> bool:
    """Whether the native module can be loaded."""
    try:
        native()
    except NativeMissingError:
        return False
    return True


@contextmanager
def native_errors() -> Iterator[None]:
    """Turn what the native module raises into the error tree."""
    try:
        yield
    except native().NativeError as error:
        raise _translated(*error.args) from None


def mistakes(data: str | bytes) -> tuple[SnapshotMistake, ...]:
    """The engine's diagnostics, from its JSON."""
    return tuple(_mistake(one) for one in json.loads(data))


def _mistake(one: Mapping[str, Any]) -> SnapshotMistake:
    spot = one.get("spot") or {}
    severity: Severity = "warning" if one.get("warning") else "error"
    line, column = spot.get("line", 0), spot.get("column", 0)
    return SnapshotMistake(one["path"], one["code"], one["message"], one.get("hint", ""), severity, line, column)


def _translated(code: str, message: str, details: str = "null") -> GatewayError:
    if code == "snapshot-refused":
        return SnapshotRefusedError([one.as_diagnostic() for one in mistakes(details)])
    if code == TokenRefusedError.code:
        return TokenRefusedError(message, str(json.loads(details)))
    return (ListenError if code == ListenError.code else GatewayError)(message, code=code)
