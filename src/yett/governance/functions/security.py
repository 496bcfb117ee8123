"""Checks of who may call the operations of a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.governance.functions.operations import operations_of
from yett.governance.rule import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question


def secured(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """Operations of these `methods` must ask for a credential, on their own or with the whole contract."""
    if not isinstance(value, dict):
        return
    for path, operation in operations_of(value.get("paths")):
        if path[1] not in options["methods"]:
            continue
        own = "security" in operation
        listed = operation["security"] if own else value.get("security")
        if not isinstance(listed, list) or not listed:
            yield Problem("no credential is asked for", ("paths", *path, *(("security",) if own else ())))
        elif own and {} in listed:
            yield Problem("a credential may be left out", ("paths", *path, "security", listed.index({})))


def admin_schemes(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """What stands under `/admin` must not be open to the credentials that open the rest."""
    if not isinstance(value, dict):
        return
    shared = _schemes(value.get("security"))
    rest, admin = set(shared), []
    for path, operation in operations_of(value.get("paths")):
        schemes = _schemes(operation.get("security")) if "security" in operation else shared
        if "/admin" in str(path[0]):
            admin.append((path, operation, schemes))
        else:
            rest |= schemes
    for path, operation, schemes in admin:
        at = ("paths", *path, *(("security",) if "security" in operation else ()))
        for name in sorted(schemes & rest):
            yield Problem(f"Admin endpoint {path[0]} has the same security scheme {name} as a non-admin endpoint.", at)


def _schemes(listed: Any) -> set[str]:
    requirements = listed if isinstance(listed, list) else []
    return {str(name) for requirement in requirements if isinstance(requirement, dict) for name in requirement}
