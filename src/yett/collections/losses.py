"""What a format cannot hold: told, item by item, when a collection is written in it."""

from __future__ import annotations

from typing import Final

from yett.collections.model import Collection, Variable
from yett.collections.reading import Notes
from yett.model.diagnostic import Diagnostic
from yett.model.secret import SecretReference

_HINT: Final = "keep the collection's own file beside it"


class Losses:
    """Collects what is left out when a collection is written as something else."""

    def __init__(self, collection: Collection, form: str) -> None:
        self._name, self._form, self._notes = collection.name, form, Notes()

    def tell(self, title: str, what: str, hint: str = _HINT) -> None:
        """Something of the item `title` was not written."""
        message = f"{self._form} has no place for {what}: it was left out"
        self._notes.add(Diagnostic(self._name, 0, title, "not-written", message, hint, "warning"))

    def tell_any(self, title: str, **held: object) -> None:
        """As `tell`, for whatever of `held` there is."""
        for what, value in held.items():
            if value:
                self.tell(title, what.replace("_", " "))

    def secret(self, title: str, variable: Variable) -> None:
        """The value of a secret stays where it is."""
        if isinstance(variable.value, SecretReference):
            message = f"the secret `{variable.name}` is not written: it stays in the {variable.value}"
            self._notes.add(
                Diagnostic(
                    self._name, 0, title, "secret-not-written", message, "set it where it is imported", "warning"
                )
            )

    def all(self) -> tuple[Diagnostic, ...]:
        """All that was told."""
        return self._notes.all()
