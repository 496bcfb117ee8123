"""Reads rulesets: Spectral's form, in YAML or JSON, with every mistake and its place.

A ruleset may extend others by name (`yett:recommended`, `spectral:oas`) or by path, below the folder of the first file;
nothing is fetched, and functions written in JavaScript are told, not run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from yett.documents import DocumentError, read_document
from yett.governance.at import At
from yett.governance.builtin import BUILTIN, SETTINGS, builtin_text, settings_rules
from yett.governance.exceptions import Override, Waiver, read_overrides, read_waivers
from yett.governance.functions import FUNCTIONS
from yett.governance.jsonpath import PathError, PatternError, compile_path, pattern_of
from yett.governance.rule import SAID, SEVERITIES, Rule, Then
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.documents import Document
    from yett.governance.jsonpath import Path

_DEEPEST: Final = 20
_MOST_FILES: Final = 100
_KNOWN: Final = frozenset({
    "given", "then", "description", "message", "severity", "formats", "resolved", "recommended", "documentationUrl",
    "enabled", "type", "tags", "summary", "extensions", "hint",
})  # fmt: skip
_OPTIONS: Final = {
    "enumeration": ("values",), "schema": ("schema",), "casing": ("type",), "xor": ("properties",),
    "or": ("properties",), "oasOpSecured": ("methods",),
    "unreferencedReusableObject": ("reusableObjectsLocation",), "oasOpSecurityDefined": ("schemesPath",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules by id, those that are off left out; with an error among `diagnostics` it is not fit to be used."""

    rules: dict[str, Rule]
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """What has been read so far: rules with their severities, also of those that are off."""

    rules: dict[str, Rule] = field(default_factory=dict)
    on: dict[str, bool] = field(default_factory=dict)
    aliases: dict[str, Any] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)


def load_ruleset(source: str, *, today: date | None = None) -> Ruleset:
    """The ruleset of a name such as `yett:recommended`, or of a file.

    Nothing is raised for what a ruleset holds: all mistakes are among its diagnostics. A waiver that has ended before
    `today`, by default the day it is in UTC, is warned of.
    """
    reader = _Reader(FilePath(source).parent, today or datetime.now(UTC).date())
    gathered = reader.named(source, None) or _Gathered()
    rules = {id_: rule for id_, rule in gathered.rules.items() if gathered.on.get(id_)}
    return Ruleset(rules, tuple(gathered.overrides), tuple(gathered.waivers), tuple(reader.diagnostics))


class _Reader:
    def __init__(self, folder: FilePath, today: date) -> None:
        self.folder = folder.resolve()
        self.today = today
        self.diagnostics: list[Diagnostic] = []
        self.active: list[str] = []
        self.files = 0

    # Where rulesets come from

    def named(self, source: str, at: At | None) -> _Gathered | None:
        """What a name or a path stands for."""
        if source == SETTINGS:
            rules = {rule.id: rule for rule in settings_rules()}
            return _Gathered(rules, dict.fromkeys(rules, True))
        if source in BUILTIN:
            return self._entered(source, builtin_text(source).encode(), source, at)
        if "://" in source:
            self._refuse(at, source, "ruleset-remote", f"{source} is not fetched", "save it beside this ruleset")
            return None
        path = (self.folder / source) if at is not None else FilePath(source)
        if at is not None and not path.resolve().is_relative_to(self.folder):
            self._refuse(
                at, source, "ruleset-outside", f"{source} is outside of {self.folder}", "move it below the first"
            )
            return None
        try:
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            hint = f"name a file, or one of {', '.join([*BUILTIN, SETTINGS])}"
            self._refuse(at, source, "ruleset-missing", f"the ruleset {source} cannot be read: {reason}", hint)
            return None
        return self._entered(str(path), data, str(path), at)

    def _entered(self, key: str, data: bytes, name: str, at: At | None) -> _Gathered | None:
        self.files += 1
        if key in self.active or len(self.active) >= _DEEPEST or self.files > _MOST_FILES:
            circle = " -> ".join([*self.active, key])
            self._refuse(at, key, "ruleset-circle", f"rulesets extend one another: {circle}", "take one of them out")
            return None
        try:
            document = read_document(data, file=name)
        except DocumentError as error:
            self.diagnostics += error.diagnostics
            return None
        self.active.append(key)
        gathered = self._ruleset(document)
        self.active.pop()
        return gathered

    def _refuse(self, at: At | None, source: str, code: str, message: str, hint: str) -> None:
        if at is None:
            self.diagnostics.append(Diagnostic(source, 0, "", code, message, hint))
        else:
            self.diagnostics.append(at.diagnostic(code, message, hint))

    # What stands in one

    def _ruleset(self, document: Document) -> _Gathered:
        gathered, root = _Gathered(), At(document, ())
        value = document.value
        if not isinstance(value, dict):
            self.diagnostics.append(root.diagnostic("ruleset-malformed", "a ruleset is a mapping", "write `rules:`"))
            return gathered
        for key in ("functions", "functionsDir"):
            if value.get(key):
                message = "functions written in JavaScript are not run"
                hint = "say the rule with the functions there are, or write it in Python"
                self.diagnostics.append(root.below(key).diagnostic("ruleset-code", message, hint, "warning"))
        self._extend(value.get("extends"), root, gathered)
        aliases = value.get("aliases")
        gathered.aliases |= aliases if isinstance(aliases, dict) else {}
        formats = _formats(value.get("formats"))
        rules = value.get("rules")
        said_link = value.get("documentationUrl")
        link = said_link if isinstance(said_link, str) else ""
        for name, said in rules.items() if isinstance(rules, dict) else ():
            self._rule(str(name), said, root.below("rules").below(name), gathered, formats, link)
        told = self.diagnostics
        gathered.overrides += read_overrides(value.get("overrides"), root.below("overrides"), told)
        gathered.waivers += read_waivers(value.get("waivers"), root.below("waivers"), told, self.today)
        return gathered

    def _extend(self, value: Any, root: At, gathered: _Gathered) -> None:
        listed = value if isinstance(value, list) else [value] if value else []
        for index, entry in enumerate(listed):
            name, which = (entry, "recommended") if isinstance(entry, str) else (*entry, "recommended")[:2]
            at = root.below("extends") if isinstance(value, str) else root.below("extends").below(index)
            base = self.named(str(name), at)
            if base is None:
                continue
            for id_, rule in base.rules.items():
                gathered.rules[id_] = rule
                gathered.on[id_] = which == "all" or (which != "off" and base.on[id_])
            gathered.aliases |= base.aliases
            gathered.overrides += base.overrides
            gathered.waivers += base.waivers

    def _rule(self, name: str, said: Any, at: At, gathered: _Gathered, formats: frozenset[str], link: str) -> None:
        if isinstance(said, dict) and ("given" in said or "then" in said):
            rule = self._defined(name, said, at, gathered, formats, link)
            if rule is not None:
                gathered.rules[name] = rule
                severity = SAID.get(said.get("severity", "warn"), "warn")
                enabled = said.get("enabled", True) is not False and severity is not None
                gathered.on[name] = enabled and said.get("recommended", True) is not False
            return
        if name not in gathered.rules:
            message = f"no ruleset that this one extends has the rule `{name}`"
            self.diagnostics.append(at.diagnostic("rule-unknown", message, _nearest(name, gathered.rules), "warning"))
            return
        self._changed(name, said, at, gathered)

    def _changed(self, name: str, said: Any, at: At, gathered: _Gathered) -> None:
        """A rule that is there already is put on or off, or gets another severity."""
        said = said.get("severity", True) if isinstance(said, dict) else said
        if said is True:
            gathered.on[name] = True
        elif said is False:
            gathered.on[name] = False
        elif not isinstance(said, str | int) or said not in SAID:
            hint = "write error, warn, info, hint, off, true or false"
            self.diagnostics.append(at.diagnostic("severity-unknown", f"{said!r} is no severity", hint))
        elif (severity := SAID[said]) is None:
            gathered.on[name] = False
        else:
            gathered.on[name] = True
            gathered.rules[name] = replace(gathered.rules[name], severity=severity)

    def _defined(
        self, name: str, said: dict[str, Any], at: At, gathered: _Gathered, formats: frozenset[str], link: str
    ) -> Rule | None:
        before = len(self.diagnostics)
        for key in said:
            if key not in _KNOWN:
                self.diagnostics.append(
                    at.below(key).diagnostic("rule-key-unknown", f"a rule has no `{key}`", _nearest(str(key), _KNOWN))
                )
        severity = said.get("severity", "warn")
        if not isinstance(severity, str | int) or severity not in SAID:
            hint = f"write one of {', '.join(SEVERITIES)}, off"
            self.diagnostics.append(
                at.below("severity").diagnostic("severity-unknown", f"{severity!r} is no severity", hint)
            )
        given = tuple(self._given(said.get("given"), at.below("given"), gathered.aliases))
        then = tuple(self._then(said.get("then"), at.below("then")))
        if len(self.diagnostics) > before or not given or not then:
            if len(self.diagnostics) == before:
                hint = "a rule needs `given`, which places it looks at, and `then`, what holds there"
                self.diagnostics.append(at.diagnostic("rule-incomplete", f"the rule `{name}` says too little", hint))
            return None
        own = said.get("documentationUrl")
        return Rule(
            id=name,
            severity=SAID.get(severity) or "warn",
            given=given,
            then=then,
            description=str(said.get("description") or ""),
            message=str(said.get("message") or ""),
            formats=_formats(said.get("formats")) or formats,
            resolved=said.get("resolved", True) is not False,
            recommended=said.get("recommended", True) is not False,
            link=own if isinstance(own, str) else (f"{link}#{name}" if link else ""),
            hint=str(said.get("hint") or ""),
        )

    def _given(self, value: Any, at: At, aliases: dict[str, Any]) -> Iterator[Path]:
        for index, text in enumerate(value if isinstance(value, list) else [value] if value is not None else []):
            spot = at.below(index) if isinstance(value, list) else at
            if not isinstance(text, str):
                self.diagnostics.append(spot.diagnostic("path-malformed", "a path is text", "write it as $.paths[*]"))
                continue
            for path in self._expanded(text, spot, aliases, 0):
                try:
                    yield compile_path(path)
                except PathError as error:
                    self.diagnostics.append(
                        spot.diagnostic("path-malformed", str(error), "paths are JSONPath: $.paths[*].get")
                    )

    def _expanded(self, text: str, at: At, aliases: dict[str, Any], depth: int) -> Iterator[str]:
        """A path that begins with `#Name` is what the alias says, and the rest behind it."""
        if not text.startswith("#"):
            yield text
            return
        name = re.split(r"[.\[^~]", text[1:], maxsplit=1)[0]
        rest = text[1 + len(name) :]
        if name not in aliases or depth > _DEEPEST:
            self.diagnostics.append(
                at.diagnostic("alias-unknown", f"there is no alias `{name}`", _nearest(name, aliases))
            )
            return
        said = aliases[name]
        targets = said.get("targets") if isinstance(said, dict) else None
        listed = (
            [one for target in targets for one in _texts(target.get("given"))]
            if isinstance(targets, list)
            else _texts(said)
        )
        for one in listed:
            yield from self._expanded(one + rest, at, aliases, depth + 1)

    def _then(self, value: Any, at: At) -> Iterator[Then]:
        for index, said in enumerate(value if isinstance(value, list) else [value] if value is not None else []):
            spot = at.below(index) if isinstance(value, list) else at
            function = said.get("function") if isinstance(said, dict) else None
            if not isinstance(function, str) or function not in FUNCTIONS:
                hint = _nearest(str(function), FUNCTIONS) or f"the functions are {', '.join(sorted(FUNCTIONS))}"
                self.diagnostics.append(spot.diagnostic("function-unknown", f"there is no function `{function}`", hint))
                continue
            options = said.get("functionOptions")
            if self._fits(function, options, spot):
                field_ = said.get("field")
                yield Then(function, FUNCTIONS[function], options or {}, None if field_ is None else str(field_))

    def _fits(self, function: str, options: Any, at: At) -> bool:
        spot = at.below("functionOptions")
        if options is not None and not isinstance(options, dict):
            self.diagnostics.append(
                spot.diagnostic("options-malformed", f"the options of `{function}` are a mapping", "")
            )
            return False
        missing = [name for name in _OPTIONS.get(function, ()) if name not in (options or {})]
        if missing:
            message = f"`{function}` needs {' and '.join(f'`{name}`' for name in missing)}"
            self.diagnostics.append(spot.diagnostic("options-missing", message, "say it under `functionOptions`"))
            return False
        return self._is_sound(function, options or {}, spot)

    def _is_sound(self, function: str, options: dict[str, Any], at: At) -> bool:
        """What can be told before anything is looked at: patterns that cannot be read, casings that are none."""
        from yett.governance.functions.values import CASINGS

        if function == "casing" and options["type"] not in CASINGS:
            hint = f"the casings are {', '.join(CASINGS)}"
            self.diagnostics.append(
                at.below("type").diagnostic("options-malformed", f"{options['type']!r} is no casing", hint)
            )
            return False
        for key in ("match", "notMatch") if function == "pattern" else ():
            if key in options:
                try:
                    pattern_of(str(options[key]))
                except PatternError as error:
                    self.diagnostics.append(
                        at.below(key).diagnostic("pattern-malformed", str(error), "write it as ECMAScript does")
                    )
                    return False
        return True


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str)]


def _formats(value: Any) -> frozenset[str]:
    aliases = {"oas3.0": "oas3_0", "oas3.1": "oas3_1", "oas3.2": "oas3_2", "json-schema-loose": "json-schema"}
    return frozenset(aliases.get(one, one) for one in _texts(value))


def _nearest(name: str, known: Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"did you mean `{close[0]}`?" if close else ""
