"""What both versions of Insomnia's files share: the parts of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yett.collections.model import Auth, Body, Pair, Part, Variable
from yett.collections.secrets import Vault
from yett.collections.urls import split_query

if TYPE_CHECKING:
    from yett.collections.reading import Spot

_VARIABLE: Final = re.compile(r"\{\{\s*(?:_\.)?([A-Za-z_$][\w.$-]*)\s*\}\}|\{\{\s*_\[['\"]([^'\"\]]+)['\"]\]\s*\}\}")
_TAG: Final = re.compile(r"\{%.{0,500}?%\}", re.DOTALL)
_UNKNOWN: Final = re.compile(r"\{\{[^{}]{0,500}\}\}")


class Parts:
    """Reads parts of requests; secrets go into one vault."""

    def __init__(self) -> None:
        self.vault = Vault()

    def text(self, spot: Spot) -> str:
        """A text with its variables as ours are written; tags that compute something are told."""
        text = spot.text()
        if _TAG.search(text):
            spot.note("not-kept", "a tag (`{% ... %}`) computes a value: it stays as text, and no run computes it")
        ours = _VARIABLE.sub(lambda found: "{{" + (found[1] or found[2]) + "}}", text)
        for found in _UNKNOWN.finditer(ours):
            if not re.fullmatch(r"\{\{[\w.$-]+\}\}", found[0]):
                spot.note("not-kept", "an expression in `{{ }}` stays as text: only names of variables are known")
                break
        return self.vault.free(spot, ours)

    def address(self, spot: Spot) -> tuple[str, tuple[Pair, ...]]:
        """The address and the parameters that are written into it."""
        address, query, fragment = split_query(self.text(spot))
        if fragment:
            spot.note("not-kept", "the part behind `#` is never sent and was left out")
        return address, tuple(self.vault.pair(spot, one.name, one.value) for one in query)

    def pairs(self, spot: Spot) -> tuple[Pair, ...]:
        """Headers or parameters."""
        found = []
        for one in spot.objects() if spot.value is not None else ():
            one.lost("name", "value", "disabled", "description", silent=("id", "multiline", "type", "fileName"))
            name, value = self.text(one / "name"), self.text(one / "value")
            if name or value:
                enabled = not (one / "disabled").flag()
                found.append(
                    self.vault.pair(one / "value", name, value, enabled=enabled, note=(one / "description").text())
                )
        return tuple(found)

    def body(self, spot: Spot) -> Body | None:
        """A body; `None` where there is none."""
        if not isinstance(spot.value, dict) or not spot.value:
            return None
        spot.lost("mimeType", "text", "params", "fileName")
        media = (spot / "mimeType").text()
        if media == "application/x-www-form-urlencoded" and "params" in spot.value:
            return Body("form", fields=self.pairs(spot / "params"))
        if media == "multipart/form-data":
            return Body("multipart", parts=tuple(self.part(one) for one in (spot / "params").objects()))
        if media == "application/graphql":
            return self.graphql(spot / "text")
        if spot.has("fileName"):
            return Body("file", media, file=(spot / "fileName").text())
        text = self.text(spot / "text")
        return Body("text", media, text) if media or "text" in spot.value else None

    def graphql(self, spot: Spot) -> Body:
        """A GraphQL body, which Insomnia writes as the JSON that is sent."""
        import json

        try:
            value = json.loads(spot.text())
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("query"), str):
            return Body("graphql", text=self.text(spot))
        variables = value.get("variables", "")
        written = variables if isinstance(variables, str) else json.dumps(variables)
        return Body("graphql", text=self.vault.free(spot, value["query"]), variables=written)

    def part(self, spot: Spot) -> Part:
        """A part of a multipart body."""
        spot.lost("name", "value", "type", "fileName", "disabled", "description", silent=("id", "multiline"))
        name, enabled, note = (spot / "name").text(), not (spot / "disabled").flag(), (spot / "description").text()
        if (spot / "type").value == "file":
            return Part(name, file=(spot / "fileName").text(), enabled=enabled, note=note)
        return Part(name, self.vault.named(spot / "value", name, self.text(spot / "value")), enabled=enabled, note=note)

    def auth(self, spot: Spot) -> Auth | None:
        """How a request proves itself; `None` where it is inherited."""
        if not isinstance(spot.value, dict) or not spot.value:
            return None
        kind = (spot / "type").text() or "none"
        if kind == "none" or (spot / "disabled").value is True:
            return Auth("none")
        if kind == "apikey":
            where = "query" if (spot / "addTo").value == "queryParams" else "header"
            if (spot / "addTo").value == "cookie":
                spot.note("not-kept", "a key in a cookie is sent as a header instead")
            key, value = (spot / "key").text(), self.secret(spot / "value", "api key")
            return Auth("api-key", (("in", where), ("name", key), ("value", value)))
        if kind == "basic":
            held = (
                ("password", self.secret(spot / "password", "password")),
                ("username", self.text(spot / "username")),
            )
            return Auth("basic", held)
        if kind == "bearer":
            if spot.has("prefix") and (spot / "prefix").value != "Bearer":
                (spot / "prefix").note(
                    "not-kept", "a prefix other than `Bearer` was left out", "send a header of your own"
                )
            return Auth("bearer", (("token", self.secret(spot / "token", "token")),))
        spot.note(
            "auth-kept",
            f"proof of the kind {kind[:40]!r} is kept, and no run can give it",
            "run with a header of your own",
        )
        settings = {key: self.vault.named(one, key, one.text()) for key, one in spot.entries() if key != "type"}
        return Auth(kind, tuple(sorted(settings.items())))

    def secret(self, spot: Spot, name: str) -> str:
        """A text that is a secret, unless it is a variable."""
        return self.vault.named(spot, name, self.text(spot), certain=True)

    def variables(self, spot: Spot, within: str = "", path: str = "", depth: int = 0) -> tuple[Variable, ...]:
        """The values of an environment; those in objects by their path: `{{user.name}}`."""
        found: list[Variable] = []
        for key, one in spot.entries() if spot.value is not None else ():
            name = f"{path}{key}"
            if isinstance(one.value, dict) and one.value and depth < 8:
                found += self.variables(one, within, f"{name}.", depth + 1)
            elif isinstance(one.value, dict | list):
                one.note("not-kept", "a list or a deep object is no variable and was left out")
            else:
                found.append(Variable(name, self.vault.reference(one, f"{within}{name}", self.text(one))))
        return tuple(found)
