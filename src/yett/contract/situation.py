"""What the parts of an operation share while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yett.contract.scope import Unit

if TYPE_CHECKING:
    from yett.contract.reader import Reader
    from yett.contract.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Situation:
    """The reader, the schemas of both directions, and what this operation's own schemas lead to."""

    reader: Reader
    request: Schemas
    response: Schemas
    request_unit: Unit = field(default_factory=Unit)
    response_unit: Unit = field(default_factory=Unit)

    def side(self, *, response: bool) -> tuple[Schemas, Unit]:
        """Return the schemas of a direction and the unit that its references are noted in."""
        return (self.response, self.response_unit) if response else (self.request, self.request_unit)
