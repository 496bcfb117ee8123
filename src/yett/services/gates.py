"""Gates: what a configuration's rules on publishing say of it. The command line and programs get the same verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett.access.principals import callers
from yett.contract.diff import Comparison, compare_contracts
from yett.contract.diff.versions import judge_version
from yett.documents import DocumentError
from yett.errors import ConfigurationError
from yett.governance.gates import GateVerdict, Step, is_asked, judge_changes, judge_findings, step_of
from yett.governance.lint import lint
from yett.governance.ruleset import Ruleset, load_ruleset
from yett.governance.settings import Settings, examine_settings
from yett.model.diagnostic import has_errors
from yett.services.access import Scene, read_scene
from yett.services.assembly import assemble
from yett.services.lint import read_contract
from yett.services.published import published_in

if TYPE_CHECKING:
    from yett.governance.rule import Finding
    from yett.model.api import Api
    from yett.model.governance import Gate

__all__ = ["ApiStep", "GateVerdict", "Judgement", "judge"]


@dataclass(frozen=True, slots=True)
class ApiStep:
    """An API on its way: the step it is at, the version and digest of its contract, and the version before."""

    api: str
    step: Step
    version: str
    digest: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where every API is, and what every gate that is asked says."""

    apis: tuple[ApiStep, ...]
    verdicts: tuple[GateVerdict, ...]

    @property
    def blocked(self) -> bool:
        """Whether anything keeps the configuration from being published."""
        return any(one.outcome == "block" for one in self.verdicts)

    def as_document(self) -> dict[str, Any]:
        """The judgement as plain data."""
        return {
            "blocked": self.blocked,
            "apis": [asdict(one) for one in self.apis],
            "verdicts": [verdict_document(one) for one in self.verdicts],
        }


def verdict_document(verdict: GateVerdict) -> dict[str, Any]:
    """A verdict as plain data."""
    gate = verdict.gate
    asked = {"ruleset": gate.ruleset, "from": gate.least} if gate.ruleset else {"changes": gate.changes}
    found = [
        {"rule": one.rule, "severity": one.severity, "message": one.message, "file": one.file, "line": one.line,
         "pointer": one.pointer, "waived": one.waived}
        for one in verdict.findings
    ]  # fmt: skip
    return {
        "gate": {"on": gate.on, **asked, "then": gate.then},
        "api": verdict.api or None,
        "outcome": verdict.outcome,
        "message": verdict.message,
        "todo": verdict.todo,
        "findings": found,
        "changes": list(verdict.changes),
    }


def judge(path: str, environment: Mapping[str, str], *, against: str | None = None) -> Judgement:
    """Judge the configuration at `path`, against what was published last or the configuration at `against`.

    Raises `ConfigurationError` for mistakes in either of them, or in a ruleset that a gate names.
    """
    scene = read_scene(path, environment)
    return judge_scene(scene, _Before.of_configuration(against, environment) if against else _Before.of_store(scene))


def judge_scene(scene: Scene, before: _Before | None = None) -> Judgement:
    """Judge what was read already."""
    before = before or _Before.of_store(scene)
    configuration, contracts = scene.assembly.configuration, scene.assembly.contracts
    apis = tuple(
        ApiStep(
            api.name,
            step_of(contracts[api.name].digest, before.digests.get(api.name)),
            contracts[api.name].version,
            contracts[api.name].digest,
            before.versions.get(api.name),
        )
        for api in configuration.apis
    )
    return Judgement(apis, tuple(_Judge(scene, before, apis).verdicts()))


@dataclass(frozen=True, slots=True)
class _Before:
    """What an API was before: digests and versions by API, and its contract as a document or a file."""

    digests: Mapping[str, str]
    versions: Mapping[str, str]
    texts: Mapping[str, str]
    files: Mapping[str, Api]

    @classmethod
    def of_store(cls, scene: Scene) -> _Before:
        latest = published_in(scene.assembly.store)
        return cls(
            {name: one.digest for name, one in latest.items()},
            {name: one.version for name, one in latest.items()},
            {name: one.contract for name, one in latest.items()},
            {},
        )

    @classmethod
    def of_configuration(cls, path: str, environment: Mapping[str, str]) -> _Before:
        assembly = assemble(path, environment, need_secrets=False)
        if not assembly.sound:
            raise ConfigurationError(assembly.diagnostics)
        contracts = assembly.contracts
        return cls(
            {name: one.digest for name, one in contracts.items()},
            {name: one.version for name, one in contracts.items()},
            {},
            {one.name: one for one in assembly.configuration.apis},
        )

    @contextmanager
    def contract(self, api: str) -> Iterator[tuple[Path, list[Path]]]:
        """The file of an API's contract as it was, and the folders its parts may be in, until the block ends."""
        if api in self.files:
            yield Path(self.files[api].contract), _folders(self.files[api])
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "published.json"
            path.write_text(self.texts[api], encoding="utf-8")
            yield path, []


class _Judge:
    def __init__(self, scene: Scene, before: _Before, apis: tuple[ApiStep, ...]) -> None:
        self.scene, self.before, self.apis = scene, before, apis
        self.configuration = scene.assembly.configuration
        self.of_name = {one.name: one for one in self.configuration.apis}
        self.rules = cache(load_ruleset)
        self.changes = cache(self._compare)

    def verdicts(self) -> Iterator[GateVerdict]:
        for gate in self.configuration.governance.gates:
            asked = [one for one in self.apis if is_asked(gate, one.step)]
            if gate.changes is not None:
                yield from (self._of_changes(gate, one) for one in asked if one.step == "update")
            elif gate.ruleset is not None and asked:
                rules = self.rules(gate.ruleset)
                yield from (judge_findings(gate, one.api, self._of_contract(one.api, rules)) for one in asked)
                if any(rule.look for rule in rules.rules.values()):
                    yield judge_findings(gate, "", self._of_settings(rules))

    def _of_contract(self, api: str, rules: Ruleset) -> tuple[Finding, ...]:
        try:
            return lint(read_contract(self.of_name[api].contract), rules)
        except DocumentError as error:
            raise ConfigurationError(error.diagnostics) from None

    def _of_settings(self, rules: Ruleset) -> tuple[Finding, ...]:
        scene = self.scene
        everybody = callers(self.configuration)
        settings = Settings(self.configuration, scene.assembly.contracts, scene.access, everybody, scene.now)
        return examine_settings(settings, rules)

    def _of_changes(self, gate: Gate, one: ApiStep) -> GateVerdict:
        comparison = self.changes(one.api)
        return judge_changes(gate, one.api, comparison, judge_version(comparison))

    def _compare(self, api: str) -> Comparison:
        now = self.of_name[api]
        with self.before.contract(api) as (old, folders):
            comparison = compare_contracts(old, Path(now.contract), allow=[*folders, *_folders(now)])
        if has_errors(comparison.diagnostics):
            raise ConfigurationError(comparison.diagnostics)
        return comparison


def _folders(api: Api) -> list[Path]:
    return [Path(one) for one in api.contract_folders]
