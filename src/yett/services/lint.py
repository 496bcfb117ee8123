"""Hold contracts, and configurations with the contracts they name, against a ruleset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.access.principals import callers
from yett.documents import DocumentError, read_document
from yett.errors import ConfigurationError
from yett.governance.lint import lint
from yett.governance.reports import REPORTS
from yett.governance.rule import SEVERITIES, Finding
from yett.governance.ruleset import load_ruleset
from yett.governance.settings import Settings, examine_settings
from yett.model.diagnostic import Diagnostic, has_errors
from yett.services.access import read_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yett.documents import Document
    from yett.governance.ruleset import Ruleset

__all__ = ["SEVERITIES", "Finding", "Verdict", "lint_files"]

_RANK: Final[dict[str, int]] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules found in all files, and what is wrong with the ruleset or a file itself."""

    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]
    rules: int

    @property
    def is_usable(self) -> bool:
        """Whether the ruleset and the files could be read."""
        return not has_errors(self.diagnostics)

    def reaches(self, severity: str) -> bool:
        """Whether anything that nobody has waived is as bad as `severity`, or worse."""
        return any(_RANK[one.severity] <= _RANK[severity] for one in self.findings if not one.waived)

    def report(self, form: str) -> str:
        """The report of that name: `json`, `sarif`, `junit`, `html` or `github`."""
        return REPORTS[form](self.findings)


def lint_files(paths: Sequence[str], ruleset: str, environment: Mapping[str, str]) -> Verdict:
    """Hold contracts and configurations at `paths` against a ruleset, given by name or by path.

    A configuration is a folder, or a file that begins with `yett:`; the contracts that it names are held against the
    ruleset, too, once each.
    """
    rules = load_ruleset(ruleset)
    diagnostics = list(rules.diagnostics)
    findings: dict[Finding, None] = {}
    for path in paths if not has_errors(diagnostics) else ():
        try:
            findings |= dict.fromkeys(_lint(path, rules, environment))
        except (DocumentError, ConfigurationError) as error:
            diagnostics += error.diagnostics
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = f"it cannot be read: {reason}"
            diagnostics.append(Diagnostic(path, 0, "", "file-unreadable", message, "check the path"))
    return Verdict(tuple(findings), tuple(diagnostics), len(rules.rules))


def _lint(path: str, rules: Ruleset, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the rules find in the contract or configuration at `path`."""
    if not _is_configuration(path):
        yield from lint(read_contract(path), rules)
        return
    scene = read_scene(path, environment)
    configuration = scene.assembly.configuration
    everybody = callers(configuration)
    settings = Settings(configuration, scene.assembly.contracts, scene.access, everybody, scene.now)
    yield from examine_settings(settings, rules)
    for contract in dict.fromkeys(api.contract for api in configuration.apis):
        yield from lint(read_contract(contract), rules)


def _is_configuration(path: str) -> bool:
    if Path(path).is_dir():
        return True
    value = read_document(Path(path).read_bytes(), file=path).value
    return isinstance(value, dict) and "yett" in value


def read_contract(path: str) -> Document:
    """The document at `path`, which says that it is a contract.

    Raises `DocumentError` where it does not: rules find nothing in an empty file, and that must not pass for good.
    """
    document = read_document(Path(path).read_bytes(), file=path)
    if not isinstance(document.value, dict) or not {"openapi", "swagger"} & document.value.keys():
        message = "this is no contract: it names no version of OpenAPI"
        raise DocumentError((Diagnostic(path, 1, "", "contract-unknown", message, "begin it with `openapi: 3.1.0`"),))
    return document
