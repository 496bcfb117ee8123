"""The door of the room: a path in, the model and every mistake out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from yett.config.drafts import draft_of
from yett.config.literals import literal_secrets
from yett.config.mistakes import shape_mistakes
from yett.config.references import check_references
from yett.config.sections.access import (
    CollectionShape,
    DutyShape,
    ProfileShape,
    TeamShape,
    UserShape,
    build_collection,
    build_duty,
    build_profile,
    build_team,
    build_user,
)
from yett.config.sections.apis import ApiShape, build_api
from yett.config.sections.apps import AppShape, build_app
from yett.config.sections.base import At, Findings, Shape
from yett.config.sections.callouts import CalloutShape, build_callout
from yett.config.sections.file import FileShape
from yett.config.sections.gateway import GatewayShape, build_gateway
from yett.config.sections.governance import GovernanceShape, build_governance
from yett.config.sections.issuers import IssuerShape, build_issuer
from yett.config.sections.policies import PolicyShape, build_policy
from yett.config.sections.tokens import TokensShape, build_tokens
from yett.config.sources import read_sources
from yett.model.configuration import Configuration, Unread
from yett.model.diagnostic import first_of, in_order
from yett.model.gateway import GatewaySettings
from yett.model.governance import Governance

if TYPE_CHECKING:
    from yett.documents import Document
    from yett.model.diagnostic import Diagnostic
    from yett.model.tokens import TokenSettings

_S = TypeVar("_S", bound=Shape)

# Section -> the shape of one item, and how it becomes the model.
_LISTS: Final[Mapping[str, tuple[type[Shape], Callable[[Any, At], Any]]]] = {
    "apis": (ApiShape, build_api),
    "collections": (CollectionShape, build_collection),
    "profiles": (ProfileShape, build_profile),
    "teams": (TeamShape, build_team),
    "users": (UserShape, build_user),
    "apps": (AppShape, build_app),
    "issuers": (IssuerShape, build_issuer),
    "policies": (PolicyShape, build_policy),
    "duties": (DutyShape, build_duty),
    "callouts": (CalloutShape, build_callout),
}


# What stands in for a required key, so that the rest of an item can still be looked through.
_STAND_INS: Final[Mapping[str, Mapping[str, Any]]] = {"apis": {"upstream": "http://unread.invalid"}}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a path held: as much of the configuration as could be read, and every mistake.

    `configuration` is without the items that hold mistakes, `draft` with what is left of them, in which further ones
    can be found. `files` is all that a change must be watched for; `home` is the folder of the configuration.
    """

    configuration: Configuration
    draft: Configuration
    diagnostics: tuple[Diagnostic, ...]
    unread: Unread
    files: frozenset[str]
    home: str


def load_configuration(path: str) -> Loaded:
    """Read `yett.yaml`, or a folder of such files. Never raises for what is written there."""
    sources = read_sources(path)
    reading = _Reading(Findings(sources.diagnostics, sources.files))
    if sources.diagnostics:
        reading.sections.update(_LISTS)
    for file, document in sources.documents:
        reading.read(document, file)
    configuration, draft, unread = reading.result()
    diagnostics = in_order([*reading.findings.diagnostics, *first_of(check_references(configuration, draft, unread))])
    return Loaded(configuration, draft, diagnostics, unread, frozenset(sources.files), sources.home)


@dataclass(slots=True)
class _Reading:
    """The model while it grows, file by file."""

    findings: Findings
    gateway: GatewaySettings = GatewaySettings()
    tokens: TokenSettings | None = None
    governance: Governance = Governance()
    items: dict[str, list[Any]] = field(default_factory=lambda: {section: [] for section in _LISTS})
    drafts: dict[str, list[Any]] = field(default_factory=lambda: {section: [] for section in _LISTS})
    names: dict[str, set[str]] = field(default_factory=lambda: {section: set() for section in _LISTS})
    sections: set[str] = field(default_factory=set)

    def result(self) -> tuple[Configuration, Configuration, Unread]:
        """What has been read, the same with what is left of items with mistakes, and what could not be read."""
        items = {section: tuple(built) for section, built in self.items.items()}
        all_items = {section: (*built, *self.drafts[section]) for section, built in items.items()}
        names = {section: frozenset(names) for section, names in self.names.items()}
        unread = Unread(names, frozenset(self.sections))
        return self._configuration(items), self._configuration(all_items), unread

    def _configuration(self, items: Mapping[str, Any]) -> Configuration:
        return Configuration(gateway=self.gateway, tokens=self.tokens, governance=self.governance, **items)

    def read(self, document: Document, file: str) -> None:
        """Take in one file: all of it, or, where it holds mistakes, whatever items are without."""
        at = At(document, file, self.findings)
        self.findings.diagnostics.extend(first_of(literal_secrets(document, file)))
        try:
            shape = FileShape.model_validate(document.value)
        except ValidationError as error:
            self.findings.diagnostics.extend(first_of(shape_mistakes(error, document, file)))
            self._read_what_fits(document.value, at)
            return
        self._build_gateway(shape.gateway, at / "gateway")
        self._build_tokens(shape.tokens, at / "tokens")
        self._build_governance(shape.governance, at / "governance")
        for section, (_, build) in _LISTS.items():
            for index, item in enumerate(getattr(shape, section)):
                self.items[section].append(build(item, at / section / index))

    def _read_what_fits(self, value: Any, at: At) -> None:
        if not isinstance(value, dict):
            self.sections.update(_LISTS)
            return
        self._read_what_fits_once(value, at)
        for section, (shape, build) in _LISTS.items():
            entries = value.get(section, [])
            if not isinstance(entries, list):
                self.sections.add(section)
                continue
            for index, entry in enumerate(entries):
                spot = at / section / index
                if (item := _fitting(shape, entry)) is not None:
                    self.items[section].append(build(item, spot))
                    continue
                self._note_unread(section, entry)
                if (draft := draft_of(shape, entry, _STAND_INS.get(section, {}))) is not None:
                    self.drafts[section].append(build(draft.shape, spot.without(draft.kept)))

    def _read_what_fits_once(self, value: dict[str, Any], at: At) -> None:
        """The sections that stand in one file only."""
        if (gateway := draft_of(GatewayShape, value.get("gateway"), {})) is not None:
            self._build_gateway(gateway.shape, (at / "gateway").without(gateway.kept))
        if (tokens := draft_of(TokensShape, value.get("tokens"), {})) is not None:
            self._build_tokens(tokens.shape, (at / "tokens").without(tokens.kept))
        elif value.get("tokens") is not None:
            self.sections.add("tokens")
        if (governance := draft_of(GovernanceShape, value.get("governance"), {})) is not None:
            self._build_governance(governance.shape, (at / "governance").without(governance.kept))

    def _note_unread(self, section: str, entry: Any) -> None:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str):
            self.names[section].add(name)
        else:
            self.sections.add(section)

    def _build_gateway(self, shape: GatewayShape | None, at: At) -> None:
        if shape is None:
            return
        if self.gateway.place.file:
            at.report("duplicate-section", "`gateway` is described twice", f"first described at {self.gateway.place}")
            return
        self.gateway = build_gateway(shape, at)

    def _build_tokens(self, shape: TokensShape | None, at: At) -> None:
        if shape is None:
            return
        if self.tokens is not None:
            at.report("duplicate-section", "`tokens` is described twice", f"first described at {self.tokens.place}")
            return
        self.tokens = build_tokens(shape, at)

    def _build_governance(self, shape: GovernanceShape | None, at: At) -> None:
        if shape is None:
            return
        if self.governance.place.file:
            hint = f"first described at {self.governance.place}"
            at.report("duplicate-section", "`governance` is described twice", hint)
            return
        self.governance = build_governance(shape, at)


def _fitting(shape: type[_S], value: Any) -> _S | None:
    """`value` as `shape`, or `None` where it does not fit; what is wrong has been said already."""
    try:
        return shape.model_validate(value)
    except ValidationError:
        return None
