"""Putting controls on traffic, and ending them. Running gateways take them up at once, later ones when they start."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from yett.errors import ConfigurationError, SnapshotRefusedError, YettError
from yett.gateway import decide
from yett.model.control import Control, ControlMode, ControlScope
from yett.model.diagnostic import Diagnostic
from yett.model.suggestion import did_you_mean
from yett.services.assembly import Assembly, assemble
from yett.store import ControlStore, Database

Clock = Callable[[], float]

_PLACES: Final = ("path", "query", "header", "cookie", "body")
_FIELDS: Final = {
    "present": None,
    "absent": None,
    "equals": "value",
    "contains": "value",
    "starts-with": "value",
    "longer": "bytes",
    "above": "number",
    "matches": "pattern",
}


def put_control(
    path: str,
    environment: Mapping[str, str],
    action: Mapping[str, Any],
    scope: ControlScope,
    *,
    author: str,
    reason: str,
    lasts_s: int,
    evidence: Sequence[str] = (),
    mode: ControlMode = "enforce",
    clock: Clock = time.time,
) -> Control:
    """Put a control in force for `lasts_s` seconds.

    Raises `ConfigurationError` with everything that is wrong with it, or with the configuration at `path`.
    """
    assembly, now = _assembled(path, environment), int(clock())
    control = Control(
        id=f"control-{secrets.token_hex(4)}",
        action=action,
        scope=scope,
        author=author,
        reason=reason,
        made_at=now,
        expires_at=now + lasts_s,
        evidence=tuple(evidence),
        mode=mode,
    )
    mistakes = [*_unknown(assembly, scope), *_refused(assembly, control)]
    if mistakes:
        raise ConfigurationError(mistakes)
    with _store(assembly) as store:
        store.keep(control)
    return control


def end_control(
    path: str, environment: Mapping[str, str], control: str, *, author: str, clock: Clock = time.time
) -> None:
    """End a control before its time. Raises `YettError` where none of that id is in force."""
    now = int(clock())
    with _store(_assembled(path, environment)) as store:
        if not store.end(control, by=author, now=now):
            hint = did_you_mean(control, [one.id for one in store.in_force(now=now)])
            raise YettError(f"no control `{control}` is in force", code="control-unknown", hint=hint)


def controls(
    path: str, environment: Mapping[str, str], *, past: bool = False, clock: Clock = time.time
) -> list[Control]:
    """The controls in force; with `past`, those that ended too, as far as they are remembered."""
    with _store(_assembled(path, environment)) as store:
        return store.changed() if past else store.in_force(now=int(clock()))


def controls_in_store(path: str) -> list[Control]:
    """The controls kept in the store at `path`, ended ones left out. No store, no controls. Raises `StoreError`."""
    if not Path(path).exists():
        return []
    database = Database.open(Path(path))
    try:
        return [one for one in ControlStore(database).changed() if one.ended_at is None]
    finally:
        database.close()


def control_change(control: Control) -> dict[str, Any]:
    """The change that puts a control in force, or ends it."""
    if control.ended_at is not None:
        return {"change": "end-control", "id": control.id}
    return {"change": "put-control", "control": control.as_document()}


def parse_condition(text: str) -> dict[str, Any]:
    """A condition of a virtual patch, written `query:page above 100` or `body:/items/*/id contains x`.

    Raises `YettError` with the code `condition-invalid`.
    """
    head, _, rest = text.strip().partition(" ")
    place, _, name = head.partition(":")
    test, _, value = rest.strip().partition(" ")
    field = _FIELDS.get(test)
    if place not in _PLACES or test not in _FIELDS or (field is None) == bool(value):
        hint = "write `query:page above 100`, `body:/items/*/id contains x`, `header:x-debug present`"
        raise YettError(f"`{text}` is no condition: a place, a test and a value", code="condition-invalid", hint=hint)
    condition: dict[str, Any] = {"in": place, "test": {"is": test}}
    if name:
        condition["name"] = name
    if field is not None:
        condition["test"][field] = _number(text, value) if field in ("bytes", "number") else value
    return condition


def _number(text: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise YettError(
            f"`{text}` compares with a whole number, and `{value}` is none", code="condition-invalid"
        ) from None


def _unknown(assembly: Assembly, scope: ControlScope) -> Iterator[Diagnostic]:
    """What the scope names and the configuration does not have: it would stop nobody."""
    configuration = assembly.configuration
    contracts = assembly.contracts
    operations = [f"{api}:{one.operation_id}" for api in contracts for one in contracts[api].operations]
    known = (
        ("operation", scope.operations, operations),
        ("API", scope.apis, [one.name for one in configuration.apis]),
        ("app", scope.apps, [one.name for one in configuration.apps]),
    )
    for kind, names, there in known:
        for name in names:
            if name not in there:
                code = f"{kind.lower()}-unknown"
                yield _mistake("scope", code, f"there is no {kind} `{name}`", did_you_mean(name, there))


def _refused(assembly: Assembly, control: Control) -> Sequence[Diagnostic]:
    """What the engine finds wrong with it."""
    try:
        decide(assembly.snapshot(), [], assembly.pepper.secret, [control_change(control)])
    except SnapshotRefusedError as error:
        return [
            _mistake(one.pointer.removeprefix("/changes/0/control/"), one.code, one.message, one.hint)
            for one in error.diagnostics
        ]
    return []


def _mistake(pointer: str, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic("control", 0, pointer, code, message, hint)


def _assembled(path: str, environment: Mapping[str, str]) -> Assembly:
    assembly = assemble(path, environment, need_secrets=False)
    if not assembly.sound:
        raise ConfigurationError(assembly.diagnostics)
    return assembly


@contextmanager
def _store(assembly: Assembly) -> Iterator[ControlStore]:
    database = Database.open(Path(assembly.store))
    try:
        yield ControlStore(database)
    finally:
        database.close()
