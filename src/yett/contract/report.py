"""Collects the diagnostics of one contract, each mistake once however many ways lead to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from yett.documents import join_pointer
from yett.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yett.contract.node import Node

MAX_DIAGNOSTICS = 500


class Report:
    """The diagnostics found so far; after `MAX_DIAGNOSTICS` of a severity, further ones are only counted."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Diagnostic] = {}
        self._once: set[tuple[str, str]] = set()
        self._counts: dict[str, int] = {"error": 0, "warning": 0}
        self._muted = False

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Note nothing inside the block."""
        before, self._muted = self._muted, True
        try:
            yield
        finally:
            self._muted = before

    def error(self, node: Node, code: str, message: str, hint: str) -> None:
        """Note a mistake that must be mended before the contract can be enforced."""
        self._note(node, code, message, hint, "error")

    def warning(self, node: Node, code: str, message: str, hint: str) -> None:
        """Note something that is read, but not as its author may expect."""
        self._note(node, code, message, hint, "warning")

    def warning_once(self, name: str, node: Node, code: str, message: str, hint: str) -> None:
        """As `warning`, but only at the first place for each `name`."""
        if not self._muted and (code, name) not in self._once:
            self._once.add((code, name))
            self._note(node, code, message, hint, "warning")

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add what a lower room has found."""
        for one in () if self._muted else diagnostics:
            self._add(one)

    def _note(self, node: Node, code: str, message: str, hint: str, severity: Severity) -> None:
        if not self._muted and self._counts[severity] < MAX_DIAGNOSTICS:
            pointer = join_pointer(node.path)
            line = node.source.document.line(pointer)
            self._add(Diagnostic(node.source.name, line, pointer, code, message, hint, severity))

    def _add(self, one: Diagnostic) -> None:
        key = (one.file, one.pointer, one.code, one.message)
        if key not in self._found:
            self._counts[one.severity] += 1
            self._found[key] = one

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return everything found, by file and line."""
        return tuple(sorted(self._found.values(), key=lambda one: (one.file, one.line, one.pointer, one.code)))
