"""A configuration under rules: what it says, the contracts it names, and who may call what by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from yett.governance.lint import severity_at, waived
from yett.governance.rule import SEVERITIES, Finding, Severity

if TYPE_CHECKING:
    from yett.access.effective import Access
    from yett.access.principals import Principal
    from yett.contract import Contract, Operation
    from yett.governance.ruleset import Ruleset
    from yett.model.api import Api, OperationSettings
    from yett.model.configuration import Configuration
    from yett.model.place import Place


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration without mistakes, its contracts by API, its effective access and callers, at the Unix second."""

    configuration: Configuration
    contracts: Mapping[str, Contract]
    access: Access
    callers: tuple[Principal, ...]
    now: int

    def operations(self) -> Iterator[tuple[Api, Operation, OperationSettings | None]]:
        """Every operation with its API, and what the API says of it beside the contract."""
        for api in self.configuration.apis:
            own = {one.operation_id: one for one in api.operations}
            for operation in self.contracts[api.name].operations:
                yield api, operation, own.get(operation.operation_id)

    def public(self) -> Iterator[tuple[Api, Operation, Place]]:
        """Every operation that is open to callers without a credential, and where that is said."""
        for api, operation, own in self.operations():
            if own is not None and own.public is not None:
                if own.public:
                    yield api, operation, own.place
            elif api.identify.public or api.identify.anonymous:
                yield api, operation, api.place

    def modes(self) -> Iterator[tuple[Api, str, str]]:
        """Every guard of every API, as `contract` or `contract.responses`, with its mode."""
        for api in self.configuration.apis:
            for guard in fields(api.guards):
                settings = getattr(api.guards, guard.name)
                for name in ("mode", "responses"):
                    mode = getattr(settings, name, None)
                    if isinstance(mode, str):
                        yield api, guard.name if name == "mode" else f"{guard.name}.{name}", mode


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a rule finds in a configuration, and where it stands."""

    place: Place
    message: str


Look = Callable[[Settings], Iterator[Remark]]
"""What a rule does: it looks at a configuration and tells what it finds."""


@dataclass(frozen=True, slots=True)
class SettingsRule:
    """A rule over configurations, telling all about itself.

    `why` says what it is good for, `fix` how to mend what it finds. `good` and `bad` are parts of a configuration, in
    YAML: the rule finds nothing in the first, and something in the second.
    """

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    good: str
    bad: str
    look: Look


def examine_settings(settings: Settings, ruleset: Ruleset, *, today: date | None = None) -> tuple[Finding, ...]:
    """Hold a configuration against the rules over configurations in a ruleset: findings by place, each once."""
    today = today or datetime.now(UTC).date()
    found: dict[Any, Finding] = {}
    for rule in ruleset.rules.values():
        for remark in rule.look(settings) if rule.look else ():
            place = remark.place
            severity = severity_at(rule, place.file, place.pointer, ruleset.overrides)
            if severity is None:
                continue
            finding = Finding(
                rule.id, severity, remark.message, place.file, place.line, place.pointer, hint=rule.hint, link=rule.link
            )
            finding = replace(finding, waived=waived(finding, ruleset.waivers, today))
            found.setdefault((rule.id, place.pointer, remark.message), finding)
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.line, order[one.severity], one.rule)))
