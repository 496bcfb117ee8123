"""Controls, in force and past: what was done to traffic, by whom and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yett.model.control import Control, ControlScope
from yett.store.keys import next_change

if TYPE_CHECKING:
    from yett.store.database import Database, Row

_COLUMNS = "document, ended_at, ended_by, number"


class ControlStore:
    """Remembers controls. Every change has a number, so that a gateway can ask for what it has not heard of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, control: Control) -> None:
        """Keep a new control. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run(
                "INSERT INTO controls (id, document, expires_at, ended_at, ended_by, number)"
                " VALUES (?, ?, ?, NULL, '', ?)",
                (control.id, json.dumps(control.as_document()), control.expires_at, next_change(transaction)),
            )

    def end(self, control: str, *, by: str, now: int) -> bool:
        """End a control before its time; whether it was in force. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return (
                transaction.run(
                    "UPDATE controls SET ended_at = ?, ended_by = ?, number = ?"
                    " WHERE id = ? AND ended_at IS NULL AND expires_at > ?",
                    (now, by, next_change(transaction), control, now),
                )
                > 0
            )

    def changed(self, *, since: int = 0) -> list[Control]:
        """The controls made or ended after the change `since`, in order. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                f"SELECT {_COLUMNS} FROM controls WHERE number > ? ORDER BY number",  # noqa: S608
                (since,),
            )
        return [_control(row) for row in rows]

    def in_force(self, *, now: int) -> list[Control]:
        """The controls that act at the Unix second `now`, in the order they were made. Raises `StoreError`."""
        return [one for one in self.changed() if one.is_in_force(now)]

    def sweep(self, *, before: int) -> int:
        """Forget controls that expired before the Unix second `before`; how many. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return transaction.run("DELETE FROM controls WHERE expires_at < ?", (before,))


def _control(row: Row) -> Control:
    document, ended_at, ended_by, number = row
    fields = json.loads(document)
    return Control(
        **fields | {"scope": ControlScope.from_document(fields["scope"]), "evidence": tuple(fields["evidence"])},
        ended_at=ended_at,
        ended_by=ended_by,
        number=number,
    )
