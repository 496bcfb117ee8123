"""What both of Bruno's forms share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yett.collections.model import Auth, Variable
from yett.collections.secrets import Vault
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from yett.collections.reading import Spot

_PROCESS: Final = re.compile(r"\{\{process\.env\.([A-Za-z_][A-Za-z0-9_]*)\}\}")
_KINDS: Final = {"apikey": "api-key", "api-key": "api-key", "basic": "basic", "bearer": "bearer"}
_SECRET: Final = frozenset(
    {"token", "password", "value", "clientSecret", "client_secret", "secretAccessKey", "sessionToken"}
)


class Parts:
    """Reads texts, variables and proofs; secrets go into one vault."""

    def __init__(self) -> None:
        self.vault = Vault()

    def text(self, spot: Spot, text: str) -> str:
        """A text, in which the environment of the process is asked through a variable of ours."""
        return self.vault.free(spot, text)

    def variable(
        self, spot: Spot, name: str, text: str, *, enabled: bool = True, within: str = "", note: str = ""
    ) -> Variable:
        """A variable: a reference where it is a secret, or asks the environment of the process."""
        asked = _PROCESS.fullmatch(text.strip())
        if asked is not None:
            return Variable(name, SecretReference("env", asked[1]), enabled, note)
        return Variable(name, self.vault.reference(spot, f"{within}{name}", text), enabled, note)

    def secret(self, name: str, *, enabled: bool = True) -> Variable:
        """A variable whose value Bruno keeps elsewhere."""
        upper = re.sub(r"[^A-Z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()).strip("_") or "SECRET"
        return Variable(name, SecretReference("env", upper), enabled)

    def auth(self, spot: Spot, kind: str, settings: dict[str, str]) -> Auth | None:
        """How requests prove themselves; `None` where it is inherited."""
        if kind in ("", "inherit"):
            return None
        if kind == "none":
            return Auth("none")
        held = {key: self.vault.named(spot, key, value, certain=key in _SECRET) for key, value in settings.items()}
        match _KINDS.get(kind):
            case "api-key":
                where = "query" if held.get("placement") in ("query", "queryparams") else "header"
                return Auth("api-key", (("in", where), ("name", held.get("key", "")), ("value", held.get("value", ""))))
            case "basic":
                return Auth("basic", (("password", held.get("password", "")), ("username", held.get("username", ""))))
            case "bearer":
                return Auth("bearer", (("token", held.get("token", "")),))
        spot.note(
            "auth-kept",
            f"proof of the kind {kind[:40]!r} is kept, and no run can give it",
            "run with a header of your own",
        )
        return Auth(kind, tuple(sorted(held.items())))
