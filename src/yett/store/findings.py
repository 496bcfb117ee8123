"""Findings that were told, kept for whoever looks later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from yett.model.stolen import Finding

if TYPE_CHECKING:
    from yett.store.database import Database


class FindingStore:
    """Remembers findings; the same one seen again by a later process goes on counting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, findings: Iterable[tuple[Finding, int]]) -> None:
        """Keep findings, each with how often it was seen since it was noted last. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run_many(
                "INSERT INTO findings (id, kind, severity, subject, evidence, first_seen, last_seen, count)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET evidence = excluded.evidence,"
                " last_seen = MAX(last_seen, excluded.last_seen), count = count + excluded.count",
                (
                    (
                        one.id, one.kind, one.severity, one.subject, json.dumps(dict(one.evidence)),
                        one.first_seen, one.last_seen, more,
                    )
                    for one, more in findings
                ),
            )  # fmt: skip

    def all(self, *, since: int = 0) -> list[Finding]:
        """The findings seen at the Unix second `since` or later, the latest first. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                "SELECT id, kind, severity, subject, evidence, first_seen, last_seen, count FROM findings"
                " WHERE last_seen >= ? ORDER BY last_seen DESC, id",
                (since,),
            )
        return [
            Finding(name, kind, severity, subject, tuple(json.loads(evidence).items()), first, last, count)
            for name, kind, severity, subject, evidence, first, last, count in rows
        ]

    def sweep(self, *, before: int) -> int:
        """Forget findings not seen since the Unix second `before`; how many. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return transaction.run("DELETE FROM findings WHERE last_seen < ?", (before,))
