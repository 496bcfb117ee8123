"""What was published: contracts as they were then, who published them, and how they were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.store.database import Database


@dataclass(frozen=True, slots=True)
class Publication:
    """A contract that was published.

    `contract` is all of it in one document, as JSON; `digest` is that of the files it was written in; `verdict` is how
    it was judged, as JSON. `at` is a Unix second; `number` counts the publications of an API from 1.
    """

    api: str
    version: str
    digest: str
    contract: str = field(repr=False)
    verdict: str = field(repr=False)
    by: str
    at: int
    number: int = 0


class PublicationStore:
    """Remembers publications, for good: what callers were promised is never swept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, publications: Sequence[Publication]) -> None:
        """Keep new publications, all or none of them. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run_many(
                "INSERT INTO publications (api, number, version, digest, contract, verdict, published_by, published_at)"
                " VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM publications WHERE api = ?), ?, ?, ?, ?, ?, ?)",
                (
                    (one.api, one.api, one.version, one.digest, one.contract, one.verdict, one.by, one.at)
                    for one in publications
                ),
            )

    def history(self) -> list[Publication]:
        """All publications, by API and in order. Raises `StoreError`."""
        return self._read("ORDER BY api, number")

    def latest(self) -> dict[str, Publication]:
        """What was published last, by API. Raises `StoreError`."""
        newest = "WHERE number = (SELECT MAX(number) FROM publications AS other WHERE other.api = publications.api)"
        return {one.api: one for one in self._read(newest)}

    def _read(self, which: str) -> list[Publication]:
        columns = "api, version, digest, contract, verdict, published_by, published_at, number"
        with self._database.transaction() as transaction:
            # `which` is one of the two texts above.
            rows = transaction.rows(f"SELECT {columns} FROM publications {which}")  # noqa: S608
        return [Publication(*row) for row in rows]
